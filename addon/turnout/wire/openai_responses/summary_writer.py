"""OpenAI Responses: the answer to a wish for a summary is one item, and nothing beside it."""

from collections.abc import Iterator
from typing import Any

from turnout.wire.dialect import Hints
from turnout.wire.events import Event, Failed, Finished, StopReason, Text, Usage
from turnout.wire.openai_responses.output import CompactionItem
from turnout.wire.openai_responses.stream_writer import StreamWriter

PREFIX = "cmp"
WHOLE: frozenset[StopReason] = frozenset({"end", "stop"})


class SummaryWriter(StreamWriter):
    """A summary that was cut, or is none, is a failure: the client would lose its conversation."""

    def __init__(self, hints: Hints) -> None:
        super().__init__(hints)
        self._said: list[str] = []

    def write(self, event: Event) -> Iterator[dict[str, Any]]:
        match event:
            case Text(text):
                yield from self._start(event)
                self._said.append(text)
            case Finished(reason):
                yield from self._end(event, reason, "".join(self._said))
            case Usage() | Failed():
                yield from super().write(event)
            case _:  # what else it says is no part of a summary
                yield from self._start(event)

    def _end(self, end: Finished, reason: StopReason, summary: str) -> Iterator[dict[str, Any]]:
        if reason not in WHOLE or not summary.strip():
            yield from super().write(Failed(f"no summary: the answer ended with {reason!r}"))
            return
        yield from self._start(end)
        place = self._place(PREFIX, CompactionItem(self._new_id(PREFIX), summary))
        yield from self._of(place, place.item.open())
        yield from super().write(end)


def writer(hints: Hints) -> StreamWriter:
    asked = hints.request is not None and hints.request.compaction
    return SummaryWriter(hints) if asked else StreamWriter(hints)
