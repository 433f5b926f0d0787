"""OpenAI Chat Completions: reading a streamed answer. See stream.py."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from turnout.errors import reading
from turnout.wire import sse
from turnout.wire.calls import Calls
from turnout.wire.events import (
    Event,
    Failed,
    Signature,
    Started,
    StopReason,
    Text,
    Thinking,
    Usage,
)
from turnout.wire.failures import failed
from turnout.wire.links import Links
from turnout.wire.openai_chat import history
from turnout.wire.openai_chat import usage as tokens

READ_FINISH: dict[str, StopReason] = {
    "stop": "end",
    "length": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tools",
    "function_call": "tools",
    "content_filter": "refusal",
    "sensitive": "refusal",
}
# reasons that say the answer is broken, and the HTTP status that would have said so
BROKEN: dict[str, int] = {
    "error": 502,
    "abort": 502,
    "network_error": 502,
    "insufficient_system_resource": 503,
}
CUT = "the upstream closed before the answer was finished"


class StreamReader:
    """Bytes in, events out."""

    def __init__(self, *, nonce: str | None = None) -> None:
        self._frames = sse.FrameReader()
        self._started = False
        self._ended = False
        self._calls = Calls(nonce)
        self._usage: Usage | None = None
        self._finish = ""  # held: the usage chunk comes after it
        self._refused = False
        self._links = Links()

    def feed(self, data: bytes, /) -> Iterator[Event]:
        with reading("openai_chat"):
            for frame in self._frames.feed(data):
                if self._ended:
                    return
                if frame.data.strip() == "[DONE]":
                    yield from self.end()
                elif frame.data.strip():
                    yield from self.read(sse.read(frame.data))
        if not data:
            yield from self.end()

    def read(self, chunk: dict[str, Any]) -> Iterator[Event]:
        """One chunk, or a whole answer."""
        choices = [choice for choice in chunk.get("choices") or () if not choice.get("index")]
        if error := _error(chunk, choices):
            self._ended = True
            yield failed(error)
            return
        usage = tokens.find(chunk, choices)
        if not self._started and (choices or usage):
            self._started = True
            yield Started(_name(chunk.get("id")), _name(chunk.get("model")))
        for choice in choices:
            yield from self._delta(choice.get("delta") or choice.get("message") or {})
            self._finish = _string(choice.get("finish_reason") or self._finish)
        if usage and usage != self._usage:
            self._usage = usage
            yield usage

    def _delta(self, delta: dict[str, Any]) -> Iterator[Event]:
        if thinking := delta.get("reasoning_content") or delta.get("reasoning"):
            yield Thinking(_string(thinking))
        if details := delta.get("reasoning_details"):
            yield from (Signature(history.sealed(one)) for one in history.opaque(details))
        if content := delta.get("content"):
            yield from _content(content)
        if refusal := delta.get("refusal"):
            self._refused = True
            yield Text(_string(refusal))
        if calls := delta.get("tool_calls"):
            for position, call in enumerate(calls):
                yield from self._call(position, call)
        for annotation in delta.get("annotations") or ():
            if link := annotation.get("url_citation"):
                self._links.add(_name(link.get("url")), _name(link.get("title")))

    def _call(self, position: int, call: dict[str, Any]) -> Iterator[Event]:
        function, index = call.get("function") or {}, call.get("index")
        arguments = function.get("arguments") or ""
        yield from self._calls.take(
            position if index is None else int(index),
            id=_name(call.get("id")),
            name=_name(function.get("name")),
            json=arguments if isinstance(arguments, str) else json.dumps(arguments),
        )

    def end(self) -> Iterator[Event]:
        """The one terminal event, unless it has been."""
        if self._ended:
            return
        self._ended = True
        reason = self._finish
        if not self._started or not reason:
            yield Failed(CUT)
        elif reason in BROKEN:
            yield Failed(f"the upstream broke off: {reason}", BROKEN[reason])
        else:
            yield from self._links.events()
            notes = () if reason in READ_FINISH else (f"finish_reason:{reason[:40]}",)
            stop = "refusal" if self._refused else READ_FINISH.get(reason, "end")
            yield self._calls.finish(stop, notes=notes)


def _error(chunk: dict[str, Any], choices: list[dict[str, Any]]) -> object:
    """An error where a chunk was due: wrapped, bare (vLLM), or inside the choice (OpenRouter)."""
    if error := chunk.get("error") or (chunk if chunk.get("object") == "error" else None):
        return error
    errors = [choice["error"] for choice in choices if choice.get("error")]
    return errors[0] if errors else None


def _content(content: object) -> Iterator[Event]:
    """A string, or (Mistral) a list of parts, some of them thinking."""
    if isinstance(content, str):
        yield Text(content)
        return
    for part in _parts(content):
        if text := part.get("text"):
            yield Text(_string(text))
        for thought in _parts(part.get("thinking") or ()):
            yield Thinking(_string(thought.get("text") or ""))


def _parts(value: object) -> Iterable[dict[str, Any]]:
    if not isinstance(value, list | tuple):
        raise TypeError("content is neither a string nor a list")
    return [{"text": part} if isinstance(part, str) else part for part in value]


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is not a string")
    return value


def _name(value: object) -> str:
    """Ids and names: some upstreams number them, or leave them out."""
    return "" if value is None else str(value)
