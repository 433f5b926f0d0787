"""OpenAI Responses: writing a streamed answer. See stream.py."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from turnout.wire import envelope, sealed, sse
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
from turnout.wire.openai_responses import usage as tokens
from turnout.wire.openai_responses.failure import response_error
from turnout.wire.openai_responses.history import OURS
from turnout.wire.openai_responses.output import (
    CustomItem,
    FunctionItem,
    Item,
    MessageItem,
    ReasoningItem,
    Said,
)

# the reasons that leave an answer incomplete
INCOMPLETE: dict[StopReason, str] = {"length": "max_output_tokens", "refusal": "content_filter"}

type Prose = Text | Thinking | Signature | Redacted


@dataclass(slots=True)
class Place:
    """An item of the output, and where it stands there."""

    index: int
    id: str
    item: Item


class StreamWriter:
    """Events in, bytes out.

    Text and thinking are one item at a time. A call stays open while its input is unfinished, since
    fragments of calls may interleave; where it is whole when another item begins, it is closed
    first.
    """

    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self._tools = {tool.name: tool for tool in (hints.request.tools if hints.request else ())}
        self._sequence = 0
        self._started = False
        self._model = ""  # that speaks, by its upstream's name
        self._output: list[Place] = []
        self._done: dict[int, dict[str, Any]] = {}  # items that are finished, by index
        self._prose: Place | None = None  # the open item of text or thinking
        self._calls: dict[int, Place] = {}  # open ones, by the call's index
        self._called = False
        self._usage: Usage | None = None

    def feed(self, event: Event, /) -> Iterator[bytes]:
        for payload in self.write(event):
            yield sse.write(payload, event=payload["type"])

    def write(self, event: Event) -> Iterator[dict[str, Any]]:
        """The payloads of the frames that say it."""
        if not (self._started or isinstance(event, (Failed, Usage))) or isinstance(event, Started):
            yield from self._start(event)
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
            case Finished(reason):
                yield from self._finish(reason)
            case Failed(message, status):
                error = response_error(status, message)
                yield self._event("failed", response=self._response("failed", error=error))
            case _:
                assert_never(event)

    def _prose_of(self, event: Prose) -> Iterator[dict[str, Any]]:
        match event:
            case Text(text):
                yield from self._say(MessageItem, "msg", text)
            case Thinking(text):
                yield from self._say(ReasoningItem, "rs", text)
            case Signature() | Redacted():
                yield from self._seal(event)

    def _start(self, event: Event) -> Iterator[dict[str, Any]]:
        if isinstance(event, Started):
            self._model = event.model
        if not self._started:
            self._started = True
            for kind in ("created", "in_progress"):
                yield self._event(kind, response=self._response("in_progress"))

    def _say(
        self, kind: type[MessageItem | ReasoningItem], prefix: str, text: str
    ) -> Iterator[dict[str, Any]]:
        if not self._prose or not isinstance(self._prose.item, kind):
            yield from self._close_prose()
            yield from self._close_whole()
            self._prose = self._place(prefix, kind(self._new_id(prefix)))
            yield from self._of(self._prose, self._prose.item.open())
        if text:
            yield from self._of(self._prose, self._prose.item.more(text))

    def _seal(self, event: Signature | Redacted) -> Iterator[dict[str, Any]]:
        """It closes the thinking before it; redacted thinking stands alone."""
        if isinstance(event, Redacted):
            yield from self._close_prose()
        yield from self._say(ReasoningItem, "rs", "")
        if self._prose and isinstance(self._prose.item, ReasoningItem):
            self._prose.item.secret = self._secret(event)
        yield from self._close_prose()

    def _secret(self, event: Signature | Redacted) -> str:
        """What has no envelope yet is Anthropic's own."""
        match event:
            case Signature(value) if sealed.is_sealed(value):
                return value
            case Signature(value):
                return sealed.encode(sealed.Sealed("signature", self._model, value))
            case Redacted(data):
                return sealed.encode(sealed.Sealed("redacted", self._model, data))

    def _call(self, index: int, call_id: str, name: str) -> Iterator[dict[str, Any]]:
        self._called = True
        yield from self._close_prose()
        yield from self._close_whole()
        tool = self._tools.get(name)
        free = tool is not None and tool.free_form
        prefix, kind = ("ctc", CustomItem) if free else ("fc", FunctionItem)
        place = self._place(prefix, kind(self._new_id(prefix), call_id, name, tool))
        self._calls[index] = place
        yield from self._of(place, place.item.open())

    def _input(self, index: int, fragment: str) -> Iterator[dict[str, Any]]:
        """What follows a whole object is garbage, and its item may be closed already."""
        if fragment and (place := self._calls.get(index)):
            yield from self._of(place, place.item.more(fragment))

    def _close_prose(self) -> Iterator[dict[str, Any]]:
        if self._prose:
            place, self._prose = self._prose, None
            yield from self._close(place, "completed")

    def _close_whole(self) -> Iterator[dict[str, Any]]:
        for index, place in list(self._calls.items()):
            if place.item.whole:
                del self._calls[index]
                yield from self._close(place, "completed")

    def _close(self, place: Place, status: str) -> Iterator[dict[str, Any]]:
        yield from self._of(place, place.item.close(status))
        self._done[place.index] = place.item.item(status)

    def _finish(self, reason: StopReason) -> Iterator[dict[str, Any]]:
        why = INCOMPLETE.get(settle(reason, called=self._called))
        status = "incomplete" if why else "completed"
        yield from self._close_whole()
        for place in self._output:
            if place.index not in self._done:
                yield from self._close(place, status)
        details = {"reason": why} if why else None
        response = self._response(status, incomplete_details=details)
        yield self._event(status, response=response)

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}{OURS}{self._hints.id}_{len(self._output)}"

    def _place(self, prefix: str, item: Item) -> Place:
        place = Place(len(self._output), self._new_id(prefix), item)
        self._output.append(place)
        return place

    def _of(self, place: Place, said: Iterable[Said]) -> Iterator[dict[str, Any]]:
        for kind, fields in said:
            item_id = {} if "item" in fields else {"item_id": place.id}
            yield self._event(kind, **item_id, output_index=place.index, **fields)

    def _event(self, kind: str, **fields: Any) -> dict[str, Any]:
        self._sequence += 1
        head = {"type": f"response.{kind}", "sequence_number": self._sequence - 1}
        return head | fields

    def _response(self, status: str, **fields: Any) -> dict[str, Any]:
        """The answer as far as it has come."""
        request = self._hints.request
        return {
            "id": f"resp_{self._hints.id}",
            "object": "response",
            "created_at": self._hints.created,
            "status": status,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "model": self._hints.model,
            "output": [self._done[index] for index in sorted(self._done)],
            "parallel_tool_calls": not request or request.parallel_tools is not False,
            "tool_choice": "auto",
            "tools": [],
            "usage": tokens.write(self._usage) if self._usage else None,
        } | fields
