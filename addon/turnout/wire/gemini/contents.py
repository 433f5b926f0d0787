"""Contents and their parts, both ways.

https://ai.google.dev/api/caching#Content

user  model(functionCall...)  user(functionResponse...)  model ...
"""

import json
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from turnout.errors import UnsupportedError, WireError
from turnout.wire.changes import Changes
from turnout.wire.fields import get, need, of, only
from turnout.wire.gemini import sources
from turnout.wire.gemini.names import CONTENT, normal
from turnout.wire.gemini.signature import FOREIGN
from turnout.wire.memo import Raws, Reading
from turnout.wire.request import (
    Document,
    Image,
    Message,
    Part,
    Role,
    Target,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)

type Sent = dict[str, Any]

ROLES: dict[str, Role] = {
    "model": "assistant",
    "user": "user",
    "function": "user",
    "tool": "user",
    "": "user",
}
# beside whatever a part holds
BESIDE = frozenset({"thought", "thoughtSignature", "partMetadata"})
FIELDS = frozenset({"role", "parts"})
TEXT = BESIDE | {"text"}
CALL = BESIDE | {"functionCall"}
RESPONSE = BESIDE | {"functionResponse"}
# what only Google's machinery says, and the reason to give
NATIVE = {
    "executableCode": "native_only",
    "codeExecutionResult": "native_only",
    "toolCall": "native_only",
    "toolResponse": "native_only",
    "videoMetadata": "files",
}
# a function's answer under one of these names alone is text, or the error
ANSWERS = {"output": False, "result": False, "content": False, "error": True}


class Reader:
    """Contents in, in order. Calls without an id get one by their position in the conversation."""

    def __init__(self, note: Changes) -> None:
        self._note = note
        self._calls = 0
        self._open: list[tuple[str, str, str]] = []  # calls without an answer: sent id, ours, name

    def __call__(self, raws: Raws) -> list[Message]:
        return [self._with_ids(*one) for one in _read(raws, self._note)]

    def _with_ids(self, said: Message, answered: tuple[str, ...]) -> Message:
        kinds = set(map(type, said.parts))
        if ToolUse not in kinds and ToolResult not in kinds:
            return said
        names = iter(answered)
        parts = [self._named(part, names) for part in said.parts]
        same = all(map(operator.is_, parts, said.parts))
        return said if same else Message(said.role, tuple(parts))

    def _named(self, part: Part, names: Iterator[str]) -> Part:
        """With the id that it has here."""
        if isinstance(part, ToolUse):
            ours = part.id or f"call_{self._calls}"
            self._calls += 1
            self._open.append((part.id, ours, part.name))
        elif isinstance(part, ToolResult):
            ours = self._answered(part.id, next(names))
        else:
            return part
        return part if part.id == ours else replace(part, id=ours)

    def _answered(self, sent: str, name: str) -> str:
        """The open call with this id, else the first with this name."""
        if sent and self._open and self._open[0][0] == sent:
            return self._open.pop(0)[1]
        by_id = [call for call in self._open if sent and call[0] == sent]
        by_name = [call for call in self._open if call[2] == name]
        call = next(iter(by_id or by_name), None)
        if call is None:
            raise UnsupportedError("native_only", f"the answer of {name!r} belongs to no open call")
        self._open.remove(call)
        return call[1]


@Reading
def _read(value: Any, note: Changes) -> tuple[Message, tuple[str, ...]]:
    """With ids as they were sent, and which functions answer in it."""
    content = normal(of(value, dict, "content"), CONTENT)
    only(content, FIELDS, "contents")
    said = get(content, "role", str, "")
    if said not in ROLES:
        raise UnsupportedError("unknown_field", f"a content of {said}")
    answered: list[str] = []
    sent = [of(part, dict, "part") for part in get(content, "parts", list, [])]
    parts = [_part(part, answered, note) for part in sent]
    _check(said, parts)
    return Message(ROLES[said], tuple(filter(None, parts))), tuple(answered)


def _check(said: str, parts: Sequence[Part | None]) -> None:
    if ROLES[said] == "assistant":
        if any(isinstance(part, ToolResult) for part in parts):
            raise WireError("a model answers no calls")
    elif any(isinstance(part, ToolUse | Thinking) for part in parts):
        raise WireError(f"a {said or 'user'} neither thinks nor calls")


