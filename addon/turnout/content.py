"""What was asked and said, kept only where the user wants it: `store.bodies`.

none      nothing (the default)
hashed    digests, which show whether two are the same
full      the client's body, and the parts of the answer as JSON, each at most MOST
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from turnout.wire.events import Event, Text, Thinking, ToolCall, ToolInput

MOST = 1 << 20  # characters

Form = Literal["none", "hashed", "full"]
type Part = dict[str, Any]

# event: the GenAI conventions' word for such a part
SPOKEN = {Text: "text", Thinking: "reasoning"}


@dataclass(frozen=True, slots=True)
class Content:
    """`answer`: JSON, a list of parts; both are SHA-256 in hex where `form` is "hashed"."""

    form: Form
    request: str
    answer: str


class Heard:
    """Collects the parts of an answer from its events."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._calls: dict[int, Part] = {}
        self._size = 0

    def hear(self, event: Event) -> None:
        if self._size >= MOST:
            return
        match event:
            case Text(text=text) | Thinking(text=text):
                self._speak(SPOKEN[type(event)], text)
            case ToolCall(index=index, id=id, name=name):
                call = {"type": "tool_call", "id": id, "name": name, "arguments": ""}
                self._calls[index] = call
                self._parts.append(call)
            case ToolInput(index=index, json=json) if index in self._calls:
                json = json[: MOST - self._size]
                self._calls[index]["arguments"] += json
                self._size += len(json)

    def _speak(self, kind: str, text: str) -> None:
        text = text[: MOST - self._size]
        self._size += len(text)
        if self._parts and self._parts[-1]["type"] == kind:
            self._parts[-1]["content"] += text
        else:
            self._parts.append({"type": kind, "content": text})

    def parts(self) -> Iterable[Part]:
        return tuple(self._parts)


def content(form: Form, body: bytes, heard: Heard | None) -> Content | None:
    """None where nothing is to be kept."""
    if form == "none":
        return None
    answer = msgspec.json.encode(heard.parts() if heard else ())
    if form == "hashed":
        return Content(form, *(hashlib.sha256(one).hexdigest() for one in (body, answer)))
    return Content(form, body.decode("utf-8", "replace")[:MOST], answer.decode())
