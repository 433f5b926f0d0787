"""What is known of a conversation before a request and learned after it, over a real store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decided import decision
from route.models import binding, price
from session.test_pins import Clock
from turnout import record
from turnout.account import Meter
from turnout.books import Passed
from turnout.record import Outcome, Tried
from turnout.route.model import Binding, Model
from turnout.session.identity import Who
from turnout.session.pins import Pin
from turnout.session.place import Place
from turnout.sessions import Sessions
from turnout.store import Store
from turnout.trip import Arrival, Attempt, Plan
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Usage
from turnout.wire.request import Ask

ASK = Ask(
    dialect="anthropic",
    model="big",
    system="You help.",
    first_human="Fix it.",
    messages=3,
    input_tokens=20_000,
    cache_ttl="5m",
)
WHO = Who("s1", "claude-code", "")
CACHED = price("5", "25", cache_read="0.5", cache_write_5m="6.25")
BIG = replace(binding(Model(id="big", cache="explicit", context_window=200_000)), price=CACHED)
SMALL = binding("small", "q", dollars="0.3")
KNOWN = {("a", "big"): BIG, ("q", "small"): SMALL}
USAGE = Usage(fresh_input=10, cache_read=0, cache_write_5m=24_000, output=300)
HOME = Tried(provider="a", model="", status=529, error="status 529")


def find(provider: str, model: str) -> Binding | None:
    return KNOWN.get((provider, model))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "turnout.db") as log:
        log.flush(10)
        yield log


@pytest.fixture
def sessions(store: Store, clock: Clock) -> Sessions:
    return Sessions(store, clock, find)


def attempt(provider: str = "a", model: str = "big") -> Attempt:
    dialect = DIALECTS["anthropic"]
    return Attempt(provider=provider, model=model, url="", headers=(), body=b"", dialect=dialect)


def planned(sessions: Sessions, ask: Ask = ASK, at: float = 1_000_000.0, **facts: Any) -> Plan:
    facts = {"provider": "a", "model": "big", "requested_model": "big", **facts}
    place = sessions.place(ask, WHO, "main")
    plan = Plan(
        decision=decision(at=at, **facts),
        arrival=Arrival(method="POST", url="", path="", headers=(), raw=b"", home="a"),
        ask=ask,
        dialect=DIALECTS["anthropic"],
        body=b"",
        attempts=iter(()),
        home=attempt(model=""),
        request=lambda: pytest.fail("nobody asks"),
        pin=place.key,
        place=place,
    )
    sessions.keep(plan)
    return plan


def passed(usage: Usage | None = USAGE, by: Attempt | None = None, **facts: Any) -> Passed:
    meter = Meter()
    meter.usage = usage
    return Passed(meter=meter, began=0.0, **{"attempt": by or attempt(), "status": 200, **facts})


def pin(sessions: Sessions) -> Pin | None:
    return sessions.place(ASK, WHO, "main").pin


def traffic(sessions: Sessions, ask: Ask) -> tuple[float, float, float]:
    """T, d, and what the pinned binding's cache holds."""
    place: Place = sessions.place(ask, WHO, "tool_result")
    outlook = sessions.outlook(ask, place, "claude-code", "tool_result", 1_000_000.0)
    return outlook.traffic.prefix, outlook.traffic.new, outlook.side(BIG).cached


def test_c48_no_pin_then_one(sessions: Sessions) -> None:
    assert pin(sessions) is None
    planned(sessions)
    found = pin(sessions)
    assert found
    assert (found.binding, found.asked, found.session) == (("a", "big"), "big", "s1")


def test_usage_is_learned_and_a_restart_keeps_it(
    sessions: Sessions, store: Store, clock: Clock
) -> None:
    sessions.learn(planned(sessions), passed())
    before = pin(sessions)
    assert before and before.holds("a", "big", before.caches[0].prefix, clock.now) == 24_000
    sessions.pins.force("s2", "q", "small")
    store.flush(10)
    again = Sessions(store, clock, find)
    assert pin(again) == before
    by_hand = again.pins.by_hand("s2")
    assert by_hand and by_hand.model == "small"


