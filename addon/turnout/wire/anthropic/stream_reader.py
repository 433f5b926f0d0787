"""Anthropic Messages: reading a streamed answer. See stream.py."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from turnout.errors import reading
from turnout.wire import sse
from turnout.wire.anthropic import usage as tokens
from turnout.wire.calls import Calls
from turnout.wire.events import (
    Event,
    Failed,
    Redacted,
    Signature,
    Started,
    StopReason,
    Text,
    Thinking,
)
from turnout.wire.failures import failed

READ_STOP: dict[str, StopReason] = {
    "end_turn": "end",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tools",
    "refusal": "refusal",
    "pause_turn": "pause",
}
CUT = "the upstream closed before the answer was finished"


class StreamReader:
    """Bytes in, events out. Only message_stop makes an ending honest."""

    def __init__(self, *, nonce: str | None = None) -> None:
        self._frames = sse.FrameReader()
        self._started = False
        self._ended = False
        self._usage: dict[str, Any] = {}
        self._calls = Calls(nonce)
        self._inputs: dict[int, Any] = {}  # of open tool blocks: the input they were opened with
        self._begun: set[int] = set()  # blocks
        self._early: dict[int, str] = {}  # input of blocks that have not begun
        self._after_text = False  # was the last block text?
        self._break = False  # text after text is another block: a line break goes between them
        self._stop: tuple[str, str | None] | None = None

    def feed(self, data: bytes, /) -> Iterator[Event]:
        with reading("anthropic"):
            for frame in self._frames.feed(data):
                if self._ended:
                    return
                if frame.data.strip() not in ("", "[DONE]"):
                    yield from self.read(sse.read(frame.data), frame.event)
        if not data and not self._ended:
            self._ended = True
            yield Failed(CUT)

    def read(self, payload: dict[str, Any], event: str = "") -> Iterator[Event]:
        """One event's payload. Kinds we do not know are for others, and say nothing to us."""
        kind = payload.get("type") or event
        if handler := _READ.get(kind):
            yield from handler(self, payload)

    def _message_start(self, payload: dict[str, Any]) -> Iterator[Event]:
        if self._started:
            return
        self._started = True
        message = payload["message"]
        yield Started(_name(message.get("id")), _name(message.get("model")))
        yield from self._count(message.get("usage"))

    def _block_start(self, payload: dict[str, Any]) -> Iterator[Event]:
        index, block = _index(payload), payload["content_block"]
        kind, early = block.get("type"), self._early.pop(_index(payload), "")
        self._begun.add(index)
        if kind in ("thinking", "redacted_thinking", "tool_use"):
            self._after_text = False
        self._break = kind == "text" and self._after_text
        if kind == "tool_use":
            self._inputs[index] = block.get("input") or {}
            head = {"id": _name(block.get("id")), "name": _name(block.get("name"))}
            yield from self._calls.take(index, **head, json=early)
        elif kind == "redacted_thinking":
            yield Redacted(_string(block, "data"))
        elif kind in ("text", "thinking"):
            yield from self._delta(block)

    def _block_delta(self, payload: dict[str, Any]) -> Iterator[Event]:
        delta = payload["delta"]
        if delta.get("type") == "input_json_delta":
            fragment, index = _string(delta, "partial_json"), _index(payload)
            if fragment and index in self._calls:
                yield from self._calls.take(index, json=fragment)
            elif index not in self._begun:
                self._early[index] = self._early.get(index, "") + fragment
        else:
            yield from self._delta(delta)

    def _delta(self, delta: dict[str, Any]) -> Iterator[Event]:
        """A delta of text, thinking or signature; or a block that begins with some of them."""
        if thinking := _string(delta, "thinking"):
            yield Thinking(thinking)
        if signature := _string(delta, "signature"):
            yield Signature(signature)
        if text := _string(delta, "text"):
            if self._break:
                yield Text("\n")
            self._after_text, self._break = True, False
            yield Text(text)

    def _block_stop(self, payload: dict[str, Any]) -> Iterator[Event]:
        index = _index(payload)
        given = self._inputs.pop(index, None)
        if given is not None and not self._calls.begun(index):
            whole = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
            yield from self._calls.take(index, json=whole)

    def _message_delta(self, payload: dict[str, Any]) -> Iterator[Event]:
        delta = payload.get("delta") or {}
        if reason := _string(delta, "stop_reason"):
            self._stop = reason, _string(delta, "stop_sequence") or None
        yield from self._count(payload.get("usage"))

    def _message_stop(self, _: dict[str, Any]) -> Iterator[Event]:
        self._ended = True
        if not self._started or self._stop is None:
            yield Failed("the upstream ended without a stop reason")
            return
        reason, sequence = self._stop
        notes = () if reason in READ_STOP else (f"stop_reason:{reason[:40]}",)
        yield self._calls.finish(READ_STOP.get(reason, "end"), sequence, notes)

    def _error(self, payload: dict[str, Any]) -> Iterator[Event]:
        self._ended = True
        yield failed(payload.get("error") or payload.get("message"))

    def _count(self, usage: dict[str, Any] | None) -> Iterator[Event]:
        if usage:
            self._usage |= {key: value for key, value in usage.items() if value is not None}
            yield tokens.read(self._usage)


_READ: dict[str, Callable[[StreamReader, dict[str, Any]], Iterator[Event]]] = {
    "message_start": StreamReader._message_start,
    "content_block_start": StreamReader._block_start,
    "content_block_delta": StreamReader._block_delta,
    "content_block_stop": StreamReader._block_stop,
    "message_delta": StreamReader._message_delta,
    "message_stop": StreamReader._message_stop,
    "error": StreamReader._error,
}


def _index(payload: dict[str, Any]) -> int:
    return int(payload["index"])


def _string(fields: dict[str, Any], key: str) -> str:
    """An optional string. Anything else in its place is not this dialect."""
    value = fields.get(key) or ""
    if not isinstance(value, str):
        raise TypeError(f"{key} is not a string")
    return value


def _name(value: object) -> str:
    """Ids and names: some upstreams number them, or leave them out."""
    return "" if value is None else str(value)
