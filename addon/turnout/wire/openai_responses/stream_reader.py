"""OpenAI Responses: reading a streamed answer. See stream.py."""

from collections.abc import Callable, Iterator
from typing import Any

from turnout.errors import reading
from turnout.wire import sse
from turnout.wire.events import Event, Failed, Started, StopReason
from turnout.wire.failures import failed
from turnout.wire.openai_responses import usage as tokens
from turnout.wire.openai_responses.output_reader import Output

INCOMPLETE: dict[str, StopReason] = {"max_output_tokens": "length", "content_filter": "refusal"}
# how a whole answer says what a stream says with its last event
STATUS = {
    "completed": "response.completed",
    "incomplete": "response.incomplete",
    "failed": "response.failed",
    "cancelled": "response.cancelled",
}
CUT = "the upstream closed before the answer was finished"


class StreamReader:
    """Bytes in, events out."""

    def __init__(self, *, nonce: str | None = None) -> None:
        self._frames = sse.FrameReader()
        self._started = False
        self._ended = False
        self._output = Output(nonce)

    def feed(self, data: bytes, /) -> Iterator[Event]:
        with reading("openai_responses"):
            for frame in self._frames.feed(data):
                if self._ended:
                    return
                if frame.data.strip() not in ("", "[DONE]"):
                    yield from self.read(sse.read(frame.data), frame.event)
        if not data:
            yield from self.end()

    def read(self, payload: dict[str, Any], event: str = "") -> Iterator[Event]:
        """One event's payload. Kinds we do not know are for others, and say nothing to us."""
        if payload.get("error") and "type" not in payload:
            payload = payload | {"type": "error"}
        kind = payload.get("type") or event
        if handler := _READ.get(kind):
            yield from handler(self, payload)
        else:
            yield from self._output.read(kind, payload)

    def end(self) -> Iterator[Event]:
        if not self._ended:
            self._ended = True
            yield Failed(CUT)

    def whole(self, response: dict[str, Any]) -> Iterator[Event]:
        """An answer that was not streamed."""
        if response.get("error"):
            self._ended = True
            yield failed(response["error"])
            return
        kind = STATUS.get(str(response.get("status")), "")
        yield from self.read({"type": kind, "response": response})
        yield from self.end()

    def _begin(self, payload: dict[str, Any]) -> Iterator[Event]:
        response = payload["response"]
        if not self._started:
            self._started = True
            self._output.model = _name(response.get("model"))
            yield Started(_name(response.get("id")), self._output.model)

    def _completed(self, payload: dict[str, Any]) -> Iterator[Event]:
        yield from self._rest(payload)
        yield from self._finish("refusal" if self._output.refused else "end")

    def _incomplete(self, payload: dict[str, Any]) -> Iterator[Event]:
        details = payload["response"].get("incomplete_details") or {}
        why = str(details.get("reason"))
        yield from self._rest(payload)
        if reason := INCOMPLETE.get(why):
            yield from self._finish(reason)
        else:
            self._ended = True
            yield Failed(f"the upstream broke off: {why[:80]}")

    def _rest(self, payload: dict[str, Any]) -> Iterator[Event]:
        """What the whole answer holds that nobody said before."""
        yield from self._begin(payload)
        response = payload["response"]
        yield from self._output.rest(response.get("output") or [])
        if usage := tokens.find(response):
            yield usage

    def _finish(self, reason: StopReason) -> Iterator[Event]:
        self._ended = True
        yield from self._output.links.events()
        yield self._output.calls.finish(reason)

    def _failed(self, payload: dict[str, Any]) -> Iterator[Event]:
        self._ended = True
        yield failed((payload.get("response") or {}).get("error"))

    def _cancelled(self, _: dict[str, Any]) -> Iterator[Event]:
        self._ended = True
        yield Failed("the upstream cancelled the answer")

    def _error(self, payload: dict[str, Any]) -> Iterator[Event]:
        self._ended = True
        bare = {key: value for key, value in payload.items() if key != "type"}
        yield failed(payload.get("error") or bare)


_READ: dict[str, Callable[[StreamReader, dict[str, Any]], Iterator[Event]]] = {
    "response.created": StreamReader._begin,
    "response.in_progress": StreamReader._begin,
    "response.completed": StreamReader._completed,
    "response.incomplete": StreamReader._incomplete,
    "response.failed": StreamReader._failed,
    "response.cancelled": StreamReader._cancelled,
    "error": StreamReader._error,
}


def _name(value: object) -> str:
    """Ids and names: some upstreams number them, or leave them out."""
    return "" if value is None else str(value)
