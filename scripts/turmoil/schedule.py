"""Random schedules of faults: whatever happens upstream, the invariants hold.

the client gets one valid answer of its dialect, or its home's bytes, never pieces of two
what looks finished is whole; what is not whole says so
its home gets its own bytes, or nothing, and at most once
a forced request never reaches its home
"""

from dataclasses import dataclass
from random import Random

from turmoil.asking import DIALECTS, BreachError, Got, outcome
from turmoil.world import HOMES_TEXT, OURS, Case, World
from turnout.demo.faults import Fault, Kind
from turnout.demo.seen import Seen

KINDS: tuple[Kind, ...] = (
    "status", "reset", "close", "cut", "eof", "error_event", "malformed", "html", "empty",
    "wrong_length", "unstreamed", "no_http", "informational", "trailers", "drip", "giant",
)  # fmt: skip
SLOW: tuple[Kind, ...] = ("slow_headers", "stall")
STATUSES = (
    301,
    307,
    400,
    401,
    402,
    403,
    404,
    408,
    409,
    413,
    418,
    422,
    425,
    429,
    451,
    500,
    502,
    503,
    504,
    520,
    529,
)
SLOW_SHARE, SLOW_S = 0.02, 2.0  # longer than the watchdogs in haste wait; the home is waited for
GARBLED = frozenset({"malformed"})  # of one's own dialect it passes as it is


def fault(random: Random) -> Fault | None:
    if random.random() < 0.15:
        return None
    kind = random.choice(SLOW if random.random() < SLOW_SHARE else KINDS)
    status = random.choice(STATUSES)
    headers = {"location": "https://x.example"} if status < 400 else {}
    if random.random() < 0.3:
        headers["retry-after"] = random.choice(("0", "1", "3600", "soon"))
    if kind == "cut" and random.random() < 0.7:
        return Fault(kind, size=random.randrange(0, 3000))
    size = {"drip": random.choice((1, 3, 100)), "giant": random.randrange(1, 1 << 21)}.get(kind)
    seconds = {"seconds": SLOW_S} if kind in SLOW else {}
    events = random.randrange(0, 9)
    return Fault(kind, status=status, headers=headers, events=events, size=size, **seconds)


def case(random: Random) -> Case:
    targets = tuple(random.choice(DIALECTS) for _ in range(random.randint(1, 3)))
    return Case(
        client=random.choice(DIALECTS),
        targets=targets,
        stream=random.random() < 0.7,
        forced=random.random() < 0.3,
        faults=tuple(fault(random) for _ in targets),
        home_fault=fault(random) if random.random() < 0.2 else None,
        leave_after=random.randrange(0, 3000) if random.random() < 0.1 else None,
    )


@dataclass(frozen=True, slots=True)
class Breach:
    case: Case
    why: str


async def run(world: World, one: Case) -> tuple[str, Breach | None]:
    """What the client saw, and what was wrong with it."""
    try:
        got, sent, home = await world.ask(one)
        return check(one, got, sent, home), None
    except BreachError as e:
        return "breach", Breach(one, str(e))


def check(one: Case, got: Got, sent: bytes, home: Seen | None) -> str:
    """Raises BreachError."""
    if home and one.forced:
        raise BreachError("a forced request reached its home")
    if home and home.body != sent:
        raise BreachError("its home got other bytes than it sent")
    if one.leave_after is not None:
        return "left"
    if home and _is_homes(got, home):
        return "home's bytes"
    if one.client in one.targets and any(f and f.kind in GARBLED for f in one.faults):
        return "garbled" if not got.lost else "lost"
    return outcome(got, OURS, HOMES_TEXT)


def _is_homes(got: Got, home: Seen) -> bool:
    """Its bytes as they came, for better or worse, also when they break off."""
    came = home.sent.body
    return got.body == came or bool(got.lost and came.startswith(got.body))
