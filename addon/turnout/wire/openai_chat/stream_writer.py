"""OpenAI Chat Completions: writing a streamed answer. See stream.py."""

from collections.abc import Iterator
from typing import Any, assert_never

from turnout.wire import sse
from turnout.wire.calls import settle
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
from turnout.wire.openai_chat import usage as tokens
from turnout.wire.openai_chat.failure import error_payload

WRITE_FINISH: dict[StopReason, str] = {
    "end": "stop",
    "stop": "stop",
    "length": "length",
    "tools": "tool_calls",
    "refusal": "content_filter",
    "pause": "stop",
}
DONE = b"data: [DONE]\n\n"


class StreamWriter:
    """Events in, bytes out."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self._started = False
        self._called = False
        self._usage: Usage | None = None
        self._wrote, self._apart = False, False  # any text? and something else after it?

    def feed(self, event: Event, /) -> Iterator[bytes]:
        yield from map(sse.write, self.write(event))
        if isinstance(event, Finished):
            yield DONE

    def write(self, event: Event) -> Iterator[dict[str, Any]]:
        """The chunks that say it."""
        if not self._started and not isinstance(event, Failed | Usage):
            self._started = True
            yield self._delta(role="assistant", content="")
        match event:
            case Started() | Signature() | Redacted():  # no words for sealed thinking
                pass
            case Text(text):
                yield self._delta(content="\n" + text if self._wrote and self._apart else text)
                self._wrote, self._apart = True, False
            case Thinking(text):
                self._apart = True
                yield self._delta(reasoning_content=text)
            case ToolCall(index, id, name):
                self._called = self._apart = True
                function = {"name": name, "arguments": ""}
                yield self._tool(index, id=id, type="function", function=function)
            case ToolInput(index, fragment):
                yield self._tool(index, function={"arguments": fragment})
            case Usage():
                self._usage = event
            case Finished(reason):
                yield from self._finish(reason)
            case Failed(message, status):
                yield error_payload(status, message)
            case _:
                assert_never(event)

    def _finish(self, reason: StopReason) -> Iterator[dict[str, Any]]:
        yield self._chunk([_choice({}, WRITE_FINISH[settle(reason, called=self._called)])])
        if self._hints.wants_usage and self._usage:
            yield self._chunk([]) | {"usage": tokens.write(self._usage)}

    def _tool(self, index: int, **fields: Any) -> dict[str, Any]:
        return self._delta(tool_calls=[{"index": index, **fields}])

    def _delta(self, **delta: Any) -> dict[str, Any]:
        return self._chunk([_choice(delta)])

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._hints.id,
            "object": "chat.completion.chunk",
            "created": self._hints.created,
            "model": self._hints.model,
            "choices": choices,
        }


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
