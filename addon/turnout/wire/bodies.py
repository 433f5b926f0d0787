"""Whole bodies: what the writers of unstreamed answers share."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from turnout.wire.events import Event, Text, Thinking, ToolInput


def encode(payload: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(payload)
    except UnicodeEncodeError:  # half a surrogate pair: only an escape can carry it
        return json.dumps(payload, separators=(",", ":")).encode()


def joined(events: Iterable[Event]) -> Iterator[Event]:
    """The same events, with runs of fragments made one: adding up a long answer stays linear."""
    run: list[Text | Thinking | ToolInput] = []
    for event in events:
        if run and not _continues(run[-1], event):
            yield _one(run)
            run = []
        if isinstance(event, Text | Thinking | ToolInput):
            run.append(event)
        else:
            yield event
    if run:
        yield _one(run)


def _continues(last: Event, event: Event) -> bool:
    match last, event:
        case (Text(), Text()) | (Thinking(), Thinking()):
            return True
        case ToolInput(a), ToolInput(b):
            return a == b
        case _:
            return False


def _one(run: list[Text | Thinking | ToolInput]) -> Event:
    match run[0]:
        case ToolInput(index):
            return ToolInput(index, "".join(e.json for e in run if isinstance(e, ToolInput)))
        case Text():
            return Text("".join(e.text for e in run if isinstance(e, Text)))
        case Thinking():
            return Thinking("".join(e.text for e in run if isinstance(e, Thinking)))
