"""Anthropic Messages: writing a streamed answer. See stream.py."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, assert_never

from turnout.wire import envelope, sse
from turnout.wire.anthropic import usage as tokens
from turnout.wire.anthropic.failure import error_payload
from turnout.wire.calls import is_object, settle
from turnout.wire.dialect import Hints
from turnout.wire.events import (
    Event,
    Failed,
    Finished,
    Redacted,
    Signature,
    Started,
    StopReason,
    Text,
    Thinking,
    ToolCall,
    ToolInput,
    Usage,
)

WRITE_STOP: dict[StopReason, str] = {
    "end": "end_turn",
    "stop": "stop_sequence",
    "length": "max_tokens",
    "tools": "tool_use",
    "refusal": "refusal",
    "pause": "pause_turn",
}
type Prose = Text | Thinking | Signature | Redacted


@dataclass(slots=True)
class ToolBlock:
    """An open tool_use block."""

    index: int
    fragments: list[str] = field(default_factory=list)


class StreamWriter:
    """Events in, bytes out.

    Text and thinking are one block at a time. A tool block stays open while its input is
    unfinished, since fragments of calls may interleave. Where its input is a whole object when
    another block begins, it is closed first: blocks follow each other wherever they can.
    """

    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self._started = False
        self._next = 0  # index of the next block
        self._prose, self._at = "", 0  # the open block of text or thinking: kind, index
        self._tools: dict[int, ToolBlock] = {}  # open ones, by the call's index
        self._called = False
        self._blank = ""  # white space that is only worth a block if text follows
        self._usage: Usage | None = None
        self._characters = 0  # given out, for the estimate of an answer without usage

    def feed(self, event: Event, /) -> Iterator[bytes]:
        for payload in self.write(event):
            yield sse.write(payload, event=payload["type"])

    def write(self, event: Event) -> Iterator[dict[str, Any]]:
        """The payloads of the frames that say it."""
        if not self._started and not isinstance(event, (Failed, Usage)):
            yield from self._start()
        match event:
            case Started():
                pass
            case Signature(value) if envelope.homeless(value):
                pass
            case Text() | Thinking() | Signature() | Redacted():
                yield from self._prose_of(event)
            case ToolCall(index, id, name):
                yield from self._call(index, id, name)
            case ToolInput(index, fragment):
                yield from self._input(index, fragment)
            case Usage():
                self._usage = event
            case Finished(reason, sequence):
                yield from self._finish(reason, sequence)
            case Failed(message, status):
                yield error_payload(status, message)
            case _:
                assert_never(event)

    def _prose_of(self, event: Prose) -> Iterator[dict[str, Any]]:
        match event:
            case Text(text):
                yield from self._text(text)
            case Thinking(text):
                yield from self._open("thinking", thinking="", signature="")
                yield self._delta("thinking_delta", thinking=text)
            case Signature(value):
                yield from self._open("thinking", thinking="", signature="")
                yield self._delta("signature_delta", signature=value)
                yield from self._close_prose()
            case Redacted(data):
                yield from self._open("redacted_thinking", data=data)
                yield from self._close_prose()

    def _start(self) -> Iterator[dict[str, Any]]:
        if self._started:
            return
        self._started = True
        usage = tokens.write(self._usage or Usage(fresh_input=self._hints.input_tokens))
        yield {
            "type": "message_start",
            "message": {
                "id": self._hints.id,
                "type": "message",
                "role": "assistant",
                "model": self._hints.model,
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": usage,
            },
        }

    def _text(self, text: str) -> Iterator[dict[str, Any]]:
        if self._prose != "text":
            self._blank += text
            if not self._blank.strip():
                return
            text, self._blank = self._blank, ""
            yield from self._open("text", text="")
        yield self._delta("text_delta", text=text)

    def _call(self, index: int, id: str, name: str) -> Iterator[dict[str, Any]]:
        self._blank, self._called = "", True
        yield from self._close_prose()
        yield from self._close_whole()
        self._tools[index] = ToolBlock(self._next)
        yield self._begin({"type": "tool_use", "id": id, "name": name, "input": {}})

    def _input(self, index: int, fragment: str) -> Iterator[dict[str, Any]]:
        """What follows a whole object is garbage, and its block may be closed already."""
        if block := self._tools.get(index):
            block.fragments.append(fragment)
            self._characters += len(fragment)
            delta = {"type": "input_json_delta", "partial_json": fragment}
            yield {"type": "content_block_delta", "index": block.index, "delta": delta}

    def _open(self, kind: str, **fields: str) -> Iterator[dict[str, Any]]:
        if self._prose == kind:
            return
        yield from self._close_prose()
        yield from self._close_whole()
        self._prose, self._at = kind, self._next
        yield self._begin({"type": kind, **fields})

    def _begin(self, block: dict[str, Any]) -> dict[str, Any]:
        self._next += 1
        return {"type": "content_block_start", "index": self._next - 1, "content_block": block}

    def _delta(self, kind: str, **fields: str) -> dict[str, Any]:
        self._characters += sum(map(len, fields.values()))
        delta = {"type": kind, **fields}
        return {"type": "content_block_delta", "index": self._at, "delta": delta}

    def _close_prose(self) -> Iterator[dict[str, Any]]:
        if self._prose:
            yield _stop(self._at)
            self._prose = ""

    def _close_whole(self) -> Iterator[dict[str, Any]]:
        for index, block in list(self._tools.items()):
            if is_object("".join(block.fragments)):
                del self._tools[index]
                yield _stop(block.index)

    def _finish(self, reason: StopReason, sequence: str | None) -> Iterator[dict[str, Any]]:
        prose = [self._at] if self._prose else []
        yield from map(_stop, sorted([*prose, *(block.index for block in self._tools.values())]))
        settled = settle(reason, called=self._called)
        stop = sequence if settled == "stop" else None
        delta = {"stop_reason": WRITE_STOP[settled], "stop_sequence": stop}
        usage = tokens.write(self._usage or self._estimate())
        yield {"type": "message_delta", "delta": delta, "usage": usage}
        yield {"type": "message_stop"}

    def _estimate(self) -> Usage:
        """For an upstream that never said. This dialect's clients count on numbers being there."""
        return Usage(fresh_input=self._hints.input_tokens, output=-(-self._characters // 4))


def _stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}
