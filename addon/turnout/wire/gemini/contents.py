"""Contents and their parts, both ways.

https://ai.google.dev/api/caching#Content

user  model(functionCall...)  user(functionResponse...)  model ...
"""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from turnout.errors import UnsupportedError, WireError
from turnout.wire.changes import Changes
from turnout.wire.fields import get, need, of, only
from turnout.wire.gemini import sources
from turnout.wire.gemini.signature import FOREIGN
from turnout.wire.request import (
    Document,
    Image,
    Message,
    Part,
    Target,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)

type Sent = dict[str, Any]

ROLES = {"model": "assistant", "user": "user", "function": "user", "tool": "user", "": "user"}
# beside whatever a part holds
BESIDE = ("thought", "thoughtSignature", "partMetadata")
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

    def __call__(self, content: Any) -> Message:
        only(of(content, dict, "content"), ("role", "parts"), "contents")
        said = get(content, "role", str, "")
        if said not in ROLES:
            raise UnsupportedError("unknown_field", f"a content of {said}")
        parts = [self._part(of(part, dict, "part")) for part in get(content, "parts", list, [])]
        of_calls = [isinstance(part, ToolUse | Thinking) for part in parts]
        if ROLES[said] == "assistant":
            if any(isinstance(part, ToolResult) for part in parts):
                raise WireError("a model answers no calls")
            return Message("assistant", tuple(filter(None, parts)))
        if any(of_calls):
            raise WireError(f"a {said or 'user'} neither thinks nor calls")
        return Message("user", tuple(filter(None, parts)))

    def _part(self, part: Sent) -> Part | None:
        for name in sorted(part.keys() & NATIVE.keys()):
            if part[name] is not None:
                raise UnsupportedError(NATIVE[name], name)
        if part.get("mediaResolution") is not None:
            self._note("mediaResolution", "advice: other dialects have no word for it")
        if part.get("functionCall") is not None:
            return self._call(part)
        if part.get("functionResponse") is not None:
            return self._answer(part)
        return _plain(part)

    def _call(self, part: Sent) -> ToolUse:
        only(part, ("functionCall", *BESIDE), "part")
        call = need(part, "functionCall", dict)
        only(call, ("id", "name", "args"), "functionCall")
        name, sent = need(call, "name", str), get(call, "id", str, "")
        ours = sent or f"call_{self._calls}"
        self._calls += 1
        self._open.append((sent, ours, name))
        signature = get(part, "thoughtSignature", str, "")
        args = json.dumps(get(call, "args", dict, {}), ensure_ascii=False, separators=(",", ":"))
        return ToolUse(ours, name, args, signature="" if signature == FOREIGN else signature)

    def _answer(self, part: Sent) -> ToolResult:
        only(part, ("functionResponse", *BESIDE), "part")
        answer = need(part, "functionResponse", dict)
        only(answer, ("id", "name", "response", "parts"), "functionResponse")
        inside = [_plain(of(p, dict, "part")) for p in get(answer, "parts", list, [])]
        media = tuple(one for one in inside if isinstance(one, Text | Image | Document))
        text, is_error = _words(get(answer, "response", dict, {}))
        content = ((Text(text),) if text else ()) + media
        call = self._answered(get(answer, "id", str, ""), get(answer, "name", str, ""))
        return ToolResult(call, content, is_error)

    def _answered(self, sent: str, name: str) -> str:
        """The open call with this id, else the first with this name."""
        by_id = [call for call in self._open if sent and call[0] == sent]
        by_name = [call for call in self._open if call[2] == name]
        call = next(iter(by_id or by_name), None)
        if call is None:
            raise UnsupportedError("native_only", f"the answer of {name!r} belongs to no open call")
        self._open.remove(call)
        return call[1]


def _plain(part: Sent) -> Part | None:
    """A part that is no call; None when it says nothing."""
    if part.get("inlineData") is not None:
        only(part, ("inlineData", "mediaResolution", *BESIDE), "part")
        return sources.read_inline(part)
    if part.get("fileData") is not None:
        only(part, ("fileData", "mediaResolution", *BESIDE), "part")
        return sources.read_file(part)
    only(part, ("text", *BESIDE), "part")
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


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write(messages: list[Message], target: Target) -> Iterator[Sent]:
    """Messages in turn, each call answered by the next one."""
    names: dict[str, str] = {}
    order: dict[str, int] = {}
    for message in messages:
        if message.role == "assistant":
            calls = [part for part in message.parts if isinstance(part, ToolUse)]
            names |= {call.id: call.name for call in calls}
            order = {call.id: place for place, call in enumerate(calls)}
            parts = [_write(part, target) for part in message.parts]
            yield {"role": "model", "parts": parts}
        else:
            yield {"role": "user", "parts": list(_user(message, names, order, target))}


def _user(
    message: Message, names: dict[str, str], order: dict[str, int], target: Target
) -> Iterator[Sent]:
    """Answers in the order of their calls, then what else they showed, then the rest."""
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
    text = "\n".join(part.text for part in result.content if isinstance(part, Text))
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
