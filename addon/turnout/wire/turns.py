"""A conversation in the order that every dialect takes.

    user  assistant  user(results..., rest)  assistant  ...

Each call is answered by the next user message, results first; what stood between a call and its
results (Claude Code puts system messages there) follows them. Neighbours of one role are one
message. Tool ids come out in the alphabet of all dialects, unique in the conversation.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

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
        self._out: list[Message] = []
        self._times: Counter[str] = Counter()  # how often an id has been given to a call
        self._open: list[tuple[str, str]] = []  # calls without a result: (client's id, ours)
        self._results: list[ToolResult] = []
        self._held: list[Message] = []

    def add(self, message: Message) -> None:
        if message.role == "assistant":
            self._settle()
            self._put(replace(message, parts=tuple(self._call(part) for part in message.parts)))
            return
        rest = tuple(part for part in message.parts if not self._took(part))
        self._held.append(replace(message, parts=rest))
        if not self._open:
            self._settle()

    def close(self) -> list[Message]:
        self._settle()
        return self._out

    def _call(self, part: Part) -> Part:
        """Upstreams that number the calls of each answer from 0 use an id again and again."""
        if not isinstance(part, ToolUse):
            return part
        times = self._times[part.id]
        self._times[part.id] += 1
        ours = tool_id(f"{part.id}~{times}" if times else part.id)
        self._open.append((part.id, ours))
        return replace(part, id=ours)

    def _took(self, part: Part) -> bool:
        """A result without an id answers the first open call."""
        if not isinstance(part, ToolResult):
            return False
        call = next((call for call in self._open if part.id in ("", call[0])), None)
        if call is None:
            raise UnsupportedError("native_only", f"the result {part.id!r} belongs to no open call")
        self._open.remove(call)
        self._results.append(replace(part, id=call[1]))
        return True

    def _settle(self) -> None:
        if self._open:
            raise UnsupportedError("native_only", f"the call {self._open[0][0]!r} has no result")
        self._put(Message("user", tuple(self._results)))
        for message in self._held:
            self._put(message)
        self._results, self._held = [], []

    def _put(self, message: Message) -> None:
        if not message.parts:
            return
        last = self._out[-1] if self._out else None
        if last and last.role == message.role:
            self._out[-1] = replace(last, parts=last.parts + message.parts)
        else:
            self._out.append(message)
