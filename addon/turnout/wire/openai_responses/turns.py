"""Messages -> items of a Responses input.

message  reasoning function_call function_call  function_call_output function_call_output  message
"""

from collections.abc import Iterator
from typing import Any

from turnout.wire import sealed
from turnout.wire.changes import Changes
from turnout.wire.openai_responses import content
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
    thinks,
)

type Item = dict[str, Any]

CONTENT = (Text, Image, Document)
TOOL_ERROR = "[tool error] "


def kept(message: Message, target: Target, note: Changes) -> Message:
    """Without thinking that the target cannot read, and without any that nothing follows.

    https://platform.openai.com/docs/guides/reasoning#keeping-reasoning-items-in-context
    """
    if not thinks(message):
        return message
    parts: list[Part] = []
    for part in reversed(message.parts):
        if not isinstance(part, Thinking) or (parts and _readable(part, target)):
            parts.append(part)
        else:
            note("thinking", "of another model: left out of the history")
    return Message(message.role, tuple(reversed(parts)))


def _readable(part: Thinking, target: Target) -> bool:
    opened = sealed.decode(part.signature)
    if opened is None or opened.kind != "encrypted" or target.reasoning == "none":
        return False
    known = target.minted(opened.data)
    return sealed.reads(opened, target.model) if known is None else known


def write(message: Message, target: Target) -> Iterator[Item]:
    match message.role:
        case "system":
            yield _message("developer", [content.write(part, target) for part in _said(message)])
        case "assistant":
            yield from map(_of_assistant, message.parts)
        case "user":
            yield from _of_user(message, target)


def _message(role: str, parts: list[Item]) -> Item:
    return {"type": "message", "role": role, "content": parts}


def _said(message: Message) -> list[content.Content]:
    return [part for part in message.parts if isinstance(part, CONTENT)]


def _of_assistant(part: Part) -> Item:
    match part:
        case Text(text):
            return _message("assistant", [{"type": "output_text", "text": text}])
        case Thinking(text, signature):
            return _reasoning(text, signature)
        case ToolUse(id, name, input):
            call = {"call_id": id, "name": name, "arguments": input or "{}"}
            return {"type": "function_call"} | call
        case _:
            raise TypeError(f"an assistant says no {type(part).__name__}")


def _reasoning(text: str, signature: str) -> Item:
    opened = sealed.decode(signature)
    summary = [{"type": "summary_text", "text": text}] if text else []
    item = {"type": "reasoning"} | ({"id": opened.id} if opened and opened.id else {})
    return item | {"summary": summary, "encrypted_content": opened.data if opened else None}


def _of_user(message: Message, target: Target) -> Iterator[Item]:
    for part in message.parts:
        if isinstance(part, ToolResult):
            yield _result(part, target)
    if said := [content.write(part, target) for part in _said(message)]:
        yield _message("user", said)


def _result(result: ToolResult, target: Target) -> Item:
    """A string as long as there is only text."""
    mark = TOOL_ERROR if result.is_error else ""
    output: str | list[Item] = mark + content.joined(result.content)
    if any(not isinstance(part, Text) for part in result.content):
        marked = [{"type": "input_text", "text": mark.rstrip()}] if mark else []
        output = [*marked, *(content.write(part, target) for part in result.content)]
    return {"type": "function_call_output", "call_id": result.id, "output": output}
