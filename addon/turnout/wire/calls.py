"""The tool calls of one answer while it is being read, and what they say about how it ended.

Upstreams number, name and identify calls as they please; events count them from 0, each with a name
and an id of its own.
"""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from turnout.wire.events import Finished, StopReason, ToolCall, ToolInput

# reasons that stand beside a call which they cut short
CUTTING: frozenset[StopReason] = frozenset({"length", "refusal"})


def settle(reason: StopReason, *, called: bool) -> StopReason:
    """Calls mean "tools" whatever plain end was given; "tools" without a call means "end"."""
    if called:
        return reason if reason in CUTTING else "tools"
    return "end" if reason == "tools" else reason


def is_object(text: str) -> bool:
    """Is this a whole JSON object?"""
    try:
        return text.rstrip().endswith("}") and isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


@dataclass(slots=True)
class Call:
    """`number` is the event's index; None while the name is still missing."""

    id: str = ""
    name: str = ""
    number: int | None = None
    fragments: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return is_object("".join(self.fragments))

    def differs(self, id: str, name: str, json: str) -> bool:
        """Does this head begin another call? Some upstreams give all their calls one index."""
        if not name:
            return False
        ids = bool(id and self.id) and id != self.id
        names = bool(self.name) and name != self.name
        return ids or names or (bool(json) and self.whole)


class Calls:
    """`nonce` makes ids for calls that come without one; absent, it is random."""

    def __init__(self, nonce: str | None = None) -> None:
        self._nonce = nonce
        self._latest: dict[int, Call] = {}  # by the upstream's index
        self._all: list[Call] = []
        self._ids: set[str] = set()

    def __contains__(self, index: int) -> bool:
        return index in self._latest

    def named(self, index: int) -> bool:
        """Has it been given out?"""
        return index in self._latest and self._latest[index].number is not None

    def begun(self, index: int) -> bool:
        """Has any input of this call come?"""
        return bool(self._latest[index].fragments)

    def take(
        self, index: int, *, id: str = "", name: str = "", json: str = ""
    ) -> Iterator[ToolCall | ToolInput]:
        """One delta of a call. It is given out once its name is known, with what it had so far."""
        call = self._latest.get(index)
        if call is None or call.differs(id, name, json):
            call = self._latest[index] = Call()
            self._all.append(call)
        call.id, call.name = call.id or id, call.name or name
        if json:
            call.fragments.append(json)
        if call.number is not None:
            if json:
                yield ToolInput(call.number, json)
        elif call.name:
            yield from self._begin(call)

    def _begin(self, call: Call) -> Iterator[ToolCall | ToolInput]:
        call.number = sum(other.number is not None for other in self._all)
        if not call.id or call.id in self._ids:
            self._nonce = self._nonce or secrets.token_hex(6)
            call.id = f"call_{self._nonce}_{call.number}"
        self._ids.add(call.id)
        yield ToolCall(call.number, call.id, call.name)
        if call.fragments:
            yield ToolInput(call.number, "".join(call.fragments))

    def finish(
        self, reason: StopReason, stop_sequence: str | None = None, notes: tuple[str, ...] = ()
    ) -> Finished:
        """A call that the limit cut short keeps the limit as the reason: nobody should run it."""
        given = [call for call in self._all if call.number is not None]
        if reason in CUTTING and given and all(call.whole for call in given):
            reason = "tools"
        settled = settle(reason, called=bool(given))
        dropped = len(self._all) - len(given)
        notes += ("call_without_name",) * dropped
        if reason == "tools" and not given:
            notes += ("tools_without_call",)
        return Finished(settled, stop_sequence if settled == "stop" else None, notes)
