"""Items of a Responses input -> messages. Neighbours that the model said are one message.

https://platform.openai.com/docs/api-reference/responses/create
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from turnout.errors import UnsupportedError, WireError
from turnout.wire import call_input, sealed
from turnout.wire.changes import Changes
from turnout.wire.fields import get, need, of, only
from turnout.wire.memo import Raws, Reading
from turnout.wire.openai_responses import compaction, content
from turnout.wire.openai_responses.names import Odd, flat
from turnout.wire.openai_responses.tools import INPUT
from turnout.wire.request import Message, Part, Role, Text, Thinking, ToolResult, ToolUse

type Item = dict[str, Any]

# on every item, and nobody's loss: ids, marks and who called it when
COMMON = frozenset({"type", "id", "status", "phase", "created_by", "caller", "namespace", "async",
                    "internal_chat_message_metadata_passthrough"})  # fmt: skip
MESSAGE = COMMON | {"role", "content"}
CALL = COMMON | {"call_id", "name", "arguments"}
OUTPUT = COMMON | {"call_id", "name", "output"}
ROLES: dict[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
}
PHASES = {"commentary", "final_answer"}
SUMMARY_BREAK = "\n\n"


def read(items: Raws, model: str, odd: Odd, note: Changes) -> tuple[list[Message], list[Item]]:
    """The conversation, and the items that are no part of it.

    `model`: the one asked for, to whose family the reasoning belongs. `odd`: names of tools.
    """
    conversation, apart = _Conversation(), list[Item]()
    for item, found in zip(items, _read(items, note, model, odd), strict=True):
        if found:
            conversation.add(found)
        else:
            apart.append(msgspec.json.decode(item))
    return conversation.close(), apart


class _Conversation:
    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._said: list[Part] = []  # by the model, since anybody else spoke

    def add(self, message: Message) -> None:
        if message.role == "assistant":
            self._said += message.parts
            return
        self.close()
        self._messages.append(message)

    def close(self) -> list[Message]:
        if self._said:
            self._messages.append(Message("assistant", tuple(self._said)))
            self._said = []
        return self._messages


@Reading
def _read(item: Any, note: Changes, model: str, odd: Odd) -> Message | None:
    """None for what is no part of the conversation."""
    kind = get(of(item, dict, "item"), "type", str)
    kind = kind or ("message" if "role" in item else "item_reference")
    if kind not in READ:
        raise UnsupportedError("native_only", f"item {kind}")
    if (get(item, "caller", dict) or {}).get("type", "direct") != "direct":
        raise UnsupportedError("native_only", "a call by code execution")
    if get(item, "phase", str, "final_answer") not in PHASES:
        raise UnsupportedError("native_only", f"phase {item['phase']}")
    return READ[kind](item, Around(model, odd, note))


@dataclass(frozen=True, slots=True)
class Around:
    """What an item's meaning depends on besides."""

    model: str
    odd: Odd
    note: Changes


def _message(item: Item, around: Around) -> Message:
    only(item, MESSAGE, "message")
    said = need(item, "role", str)
    if said not in ROLES:
        raise UnsupportedError("unknown_field", f"a message of {said}")
    role, parts = ROLES[said], content.read(item.get("content"), around.note)
    if role != "user" and not all(isinstance(part, Text) for part in parts):
        raise WireError(f"a message of {said} is text")
    return Message(role, parts)


def _agent_message(item: Item, around: Around) -> Message:
    """Codex: between its agents. Which of them the model is nobody says but `author`."""
    only(item, COMMON | {"author", "recipient", "content"}, "agent_message")
    author, to = str(item.get("author") or ""), str(item.get("recipient") or "")
    text = content.joined(content.read(item.get("content"), around.note))
    if author == "assistant":
        return Message("assistant", (Text(text),))
    names = f"{author} to {to}" if to else author
    return Message("user", (Text(f"Message from {names}:\n{text}" if author else text),))


def _reasoning(item: Item, around: Around) -> Message:
    only(item, COMMON | {"summary", "content", "encrypted_content"}, "reasoning")
    blocks = get(item, "summary", list, []) or get(item, "content", list, [])
    texts = [need(of(block, dict, "summary"), "text", str) for block in blocks]
    secret = get(item, "encrypted_content", str, "")
    if secret and not sealed.is_sealed(secret):
        own = get(item, "id", str, "")
        secret = sealed.encode(sealed.Sealed("encrypted", around.model, secret, own))
    thought = (Thinking(SUMMARY_BREAK.join(texts), secret),) if texts or secret else ()
    return Message("assistant", thought)


def _function_call(item: Item, around: Around) -> Message:
    only(item, CALL, "function_call")
    said = call_input.read(item.get("arguments"), "function_call.arguments", around.note)
    call = ToolUse(get(item, "call_id", str, ""), _name(item, around), said)
    return Message("assistant", (call,))


def _custom_tool_call(item: Item, around: Around) -> Message:
    only(item, COMMON | {"call_id", "name", "input"}, "custom_tool_call")
    arguments = json.dumps({INPUT: get(item, "input", str, "")}, ensure_ascii=False)
    call = ToolUse(get(item, "call_id", str, ""), _name(item, around), arguments)
    return Message("assistant", (call,))


def _name(item: Item, around: Around) -> str:
    namespace, name = get(item, "namespace", str, ""), need(item, "name", str)
    return dict(around.odd).get((namespace, name)) or flat(namespace, name)


def _output(item: Item, around: Around) -> Message:
    only(item, OUTPUT, "output")
    read = content.read(item.get("output"), around.note)
    return Message("user", (ToolResult(get(item, "call_id", str, ""), read),))


def _compaction(item: Item, _: Around) -> Message:
    only(item, COMMON | {"encrypted_content"}, "compaction")
    text = compaction.opened(get(item, "encrypted_content", str))
    if text is None:
        raise UnsupportedError("native_only", "a summary that only OpenAI can read")
    return Message("user", (Text(text),))


def _apart(_: Item, __: Around) -> None:
    """It says nothing in the conversation."""


READ: dict[str, Callable[[Item, Around], Message | None]] = {
    "message": _message,
    "agent_message": _agent_message,
    "reasoning": _reasoning,
    "function_call": _function_call,
    "custom_tool_call": _custom_tool_call,
    "function_call_output": _output,
    "custom_tool_call_output": _output,
    compaction.ITEM: _compaction,
    "additional_tools": _apart,
    "configuration_update": _apart,
}
