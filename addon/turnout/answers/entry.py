"""An answer as it is kept: its events, who gave it, what it cost. It is one string of bytes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from turnout.wire.events import Event, Finished, Started, Text, Thinking, Usage

KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Started, Text, Thinking, Usage, Finished)
}
WHOLE = frozenset({"end", "stop"})  # anything else is cut off, refused, or half of an exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`at`: epoch seconds. `decision`: id of the row of the request that was really answered.

    `cost_usd`: what it cost then; None is unknown.
    """

    at: float
    decision: str
    provider: str
    model: str
    events: tuple[Event, ...]
    cost_usd: float | None = None

    @property
    def usage(self) -> Usage | None:
        return next((e for e in reversed(self.events) if isinstance(e, Usage)), None)

    @property
    def finished(self) -> Finished:
        last = self.events[-1]
        assert isinstance(last, Finished)
        return last


def kept(events: Sequence[Event]) -> tuple[Event, ...]:
    """The events of a whole, plain answer, as few as can be; () for one that may not be kept."""
    last = events[-1] if events else None
    if not isinstance(last, Finished) or last.reason not in WHOLE or last.notes:
        return ()
    if any(type(event).__name__ not in KINDS for event in events):
        return ()  # calls, signatures: they mean something to one model, or do something
    if not any(isinstance(event, Text) and event.text for event in events):
        return ()
    return tuple(_in_order(events))


def _in_order(events: Sequence[Event]) -> Iterator[Event]:
    """Started, the input's usage, what is said, the whole usage, Finished."""
    yield next((e for e in events if isinstance(e, Started)), Started("", ""))
    usage = next((e for e in reversed(events) if isinstance(e, Usage)), None)
    if usage:
        yield replace(usage, output=0, reasoning=0)
    yield from _joined(event for event in events if isinstance(event, Text | Thinking))
    if usage:
        yield usage
    yield events[-1]


def _joined(spoken: Iterable[Text | Thinking]) -> Iterator[Event]:
    kind: type[Text] | type[Thinking] | None = None
    words: list[str] = []
    for event in spoken:
        if type(event) is not kind and kind:
            yield kind("".join(words))
            words = []
        kind = type(event)
        words.append(event.text)
    if kind:
        yield kind("".join(words))


def packed(entry: Entry) -> bytes:
    told = [(type(event).__name__, _fields(event)) for event in entry.events]
    facts = (entry.at, entry.decision, entry.provider, entry.model, entry.cost_usd, told)
    return msgspec.json.encode(facts)


def _fields(event: Event) -> tuple[Any, ...]:
    return tuple(getattr(event, name) for name in type(event).__match_args__)


def unpacked(data: bytes) -> Entry:
    """Raises ValueError, LookupError or TypeError for what is no entry."""
    at, decision, provider, model, cost, told = msgspec.json.decode(data)
    events = tuple(_event(name, fields) for name, fields in told)
    if not isinstance(events[-1], Finished):
        raise ValueError("an answer without an end")
    return Entry(
        at=at, decision=decision, provider=provider, model=model, cost_usd=cost, events=events
    )


def _event(name: str, fields: list[Any]) -> Event:
    event: Event = KINDS[name](*fields)
    return replace(event, notes=tuple(event.notes)) if isinstance(event, Finished) else event
