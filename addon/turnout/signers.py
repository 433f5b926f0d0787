"""Who made which opaque reasoning (signed and redacted thinking, encrypted reasoning, thought
signatures): it goes back to its maker's model and provider, and to nobody else (c12).

    an answer     ─▶ learn      what another than the asked-for binding made: digests of it
    a request     ─▶ told       what a target has to know of the reasoning in its history

Nothing in a request says who made a block. What nobody remembers is taken for the work of whoever
the client asks, since without turnout it could come from nowhere else. Digests are known across
sessions: a conversation that is taken up again under another name is still understood.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import blake2b
from threading import Lock
from typing import Any

from turnout import history
from turnout.books import CLIENT_GONE, Passed
from turnout.errors import TurnoutError, UnsupportedError
from turnout.route.catalog import target
from turnout.route.model import Binding
from turnout.state.lasting import Lasting
from turnout.store import Store
from turnout.trip import Plan, Untouched
from turnout.wire.envelope import decode as unpacked
from turnout.wire.envelope import split_id
from turnout.wire.events import Event, Redacted, Signature, ToolCall
from turnout.wire.request import DialectName, Target, nobody_knows
from turnout.wire.sealed import OTHER, decode, maker

log = logging.getLogger(__name__)

MOST = 20_000  # pieces that are remembered, some 200 bytes each; those not met for longest go first
DIGEST = 12  # bytes
# whose models read each other's: https://platform.openai.com/docs/guides/reasoning
BY_FAMILY = frozenset({"openai_responses"})


@dataclass(frozen=True, slots=True)
class Minted:
    """`provider` and `model`: the maker's, "" for what nobody takes back."""

    provider: str
    model: str
    session: str = ""
    at: float = 0.0


class Signers:
    """Asked for every request with signed reasoning: in memory, written behind to `minted`.

    Threads may ask: a large body is translated beside the event loop.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._clock, self._lock = clock, Lock()
        self._makers: Lasting[Minted] = Lasting(
            store, "minted", _row, most=MOST, before=_before(store)
        )

    def __len__(self) -> int:
        return len(self._makers)

    def learn(self, plan: Plan | Untouched, passed: Passed) -> None:
        """What the asked-for binding itself made needs no memory."""
        found = {digest(text) for event in passed.meter.carried if (text := opaque(event))}
        if not isinstance(plan, Plan) or passed.attempt is None or not _came(passed.status):
            return
        by = (passed.attempt.provider, passed.attempt.model or plan.decision.requested_model)
        asked = by == (plan.arrival.home, plan.decision.requested_model)
        minted = Minted(*by, plan.decision.session, self._clock())
        with self._lock:
            if passed.attempt.gone:
                self._forget(passed.attempt.gone, plan.decision.session)
            for one in found:
                if not asked:
                    self._makers.put(one, minted)
                elif self._makers.get(one):
                    self._makers.drop(one)

    def _forget(self, gone: Sequence[str], session: str) -> None:
        """Its host refused some of it, and nobody knows which: it is nobody's from now on."""
        nobodys = Minted("", "", session, self._clock())
        for one in map(digest, gone):
            if not self._makers.get(one):
                self._makers.put(one, nobodys)

    def told(self, requested: Binding | None, binding: Binding, dialect: DialectName) -> Target:
        """`requested`: None when nobody knows what the client asks for; then names decide."""
        own = partial(_reads, binding, dialect)
        return replace(
            target(binding, dialect),
            minted=partial(self._minted, own) if len(self) else nobody_knows,
            asked=own(requested.provider, requested.model.id) if requested else None,
        )

    def _minted(self, own: Callable[[str, str], bool], opaque: str) -> bool | None:
        if not opaque:
            return None
        with self._lock:
            found = self._makers.get(digest(opaque))
        return own(found.provider, found.model) if found else None


def _came(status: int | None) -> bool:
    """Whoever left in the middle of an answer has what it said until then."""
    return status is not None and (status < 300 or status == CLIENT_GONE)


def _reads(binding: Binding, dialect: DialectName, provider: str, model: str) -> bool:
    """Does it take back what that model made at that provider?"""
    if binding.provider != provider:
        return False
    mine = binding.model.id
    alike = dialect in BY_FAMILY and maker(mine) == maker(model) != OTHER
    return mine == model or alike


def opaque(event: Event) -> str:
    """What only its maker reads, as that wrote it, without what it travels in here; "" for none."""
    try:
        return _opaque(event)
    except UnsupportedError:
        return ""  # an envelope that nobody here has written


def _opaque(event: Event) -> str:
    match event:
        case Redacted(data=data):
            return data
        case ToolCall(id=id):
            inside = split_id(id)[1]
            return inside.payload if inside else ""
        case Signature(value=value):
            sealed, inside = decode(value), unpacked(value)
            return sealed.data if sealed else inside.payload if inside else value
        case _:
            return ""


def digest(opaque: str) -> str:
    return blake2b(opaque.encode("utf-8", "surrogatepass"), digest_size=DIGEST).hexdigest()


def _row(id: str, minted: Minted) -> dict[str, Any]:
    return {"id": id, **asdict(minted)}


def _before(store: Store) -> Iterator[tuple[str, Minted]]:
    """Of the last run; none when the log cannot be read."""
    try:
        with history.read(store.path) as log_file:
            rows = list(log_file.select("SELECT * FROM minted ORDER BY at DESC LIMIT ?", MOST))
    except TurnoutError as e:
        log.debug("nothing minted yet: %s", e)
        return
    for row in reversed(rows):
        told = {name: row[name] or "" for name in ("provider", "model", "session")}
        yield row["id"], Minted(**told, at=row["at"])