def _part(part: Sent, answered: list[str], note: Changes) -> Part | None:
    for name in () if NATIVE.keys().isdisjoint(part) else sorted(part.keys() & NATIVE.keys()):
        if part[name] is not None:
            raise UnsupportedError(NATIVE[name], name)
    if part.get("mediaResolution") is not None:
        note("mediaResolution", "advice: other dialects have no word for it")
    if part.get("functionCall") is not None:
        return _call(part)
    if part.get("functionResponse") is not None:
        return _answer(part, answered)
    return _plain(part)


def _call(part: Sent) -> ToolUse:
    only(part, CALL, "part")
    call = need(part, "functionCall", dict)
    only(call, ("id", "name", "args"), "functionCall")
    signature = get(part, "thoughtSignature", str, "")
    args = _json(get(call, "args", dict, {}))
    return ToolUse(
        get(call, "id", str, ""),
        need(call, "name", str),
        args,
        signature="" if signature == FOREIGN else signature,
    )


def _answer(part: Sent, answered: list[str]) -> ToolResult:
    only(part, RESPONSE, "part")
    answer = need(part, "functionResponse", dict)
    only(answer, ("id", "name", "response", "parts"), "functionResponse")
    inside = [_plain(of(p, dict, "part")) for p in get(answer, "parts", list, [])]
    media = tuple(one for one in inside if isinstance(one, Text | Image | Document))
    text, is_error = _words(get(answer, "response", dict, {}))
    content = ((Text(text),) if text else ()) + media
    answered.append(get(answer, "name", str, ""))
    return ToolResult(get(answer, "id", str, ""), content, is_error)


def _plain(part: Sent) -> Part | None:
    """A part that is no call; None when it says nothing."""
    if part.get("inlineData") is not None:
        only(part, ("inlineData", "mediaResolution", *BESIDE), "part")
        return sources.read_inline(part)
    if part.get("fileData") is not None:
        only(part, ("fileData", "mediaResolution", *BESIDE), "part")
        return sources.read_file(part)
    only(part, TEXT, "part")
    text = get(part, "text", str, "")
    if not text:
        return None
    return Thinking(text) if get(part, "thought", bool) else Text(text)


def _words(response: Sent) -> tuple[str, bool]:
    """What a function answered, and whether that is an error."""
    match list(response.items()):
        case []:
            return "", False
        case [(name, value)] if name in ANSWERS:
            return value if isinstance(value, str) else _json(value), ANSWERS[name]
        case _:
            return _json(response), False


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


# the calls of the message before, in order: id, name
type Called = tuple[tuple[str, str], ...]


def write(messages: Iterable[Message], target: Target) -> Iterator[Sent]:
    """Messages in turn, each call answered by the next one."""
    called: Called = ()
    for message in messages:
        if message.role == "assistant":
            called = tuple([(p.id, p.name) for p in message.parts if isinstance(p, ToolUse)])
            yield {"role": "model", "parts": [_write(part, target) for part in message.parts]}
        else:
            yield {"role": "user", "parts": list(_user(message, called, target))}


def _user(message: Message, called: Called, target: Target) -> Iterator[Sent]:
    """Answers in the order of their calls, then what else they showed, then the rest."""
    names = dict(called)
    order = {name: place for place, name in enumerate(names)}
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    results.sort(key=lambda result: order.get(result.id, 0))
    yield from (_write_result(result, names[result.id]) for result in results)
    for result in results:
        media = (part for part in result.content if not isinstance(part, Text))
        yield from (sources.write(part, target) for part in media)
    for part in message.parts:
        if not isinstance(part, ToolResult):
            yield _write(part, target)


def _write_result(result: ToolResult, name: str) -> Sent:
    text = "\n".join([part.text for part in result.content if isinstance(part, Text)])
    response = {"error" if result.is_error else "result": text}
    return {"functionResponse": {"id": result.id, "name": name, "response": response}}


def _write(part: Part, target: Target) -> Sent:
    match part:
        case Text(text):
            return {"text": text}
        case Image() | Document():
            return sources.write(part, target)
        case ToolUse(id, name, input):
            call = {"id": id, "name": name, "args": _arguments(input)}
            signed = {"thoughtSignature": part.signature} if part.signature else {}
            return {"functionCall": call} | signed
        case Thinking() | ToolResult():
            raise UnsupportedError("native_only", "out of place")


def _arguments(input: str) -> dict[str, Any]:
    """This dialect takes objects only."""
    try:
        arguments = msgspec.json.decode(input or "{}")
    except msgspec.DecodeError:
        arguments = input
    if arguments is None:
        return {}
    if not isinstance(arguments, dict):
        raise UnsupportedError("native_only", "arguments that are no JSON object")
    return arguments
