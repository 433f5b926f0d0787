"""Messages of Chat Completions, both ways.

system  user  assistant(tool_calls)  tool  tool  user ...
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from turnout.errors import UnsupportedError, WireError
from turnout.wire import call_input
from turnout.wire.changes import Changes
from turnout.wire.fields import get, need, of, only
from turnout.wire.memo import Raws, Reading
from turnout.wire.openai_chat import parts
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

COMMON = frozenset({"role", "content", "cache_control"})
TOOL = COMMON | {"tool_call_id", "name"}
# an assistant's own words of its last answer, sent back by SDKs
ECHOES = {"annotations", "audio", "function_call", "refusal", "reasoning_details"}
ASSISTANT = COMMON | ECHOES | {"tool_calls", "reasoning_content", "reasoning"}
CONTENT = (Text, Image, Document)
TOOL_ERROR = "[tool error] "


def read(raws: Raws, note: Changes) -> list[Message]:
    """In order. A call without a name is skipped, and so is its result."""
    try:
        found = _read(raws, note)
    except WireError:
        found = []  # of what is skipped, perhaps
    if found and not any(skipped for _, skipped in found):
        return [message for message, _ in found]
    one_by_one = Reader(note)
    return [one_by_one.read(msgspec.json.decode(raw)) for raw in raws]


class Reader:
    """Messages in, in order."""

    def __init__(self, note: Changes) -> None:
        self._note = note
        self.skipped: frozenset[str] = frozenset()

    def read(self, message: Any) -> Message:
        role = need(of(message, dict, "message"), "role", str)
        if role not in READ:
            raise UnsupportedError("unknown_field", f"a message of {role}")
        read = READ[role](self, message)
        return Message(read.role, _marked(read.parts, message))

    def system(self, message: Sent) -> Message:
        only(message, COMMON, "system")
        content = parts.read(message.get("content"), self._note)
        if not all(isinstance(part, Text) for part in content):
            raise WireError("a system message is text")
        return Message("system", content)

    def user(self, message: Sent) -> Message:
        only(message, COMMON, "user")
        return Message("user", parts.read(message.get("content"), self._note))

    def assistant(self, message: Sent) -> Message:
        only(message, ASSISTANT, "assistant")
        _refuse_echoes(message, self._note)
        thought = get(message, "reasoning_content", str) or get(message, "reasoning", str)
        refusal = get(message, "refusal", str)
        content = parts.read(message.get("content"), self._note)
        if not all(isinstance(part, Text) for part in content):
            raise WireError("an assistant says text")
        said = (
            *((Thinking(thought),) if thought else ()),
            *content,
            *((Text(refusal),) if refusal else ()),
            *self._calls(get(message, "tool_calls", list, [])),
        )
        return Message("assistant", said)

    def _calls(self, calls: list[Any]) -> Iterator[ToolUse]:
        for call in calls:
            if (kind := get(of(call, dict, "tool_call"), "type", str, "function")) != "function":
                raise UnsupportedError("custom_tools", kind)
            call_id, function = get(call, "id", str, ""), need(call, "function", dict)
            if name := get(function, "name", str):
                yield ToolUse(call_id, name, self._arguments(function.get("arguments")))
            else:
                self.skipped |= {call_id}
                self._note("tool_calls", "a call without a name is skipped")

    def _arguments(self, said: Any) -> str:
        """Some servers write the object itself."""
        if isinstance(said, dict):
            return msgspec.json.encode(said).decode()
        return call_input.read(said, "tool_calls.arguments", self._note)

    def tool(self, message: Sent) -> Message:
        only(message, TOOL, "tool")
        call_id = get(message, "tool_call_id", str, "")
        if call_id in self.skipped:
            return Message("user", ())
        content = parts.read(message.get("content"), self._note)
        return Message("user", (ToolResult(call_id, content),))


READ: dict[str, Callable[[Reader, Sent], Message]] = {
    "system": Reader.system,
    "developer": Reader.system,
    "user": Reader.user,
    "assistant": Reader.assistant,
    "tool": Reader.tool,
}


@Reading
def _read(message: Any, note: Changes) -> tuple[Message, frozenset[str]]:
    """And the calls in it that were skipped."""
    reader = Reader(note)
    return reader.read(message), reader.skipped


def _refuse_echoes(message: Sent, note: Changes) -> None:
    if message.get("audio"):
        raise UnsupportedError("audio", "the assistant's voice")
    if message.get("function_call"):
        raise UnsupportedError("unknown_field", "function_call")
    if message.get("annotations"):
        raise UnsupportedError("citations", "annotations")
    if message.get("reasoning_details"):
        note("reasoning_details", "of another model: left out of the history")


def _marked(read: tuple[Part, ...], message: Sent) -> tuple[Part, ...]:
    """A cache mark of the whole message is one of its last part."""
    ttl = parts.cache_ttl(message)
    if ttl is None or not read or isinstance(read[-1], Thinking):
        return read
    return (*read[:-1], replace(read[-1], cache=ttl))


def write(message: Message, target: Target) -> Iterator[Sent]:
    """One message of ours can be several of theirs: results are messages of their own."""
    match message.role:
        case "system":
            yield {"role": "system", "content": parts.joined(_content(message.parts))}
        case "assistant":
            yield _write_assistant(message, target)
        case "user":
            yield from _write_user(message, target)


def _content(of: tuple[Part, ...]) -> tuple[parts.Content, ...]:
    return tuple([part for part in of if isinstance(part, CONTENT)])


def _write_assistant(message: Message, target: Target) -> Sent:
    thought = "".join(part.text for part in message.parts if isinstance(part, Thinking))
    calls = [_write_call(part) for part in message.parts if isinstance(part, ToolUse)]
    if calls and target.replays_reasoning and not thought:
        raise UnsupportedError("reasoning_replay", "a call without the thought that led to it")
    return (
        {"role": "assistant", "content": parts.joined(_content(message.parts)) or None}
        | ({"reasoning_content": thought} if thought else {})
        | ({"tool_calls": calls} if calls else {})
    )


def _write_call(call: ToolUse) -> Sent:
    function = {"name": call.name, "arguments": call.input or "{}"}
    return {"id": call.id, "type": "function", "function": function}


def _write_user(message: Message, target: Target) -> Iterator[Sent]:
    """Results first; they are text, so their images go into the user message after them."""
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    yield from map(_write_result, results)
    media = [part for result in results for part in result.content if not isinstance(part, Text)]
    rest = (*media, *_content(message.parts))
    if content := parts.write(rest, target):
        yield {"role": "user", "content": content}


def _write_result(result: ToolResult) -> Sent:
    text = (TOOL_ERROR if result.is_error else "") + parts.joined(result.content)
    return {"role": "tool", "tool_call_id": result.id, "content": text}
