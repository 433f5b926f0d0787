"""Gemini: writing a streamed answer. See stream.py."""

import json
from collections.abc import Iterator
from typing import Any, assert_never

from turnout.wire import sse
from turnout.wire.bodies import encode
from turnout.wire.calls import CUTTING, is_object
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
from turnout.wire.gemini import signature
from turnout.wire.gemini import usage as tokens
from turnout.wire.gemini.failure import error_payload
from turnout.wire.tools import repair

WRITE_FINISH: dict[StopReason, str] = {
    "end": "STOP",
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "tools": "STOP",
    "refusal": "SAFETY",
    "pause": "STOP",
}

type Part = dict[str, Any]


class StreamWriter:
    """Events in, bytes out. A call is one part here: it waits until it is complete."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self._open = False  # has the array begun?
        self._calls: dict[int, tuple[ToolCall, list[str]]] = {}  # that wait, in order
        self._latest = -1  # the call that the last fragment was for
        self._called = False
        self._usage: Usage | None = None

    def feed(self, event: Event, /) -> Iterator[bytes]:
        for chunk in self.write(event):
            yield sse.write(chunk) if self._hints.sse else self._element(chunk)
        if not self._hints.sse and isinstance(event, Finished | Failed):
            yield b"]"

    def _element(self, chunk: dict[str, Any]) -> bytes:
        head = b",\r\n" if self._open else b"["
        self._open = True
        return head + encode(chunk)

    def write(self, event: Event) -> Iterator[dict[str, Any]]:
        """The chunks that say it."""
        match event:
            case Started() | Signature() | Redacted():  # no words for another's sealed thinking
                pass
            case Text(text):
                yield from self._say({"text": text})
            case Thinking(text):
                yield from self._say({"text": text, "thought": True})
            case ToolCall(index):
                yield from self._whole()
                self._calls[index] = event, []
                self._latest = index
            case ToolInput(index, fragment):
                if index in self._calls:
                    self._calls[index][1].append(fragment)
            case Usage():
                self._usage = event
            case Finished(reason):
                yield self._finish(reason)
            case Failed(message, status):
                yield error_payload(status, message)
            case _:
                assert_never(event)

    def _say(self, part: Part) -> Iterator[dict[str, Any]]:
        yield from self._whole()
        yield self._chunk([part])

    def _whole(self) -> Iterator[dict[str, Any]]:
        """The calls that are complete, up to the first that is not, and never the last."""
        while len(self._calls) > 1:
            index, (call, fragments) = next(iter(self._calls.items()))
            if not is_object("".join(fragments)):
                return
            del self._calls[index]
            yield self._chunk([self._part(call, "".join(fragments))])

    def _finish(self, reason: StopReason) -> dict[str, Any]:
        """A client runs every call that it gets: one that the limit cut short is not given."""
        if reason in CUTTING and self._calls:
            self._calls.popitem()
        parts = [self._part(call, "".join(pieces)) for call, pieces in self._calls.values()]
        chunk = self._chunk(parts or [{"text": ""}])
        chunk["candidates"][0]["finishReason"] = WRITE_FINISH[reason]
        if self._usage:
            chunk["usageMetadata"] = tokens.write(self._usage)
        return chunk

    def _part(self, call: ToolCall, arguments: str) -> Part:
        """Signed as another model's, so that the client may bring it to Gemini later."""
        args = json.loads(repair(arguments, None).json)
        part: Part = {"functionCall": {"id": call.id, "name": call.name, "args": args}}
        if not self._called and signature.strict(self._hints.asked):
            part["thoughtSignature"] = signature.FOREIGN
        self._called = True
        return part

    def _chunk(self, parts: list[Part]) -> dict[str, Any]:
        content = {"role": "model", "parts": parts}
        return {
            "candidates": [{"content": content, "index": 0}],
            "modelVersion": self._hints.model,
            "responseId": self._hints.id,
        }