def test_the_next_step_is_weighed_on_what_was_seen(sessions: Sessions) -> None:
    """The estimate said 20,000, the provider counted 24,010: 21,000 is about 25,210."""
    sessions.learn(planned(sessions), passed())
    prefix, new, cached = traffic(sessions, replace(ASK, messages=5, input_tokens=21_000))
    assert (prefix, cached) == (24_010, 24_000)
    assert new == pytest.approx(24_010 * 21 / 20 - 24_010)


def test_c53_a_trimmed_history_is_cold(sessions: Sessions) -> None:
    sessions.learn(planned(sessions), passed())
    trimmed = replace(ASK, messages=2, input_tokens=5_000)
    _, _, cached = traffic(sessions, trimmed)
    assert cached == 0
    compacted = replace(ASK, first_human="This session is continued", messages=1)
    assert traffic(sessions, compacted) == (0, 20_000, 0)


def test_the_marks_that_were_asked_for_set_the_premium(sessions: Sessions) -> None:
    """What is marked costs the write rate of its TTL; unmarked it is plain input."""
    rates = {}
    for ttl in ("5m", None):
        ask = replace(ASK, cache_ttl=ttl)  # type: ignore[arg-type]
        place = sessions.place(ask, WHO, "main")
        side = sessions.outlook(ask, place, "x", "main", 0.0).side(BIG)
        assert side.tariff
        rates[ttl] = (side.tariff.read * 1e6, side.tariff.write * 1e6)
    assert rates["5m"] == pytest.approx((0.5, 6.25))
    assert rates[None] == pytest.approx((5, 5))


LIES = [None, Usage(), Usage(fresh_input=-5, output=3), Usage(cache_read=10**9)]


@pytest.mark.parametrize("usage", LIES, ids=["none", "zero", "negative", "beyond the window"])
def test_usage_that_lies_teaches_nothing(sessions: Sessions, usage: Usage | None) -> None:
    sessions.learn(planned(sessions), passed(usage))
    found = pin(sessions)
    assert found and found.caches == ()


def test_a_failover_moves_the_pin(sessions: Sessions) -> None:
    plan = planned(sessions, provider="q", model="small")
    sessions.learn(plan, passed(by=attempt(model="")))
    found = pin(sessions)
    assert found and found.binding == ("a", "big"), "the client's own request was answered at home"


REFUSED = Tried(provider="q", model="small", status=400, error="status 400")


@pytest.mark.parametrize("by", [attempt(model=""), None], ids=["rescued", "not rescued"])
def test_c59_a_refused_schema_clears_the_pin(sessions: Sessions, by: Attempt | None) -> None:
    plan = planned(sessions, provider="q", model="small")
    sessions.learn(plan, passed(by=by, tried=(REFUSED,)))
    assert pin(sessions) is None


def overload(provider: str, model: str) -> Tried:
    return Tried(provider=provider, model=model, status=529, error="status 529")


WRONG = "malformed tool call: not_json"
MALFORMED: dict[str, tuple[Passed, frozenset[str]]] = {
    "another one answered": (
        passed(tried=(Tried(provider="q", model="small", status=200, error=WRONG),)),
        frozenset({"q/small"}),
    ),
    "it went out": (
        passed(by=attempt("q", "small"), malformed=("Bash: not_json",)),
        frozenset({"q/small"}),
    ),
    "nothing stands in for what was asked": (passed(malformed=("Bash: not_json",)), frozenset()),
    "mended": (passed(by=attempt("q", "small"), mended=("Bash: json_repaired",)), frozenset()),
}


