"""A conversation in the order that every dialect takes.

    user  assistant  user(results..., rest)  assistant  ...

Each call is answered by the next user message, results first; what stood between a call and its
results (Claude Code puts system messages there) follows them. Neighbours of one role are one
message. Tool ids come out in the alphabet of all dialects, unique in the conversation.
"""

import operator
from collections.abc import Iterable, Sequence
from itertools import chain

from msgspec.structs import replace

from turnout.errors import UnsupportedError
from turnout.wire.ids import tool_id
from turnout.wire.request import Message, Part, ToolResult, ToolUse


def paired(messages: Iterable[Message]) -> list[Message]:
    """Raises UnsupportedError for a call without a result, or a result without a call."""
    turns = _Turns()
    for message in messages:
        turns.add(message)
    return turns.close()


class _Turns:
    def __init__(self) -> None:
        self._out: list[list[Message]] = []  # neighbours of one role together
        self._times: dict[str, int] = {}  # how often an id has been given to a call
        self._open: list[tuple[str, str]] = []  # calls without a result: (client's id, ours)
        self._results: list[ToolResult] = []
        self._held: list[Message] = []

    def add(self, message: Message) -> None:
        if message.role == "assistant":
            self._settle()
            if ToolUse in map(type, message.parts):
                message = _with(message, [self._call(part) for part in message.parts])
            self._put(message)
        elif self._answers(message):
            self._open = []
            self._put(message)
        else:
            self._held.append(_with(message, [p for p in message.parts if not self._took(p)]))
            if not self._open:
                self._settle()

    def _answers(self, message: Message) -> bool:
        """All open calls and nothing else, in order and first of all: as most messages do."""
        ids = [(part.id, part.id) for part in message.parts if isinstance(part, ToolResult)]
        if ids != self._open or self._held or self._results:
            return False
        return not ids or (message.role == "user" and _first(len(ids), message.parts))

    def close(self) -> list[Message]:
        self._settle()
        return [_joined(messages) for messages in self._out]

    def _call(self, part: Part) -> Part:
        """Upstreams that number the calls of each answer from 0 use an id again and again."""
        if not isinstance(part, ToolUse):
            return part
        times = self._times.get(part.id, 0)
        self._times[part.id] = times + 1
        ours = tool_id(f"{part.id}~{times}" if times else part.id)
        self._open.append((part.id, ours))
        return part if ours == part.id else replace(part, id=ours)

    def _took(self, part: Part) -> bool:
        """A result without an id answers the first open call."""
        if not isinstance(part, ToolResult):
            return False
        call = next((call for call in self._open if part.id in ("", call[0])), None)
        if call is None:
            raise UnsupportedError("native_only", f"the result {part.id!r} belongs to no open call")
        self._open.remove(call)
        self._results.append(part if call[1] == part.id else replace(part, id=call[1]))
        return True

    def _settle(self) -> None:
        if self._open:
            raise UnsupportedError("native_only", f"the call {self._open[0][0]!r} has no result")
        if self._results:
            self._put(Message("user", tuple(self._results)))
            self._results = []
        for message in self._held:
            self._put(message)
        self._held = []

    def _put(self, message: Message) -> None:
        if not message.parts:
            return
        if self._out and self._out[-1][0].role == message.role:
            self._out[-1].append(message)
        else:
            self._out.append([message])


def _first(count: int, parts: Sequence[Part]) -> bool:
    """Are all results among the first `count` parts?"""
    return count == len(parts) or ToolResult not in map(type, parts[count:])


def _with(message: Message, parts: Sequence[Part]) -> Message:
    same = len(parts) == len(message.parts) and all(map(operator.is_, parts, message.parts))
    return message if same else Message(message.role, tuple(parts))


def _joined(messages: Sequence[Message]) -> Message:
    if len(messages) == 1:
        return messages[0]
    parts = chain.from_iterable([message.parts for message in messages])
    return Message(messages[0].role, tuple(parts))
