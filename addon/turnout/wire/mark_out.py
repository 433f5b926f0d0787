"""The routing mark in an answer that stays in its dialect: a few bytes more in one JSON string.

Nothing else is written again. Responses says its text up to five times, so the mark is in each.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from turnout.errors import WireError, reading
from turnout.wire import splice
from turnout.wire.request import DialectName

_BETWEEN = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)|(?<=\r\r)")  # frames
_DATA = re.compile(rb"(?:\A|(?<=[\r\n]))data: ?([^\r\n]+)")

type Path = tuple[str | int, ...]
type Find = Callable[[Any], Path | None]


class Frames:
    """Whole frames of a stream in, the same frames out. What it cannot read passes as it came."""

    def __init__(self, dialect: DialectName, mark: str) -> None:
        self._mark = mark
        self._responses = Repeated() if dialect == "openai_responses" else None
        self._find: Find = self._responses or STREAMED[dialect]
        self._done = False

    def __call__(self, frames: bytes) -> bytes:
        if self._done:
            return frames
        return b"".join(map(self._frame, _BETWEEN.split(frames)))

    def _frame(self, frame: bytes) -> bytes:
        found = [*_DATA.finditer(frame)]
        if self._done or len(found) != 1 or found[0][1] == b"[DONE]":
            return frame
        try:
            new = inserted(found[0][1], self._find, self._mark)
        except WireError:
            self._done = True
            return frame
        if new != found[0][1]:
            self._done = self._responses is None
        return frame[: found[0].start(1)] + new + frame[found[0].end(1) :]


class Repeated:
    """Responses: the first text of a stream, and where its later events say it again."""

    def __init__(self) -> None:
        self._item, self._at = "", (-1, -1)  # its item's id; which item, which part of it

    def __call__(self, event: Any) -> Path | None:
        kind = event["type"]
        if kind == "response.output_text.delta" and self._at == (-1, -1) and event["delta"]:
            self._item = event.get("item_id", "")
            self._at = event["output_index"], event["content_index"]
            return ("delta",)
        if kind in ENDS:
            return self._in_response(event["response"].get("output") or [])
        if kind not in AGAIN or event.get("output_index") != self._at[0]:
            return None
        if kind != "response.output_item.done" and event["content_index"] != self._at[1]:
            return None
        return tuple(self._at[1] if step is ... else step for step in AGAIN[kind])

    def _in_response(self, output: list[Any]) -> Path | None:
        if self._at == (-1, -1):
            return None
        ids = [item.get("id") for item in output]
        index = ids.index(self._item) if self._item in ids else self._at[0]
        return ("response", "output", index, "content", self._at[1], "text")


# event -> where the text is in it; ... stands for the number of the part
AGAIN: Mapping[str, tuple[Any, ...]] = {
    "response.output_text.done": ("text",),
    "response.content_part.done": ("part", "text"),
    "response.output_item.done": ("item", "content", ..., "text"),
}
ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})


def _anthropic_event(event: Any) -> Path | None:
    match event:
        case {"type": "content_block_delta", "delta": {"type": "text_delta", "text": str(said)}}:
            return ("delta", "text") if said else None
        case {"type": "content_block_start", "content_block": {"type": "text", "text": str(said)}}:
            return ("content_block", "text") if said else None
        case _:
            return None


def _chat_chunk(chunk: Any) -> Path | None:
    match chunk:
        case {"choices": [{"delta": {"content": str(said)}}, *_]} if said:
            return ("choices", 0, "delta", "content")
        case _:
            return None


def _chat(answer: Any) -> Path | None:
    match answer:
        case {"choices": [{"message": {"content": str(said)}}, *_]} if said:
            return ("choices", 0, "message", "content")
        case _:
            return None


def _gemini(answer: Any) -> Path | None:
    """Streamed and whole alike."""
    match answer:
        case {"candidates": [{"content": {"parts": [*parts]}}, *_]}:
            found = _first(parts, lambda part: not part.get("thought"))
            return None if found is None else ("candidates", 0, "content", "parts", found, "text")
        case _:
            return None


def _anthropic(answer: Any) -> Path | None:
    found = _first(answer.get("content") or [], lambda block: block.get("type") == "text")
    return None if found is None else ("content", found, "text")


def _responses(answer: Any) -> Path | None:
    for number, item in enumerate(answer.get("output") or []):
        if item.get("type") == "message":
            found = _first(item.get("content") or [], lambda p: p.get("type") == "output_text")
            if found is not None:
                return ("output", number, "content", found, "text")
    return None


def _first(parts: list[Any], fits: Callable[[Any], bool]) -> int | None:
    return next((i for i, part in enumerate(parts) if part.get("text") and fits(part)), None)


STREAMED: Mapping[DialectName, Find] = {
    "anthropic": _anthropic_event,
    "openai_chat": _chat_chunk,
    "gemini": _gemini,
}
WHOLE: Mapping[DialectName, Find] = {
    "anthropic": _anthropic,
    "openai_chat": _chat,
    "openai_responses": _responses,
    "gemini": _gemini,
}


def whole(body: bytes, dialect: DialectName, mark: str) -> bytes:
    """An answer that is not streamed; as it came where no text is found."""
    try:
        return inserted(body, WHOLE[dialect], mark)
    except WireError:
        return body


def inserted(raw: bytes, find: Find, mark: str) -> bytes:
    """`raw`, JSON, with `mark` at the beginning of the string that `find` finds in it."""
    with reading("JSON"):
        path = find(msgspec.json.decode(raw))
        if path is None:
            return raw
        at = _offset(raw, path)
        if raw[at : at + 1] != b'"':
            raise WireError("no text where it was before")
        return b"%b%b%b" % (raw[: at + 1], msgspec.json.encode(mark)[1:-1], raw[at + 1 :])


def _offset(raw: bytes, path: Path) -> int:
    """Of a value in `raw`."""
    at, piece = 0, raw
    for step in path:
        if isinstance(step, int):
            start, end = splice.spans(piece)[step]
        else:
            field = splice.fields(piece)[step]
            start, end = field.value, field.end
        at, piece = at + start, piece[start:end]
    return at