@pytest.mark.parametrize(("came", "disabled"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_calls_again_and_the_session_leaves(
    sessions: Sessions, came: Passed, disabled: frozenset[str]
) -> None:
    for expected in (frozenset(), disabled):
        sessions.learn(planned(sessions), came)
        found = pin(sessions)
        assert found and found.disabled == expected


OVERLOADS: dict[str, tuple[tuple[Tried, ...], frozenset[str]]] = {
    "c60 twice": ((overload("q", "small"),), frozenset({"q"})),
    "c60 many tries in one action are one": ((overload("q", "small"),) * 9, frozenset({"q"})),
    "c60 not the requested model at home": ((overload("a", "big"), HOME), frozenset()),
    "c60 another error is none": ((REFUSED,), frozenset()),
}


@pytest.mark.parametrize(("tried", "disabled"), OVERLOADS.values(), ids=OVERLOADS)
def test_c60_overloads(
    sessions: Sessions, tried: tuple[Tried, ...], disabled: frozenset[str]
) -> None:
    for expected in (frozenset(), disabled):
        sessions.learn(planned(sessions), passed(tried=tried))
        found = pin(sessions)
        assert found and found.disabled == expected


def test_titles_see_no_pin_and_compactions_only_look(sessions: Sessions) -> None:
    planned(sessions)
    assert sessions.place(ASK, WHO, "title").pin is None
    assert sessions.place(ASK, WHO, "compaction").pin
    place = sessions.place(ASK, WHO, "compaction")
    assert sessions.outlook(ASK, place, "claude-code", "compaction", 0.0).steps == 1


def test_c91_the_horizon_is_learned_from_the_log(
    sessions: Sessions, store: Store, clock: Clock
) -> None:
    for number in range(600):
        made = decision(
            id=f"id{number:06}", at=clock.now - 90_000, session=f"one step {number}", client="llm"
        )
        store.add(record.row(made, Outcome()))
    store.flush(10)
    before = sessions.horizon.left("llm", "main", 1)
    sessions.study().join()
    assert sessions.horizon.left("llm", "main", 1) < 1.15 < before


def test_a_history_edited_in_the_middle_shows_in_the_bill(sessions: Sessions) -> None:
    """Its beginning and its length are as before: the pin holds, and promises less from then on."""
    sessions.learn(planned(sessions), passed())
    longer = replace(ASK, messages=5, input_tokens=21_000)
    cut = Usage(fresh_input=10, cache_read=4_000, cache_write_5m=21_000, output=300)
    before = sessions.learned.faith(("a", "big"))
    sessions.learn(planned(sessions, longer, at=1_000_001.0), passed(cut))
    found = pin(sessions)
    assert found and found.binding == ("a", "big")
    (cached,) = found.caches
    assert (cached.expected, cached.read) == (24_000, 4_000), "20,000 tokens were not found"
    assert cached.kept == 25_000, "what was written anew is there"
    assert sessions.learned.faith(("a", "big")) < 0.6 < before


def test_what_models_do_is_learned_from_answers(sessions: Sessions, clock: Clock) -> None:
    """How much each says to the same class of task, and whether its cache keeps its word."""
    small = {"provider": "q", "model": "small"}
    forgets = Usage(fresh_input=25_000, output=900)
    for n in range(12):
        clock.now += 1.0
        asked = replace(ASK, messages=3 + 2 * n, input_tokens=20_000 + n)
        sessions.learn(
            planned(sessions, asked, at=clock.now, cluster=1, kind="main", **small),
            passed(forgets, attempt("q", "small")),
        )
        other = replace(asked, first_human=f"Fix {n}.", session_hint="t")
        sessions.learn(planned(sessions, other, at=clock.now, cluster=1, kind="main"), passed())
    assert sessions.learned.verbosity("small") > 1.1 > 1.0 > sessions.learned.verbosity("big")
    assert sessions.learned.faith(("q", "small")) < 0.2
    assert sessions.learned.faith(("a", "big")) == 1.0


def test_a_restart_learns_that_from_the_log(sessions: Sessions, store: Store) -> None:
    usage = {"q": replace(USAGE, output=900), "a": USAGE}
    for n in range(40):
        provider, model = (("a", "big"), ("q", "small"))[n % 2]
        made = decision(
            id=f"{n:014}",
            at=999_000.0 + n,
            provider=provider,
            model=model,
            cluster=n,  # its number changes from bundle to bundle, its name does not
            kind="main",
        )
        seconds = {"a": 1_000.0, "q": 9_000.0}[provider]
        out = Outcome(usage=usage[provider], status=200, ttft_ms=500.0, total_ms=seconds)
        store.add(record.row(made, out))
    store.flush(10)
    sessions.study().join()
    assert sessions.learned.verbosity("small") > 1.1
    assert sessions.learned.slower(("q", "small"), ("a", "big"), 500.0) > 1.5


def test_a_log_that_cannot_be_read_leaves_the_guesses(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "turnout.db"
    path.write_bytes(b"this is no database" * 100)
    broken = Store(path)
    found = Sessions(broken, clock, find)
    found.study().join()
    planned(found)
    assert pin(found), "in memory it works all the same"
    assert found.horizon.curves == {}
    broken.close(0)
