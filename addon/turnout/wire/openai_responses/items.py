"""Items of a Responses input -> messages. Neighbours that the model said are one message.

https://platform.openai.com/docs/api-reference/responses/create
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from turnout.errors import UnsupportedError, WireError
from turnout.wire import sealed
from turnout.wire.changes import Changes
from turnout.wire.fields import get, need, of, only
from turnout.wire.openai_responses import compaction, content
from turnout.wire.openai_responses.names import Names
from turnout.wire.openai_responses.tools import INPUT
from turnout.wire.request import Message, Part, Role, Text, Thinking, ToolResult, ToolUse

type Item = dict[str, Any]

# on every item, and nobody's loss: ids, marks and who called it when
COMMON = ("type", "id", "status", "phase", "created_by", "caller", "namespace", "async",
          "internal_chat_message_metadata_passthrough")  # fmt: skip
ROLES: dict[str, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
}
PHASES = {"commentary", "final_answer"}
SUMMARY_BREAK = "\n\n"


class Reader:
    """Items in, messages out. `model`: the one asked for, to whose family the reasoning belongs."""

    def __init__(self, model: str, names: Names, note: Changes) -> None:
        self._model, self._names, self._note = model, names, note
        self._messages: list[Message] = []
        self._said: list[Part] = []  # by the model, since anybody else spoke

    def __call__(self, items: Iterable[Any]) -> list[Message]:
        for item in items:
            self._take(of(item, dict, "item"))
        self._turn()
        return self._messages

    def _take(self, item: Item) -> None:
        kind = get(item, "type", str) or ("message" if "role" in item else "item_reference")
        if kind not in READ:
            raise UnsupportedError("native_only", f"item {kind}")
        if (get(item, "caller", dict) or {}).get("type", "direct") != "direct":
            raise UnsupportedError("native_only", "a call by code execution")
        if get(item, "phase", str, "final_answer") not in PHASES:
            raise UnsupportedError("native_only", f"phase {item['phase']}")
        READ[kind](self, item)

    def _turn(self) -> None:
        if self._said:
            self._messages.append(Message("assistant", tuple(self._said)))
            self._said = []

    def _others(self, role: Role, *parts: Part) -> None:
        self._turn()
        self._messages.append(Message(role, parts))

    def message(self, item: Item) -> None:
        only(item, (*COMMON, "role", "content"), "message")
        said = need(item, "role", str)
        if said not in ROLES:
            raise UnsupportedError("unknown_field", f"a message of {said}")
        role, parts = ROLES[said], content.read(item.get("content"), self._note)
        if role != "user" and not all(isinstance(part, Text) for part in parts):
            raise WireError(f"a message of {said} is text")
        if role == "assistant":
            self._said.extend(parts)
        else:
            self._others(role, *parts)

    def agent_message(self, item: Item) -> None:
        """Codex: between its agents. Which of them the model is nobody says but `author`."""
        only(item, (*COMMON, "author", "recipient", "content"), "agent_message")
        author, to = str(item.get("author") or ""), str(item.get("recipient") or "")
        text = content.joined(content.read(item.get("content"), self._note))
        if author == "assistant":
            self._said.append(Text(text))
            return
        names = f"{author} to {to}" if to else author
        self._others("user", Text(f"Message from {names}:\n{text}" if author else text))

    def reasoning(self, item: Item) -> None:
        only(item, (*COMMON, "summary", "content", "encrypted_content"), "reasoning")
        blocks = get(item, "summary", list, []) or get(item, "content", list, [])
        texts = [need(of(block, dict, "summary"), "text", str) for block in blocks]
        secret = get(item, "encrypted_content", str, "")
        if secret and not sealed.is_sealed(secret):
            own = get(item, "id", str, "")
            secret = sealed.encode(sealed.Sealed("encrypted", self._model, secret, own))
        if texts or secret:
            self._said.append(Thinking(SUMMARY_BREAK.join(texts), secret))

    def function_call(self, item: Item) -> None:
        only(item, (*COMMON, "call_id", "name", "arguments"), "function_call")
        arguments = self._arguments(item.get("arguments"))
        self._said.append(ToolUse(get(item, "call_id", str, ""), self._name(item), arguments))

    def custom_tool_call(self, item: Item) -> None:
        only(item, (*COMMON, "call_id", "name", "input"), "custom_tool_call")
        arguments = json.dumps({INPUT: get(item, "input", str, "")}, ensure_ascii=False)
        self._said.append(ToolUse(get(item, "call_id", str, ""), self._name(item), arguments))

    def _name(self, item: Item) -> str:
        return self._names.of(get(item, "namespace", str, ""), need(item, "name", str))

    def _arguments(self, said: Any) -> str:
        """JSON text of an object: other dialects take nothing else."""
        text = of(said or "", str, "arguments").strip()
        if not text:
            return "{}"
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            value = text
        if isinstance(value, dict):
            return text
        if value is not None:
            self._note("function_call.arguments", "{}: they were no JSON object")
        return "{}"

    def output(self, item: Item) -> None:
        only(item, (*COMMON, "call_id", "name", "output"), "output")
        read = content.read(item.get("output"), self._note)
        self._others("user", ToolResult(get(item, "call_id", str, ""), read))

    def compaction(self, item: Item) -> None:
        only(item, (*COMMON, "encrypted_content"), "compaction")
        text = compaction.opened(get(item, "encrypted_content", str))
        if text is None:
            raise UnsupportedError("native_only", "a summary that only OpenAI can read")
        self._others("user", Text(text))

    def silent(self, _: Item) -> None:
        """It is read before the conversation is."""


READ: dict[str, Callable[[Reader, Item], None]] = {
    "message": Reader.message,
    "agent_message": Reader.agent_message,
    "reasoning": Reader.reasoning,
    "function_call": Reader.function_call,
    "custom_tool_call": Reader.custom_tool_call,
    "function_call_output": Reader.output,
    "custom_tool_call_output": Reader.output,
    compaction.ITEM: Reader.compaction,
    "additional_tools": Reader.silent,
    "configuration_update": Reader.silent,
}
