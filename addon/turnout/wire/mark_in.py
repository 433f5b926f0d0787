"""Takes the routing mark out of a conversation that a client sends back.

Only texts are looked at, those beside the conversation too (system, instructions: some clients put
their summary of it there): what a tool was given or has said stays. A block with nothing else in it
goes, a message with nothing else in it too, and then its neighbours of one role become one where
the dialect wants roles to alternate. Everything else stays as it is, to the byte.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from turnout.errors import WireError, reading
from turnout.wire import splice
from turnout.wire.mark import HINT, READ, WRITTEN
from turnout.wire.request import Change, DialectName

WHY = "the routing mark is for people only"


@dataclass(frozen=True, slots=True)
class Shape:
    """`conversation`: member of the body; `parts`: of a message. `alternate`: roles have to.

    `system`: members of the body with system text, in the spellings that there are.
    """

    conversation: str
    parts: str
    alternate: bool = False
    system: tuple[str, ...] = ()


SHAPES: Mapping[DialectName, Shape] = {
    "anthropic": Shape("messages", "content", alternate=True, system=("system",)),
    "openai_chat": Shape("messages", "content"),
    "openai_responses": Shape("input", "content", system=("instructions",)),
    "gemini": Shape(
        "contents", "parts", alternate=True, system=("systemInstruction", "system_instruction")
    ),
}
OURS = frozenset({"assistant", "model"})
# what tools say; and thoughts, which nobody may edit: they are sealed
TOOLS = frozenset({"tool", "function"})
THOUGHTS = frozenset({"thinking", "reasoning", "summary_text", "reasoning_text"})


@dataclass(frozen=True, slots=True)
class Unmarked:
    """`last`: provider/model of the latest mark in an answer, "" for none."""

    body: bytes
    changes: tuple[Change, ...] = ()
    last: str = ""


def unmarked(body: bytes, dialect: DialectName) -> Unmarked:
    """Raises WireError for a conversation that cannot be cleaned."""
    if HINT not in body:
        return Unmarked(body)
    shape, members = SHAPES[dialect], splice.fields(body)
    cleaning = _Cleaning(shape)
    work = {shape.conversation: cleaning.conversation} | dict.fromkeys(
        shape.system, cleaning.system
    )
    new: dict[str, bytes] = {}
    for name, clean in work.items():
        raw = body[members[name].value : members[name].end] if name in members else b""
        if HINT in raw and (left := clean(raw)) != raw:
            new[name] = left
    if not new:
        return Unmarked(body)
    kept = {name: left for name, left in new.items() if left}
    edited = splice.edit(body, replace=kept, remove=new.keys() - kept.keys())
    return Unmarked(edited, tuple(Change(name, WHY) for name in new), cleaning.last)


class _Cleaning:
    def __init__(self, shape: Shape) -> None:
        self._shape, self.last = shape, ""

    def conversation(self, raw: bytes) -> bytes:
        if raw[:1] == b'"':  # Responses: the user's words alone
            return self._needed(self._text(raw, ours=False))
        items = splice.elements(raw)
        new = [self._message(item) if HINT in item else item for item in items]
        if self._shape.alternate:
            self._join(new)
        elif any(not now and _thinks(before) for before, now in zip(items, new[1:], strict=False)):
            raise WireError("a thought would lose the message that belongs to it")
        return splice.items(raw, new)

    def system(self, raw: bytes) -> bytes:
        """A text, blocks of it, or Gemini's content; b"" when it was nothing but the mark."""
        if raw[:1] != b"{":
            return self._content(raw, ours=False)
        field = splice.fields(raw).get(self._shape.parts)
        value = raw[field.value : field.end] if field else b"null"
        left = self._content(value, ours=False)
        return splice.edit(raw, replace={self._shape.parts: left}) if left and field else left

    def _message(self, raw: bytes) -> bytes:
        """b"" when it was nothing but the mark."""
        said, name = _read(raw), self._shape.parts
        role, kind = said.get("role"), said.get("type", "message")
        if kind in THOUGHTS:
            return _clear(raw)
        field = splice.fields(raw).get(name)
        if role in TOOLS or kind != "message" or field is None:
            return raw
        value = raw[field.value : field.end]
        new = self._content(value, ours=role in OURS)
        if new or new == value:
            return splice.edit(raw, replace={name: new}) if new != value else raw
        if said.get("tool_calls"):
            return splice.edit(raw, replace={name: b"null"})
        return b"" if role in OURS else self._needed(b"")

    def _content(self, raw: bytes, *, ours: bool) -> bytes:
        if raw[:1] == b'"':
            return self._text(raw, ours=ours)
        if raw[:1] != b"[":
            return raw
        parts = splice.elements(raw)
        new = [self._part(part, ours=ours) if HINT in part else part for part in parts]
        return splice.items(raw, new) if any(new) else b""

    def _part(self, raw: bytes, *, ours: bool) -> bytes:
        part = _read(raw)
        if part.get("type") in THOUGHTS or part.get("thought"):
            return _clear(raw)
        if not isinstance(part.get("text"), str):
            return raw
        field = splice.fields(raw)["text"]
        value = raw[field.value : field.end]
        new = self._text(value, ours=ours)
        return splice.edit(raw, replace={"text": new}) if new else b""

    def _text(self, raw: bytes, *, ours: bool) -> bytes:
        """b"" when nothing is left of a JSON string."""
        if ours:
            for found in WRITTEN.finditer(raw):
                self.last = found[1].replace(b"\\/", b"/").decode()
        new = _clear(WRITTEN.sub(b"", raw))
        return b"" if new != raw and not msgspec.json.decode(new).strip() else new

    def _needed(self, raw: bytes) -> bytes:
        if not raw:
            raise WireError("the user says nothing but a routing mark")
        return raw

    def _join(self, messages: list[bytes]) -> None:
        """Where a message went, its neighbours of one role become one."""
        for gone in (i for i, message in enumerate(messages) if not message):
            before = next((i for i in range(gone - 1, -1, -1) if messages[i]), None)
            after = next((i for i in range(gone + 1, len(messages)) if messages[i]), None)
            if before is None or after is None:
                continue
            if _read(messages[before]).get("role") == _read(messages[after]).get("role"):
                parts = self._parts(messages[before]) + self._parts(messages[after])
                new = {self._shape.parts: splice.array(parts)}
                messages[before], messages[after] = splice.edit(messages[before], replace=new), b""

    def _parts(self, message: bytes) -> list[bytes]:
        field = splice.fields(message)[self._shape.parts]
        raw = message[field.value : field.end]
        text = raw[:1] == b'"'
        return [b'{"type":"text","text":%b}' % raw] if text else splice.elements(raw)


def _thinks(raw: bytes) -> bool:
    """OpenAI refuses such an item alone."""
    return b'"reasoning"' in raw and _read(raw).get("type") == "reasoning"


def _read(raw: bytes) -> dict[str, Any]:
    with reading("JSON"):
        return msgspec.json.decode(raw, type=dict[str, Any])


def _clear(raw: bytes) -> bytes:
    """Raises WireError when there is still a mark, escaped in a way that nobody does, say."""
    with reading("JSON"):
        text = str(msgspec.json.decode(raw))
    if READ.search(text):
        raise WireError("a routing mark is where it cannot be taken out")
    return raw
