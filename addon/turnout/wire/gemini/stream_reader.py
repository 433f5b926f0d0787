"""Gemini: reading a streamed answer. See stream.py."""

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from turnout.errors import reading
from turnout.wire import sse
from turnout.wire.calls import Calls
from turnout.wire.events import (
    Event,
    Failed,
    Finished,
    Signature,
    Started,
    StopReason,
    Text,
    Thinking,
    Usage,
)
from turnout.wire.failures import failed
from turnout.wire.gemini import usage as tokens
from turnout.wire.gemini.framing import Objects
from turnout.wire.gemini.signature import alone, sealed

READ_FINISH: dict[str, StopReason] = {
    "STOP": "end",
    "MAX_TOKENS": "length",
    "SAFETY": "refusal",
    "RECITATION": "refusal",
    "LANGUAGE": "refusal",
    "BLOCKLIST": "refusal",
    "PROHIBITED_CONTENT": "refusal",
    "SPII": "refusal",
    "MODEL_ARMOR": "refusal",
    "IMAGE_SAFETY": "refusal",
    "IMAGE_PROHIBITED_CONTENT": "refusal",
    "IMAGE_RECITATION": "refusal",
}
# reasons that say the answer is broken
BROKEN = {
    "OTHER",
    "MALFORMED_FUNCTION_CALL",
    "MALFORMED_RESPONSE",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
    "IMAGE_OTHER",
    "NO_IMAGE",
}
UNSAID = "FINISH_REASON_UNSPECIFIED"
CUT = "the upstream closed before the answer was finished"


class StreamReader:
    """Bytes in, events out. Only a finishReason, or a blocked prompt, makes an ending honest."""

    def __init__(self, *, nonce: str | None = None) -> None:
        self._objects = Objects()
        self._started = False
        self._ended = False
        self._nonce = nonce or secrets.token_hex(6)
        self._calls = Calls(self._nonce)
        self._count = 0  # of calls
        self._usage: Usage | None = None
        self._finish = ""  # held: more may follow it
        self._why = ""
        self._blocked = ""
        self._links: dict[str, str] = {}  # cited uri -> title

    def feed(self, data: bytes, /) -> Iterator[Event]:
        with reading("gemini"):
            for chunk in self._objects.feed(data):
                if self._ended:
                    return
                yield from self.read(sse.read(chunk))
        if not data:
            yield from self.end()

    def read(self, chunk: dict[str, Any]) -> Iterator[Event]:
        """One chunk, or a whole answer."""
        if error := chunk.get("error"):
            self._ended = True
            yield failed(error)
            return
        feedback = chunk.get("promptFeedback") or {}
        candidates = [one for one in chunk.get("candidates") or () if not one.get("index")]
        used = tokens.find(chunk)
        if not self._started and (candidates or used or feedback):
            self._started = True
            yield Started(_name(chunk.get("responseId")), _name(chunk.get("modelVersion")))
        if reason := feedback.get("blockReason"):
            self._blocked = _name(reason)
            if why := feedback.get("blockReasonMessage"):
                yield Text(_string(why))
        for candidate in candidates:
            yield from self._candidate(candidate)
        if used and used != self._usage:
            self._usage = used
            yield used

    def _candidate(self, candidate: dict[str, Any]) -> Iterator[Event]:
        for part in (candidate.get("content") or {}).get("parts") or ():
            yield from self._part(part)
        cited = candidate.get("citationMetadata") or {}
        for source in cited.get("citationSources") or cited.get("citations") or ():
            if uri := source.get("uri"):
                self._links[_name(uri)] = _name(source.get("title"))
        reason = _name(candidate.get("finishReason"))
        if reason and reason != UNSAID:
            self._finish, self._why = reason, _name(candidate.get("finishMessage"))

    def _part(self, part: dict[str, Any]) -> Iterator[Event]:
        """Kinds of parts that we do not know come only of tools that no other dialect offers."""
        signature = _name(part.get("thoughtSignature"))
        if call := part.get("functionCall"):
            yield from self._call(call, signature)
            return
        if text := _string(part.get("text") or ""):
            yield Thinking(text) if part.get("thought") else Text(text)
        if signature:
            yield Signature(alone(signature))

    def _call(self, call: Mapping[str, Any], signature: str) -> Iterator[Event]:
        index, args = self._count, call.get("args")
        self._count += 1
        named = _name(call.get("id")) or f"call_{self._nonce}_{index}"
        yield from self._calls.take(
            index,
            id=sealed(named, signature),
            name=_name(call.get("name")),
            json=json.dumps({} if args is None else args, ensure_ascii=False),
        )

    def end(self) -> Iterator[Event]:
        """The one terminal event, unless it has been."""
        if self._ended:
            return
        self._ended = True
        if self._blocked and not self._finish:
            yield Finished("refusal", notes=(f"blockReason:{self._blocked[:40]}",))
        elif not self._started or not self._finish:
            yield Failed(CUT)
        elif self._finish in BROKEN:
            why = f": {self._why}" if self._why else ""
            yield Failed(f"the upstream broke off: {self._finish}{why}"[:600])
        else:
            yield from _sources(self._links)
            known = self._finish in READ_FINISH
            notes = () if known else (f"finishReason:{self._finish[:40]}",)
            yield self._calls.finish(READ_FINISH.get(self._finish, "end"), notes=notes)


def _sources(links: Mapping[str, str]) -> Iterable[Event]:
    """No other dialect has a place for what was cited: it becomes links after the text."""
    if links:
        lines = (f"[{title or uri}]({uri})" for uri, title in links.items())
        yield Text("\n\n" + "\n".join(lines))


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is not a string")
    return value


def _name(value: object) -> str:
    return "" if value is None else str(value)
