"""A conversation in the order that every dialect takes.

    user  assistant  user(results..., rest)  assistant  ...

Each call is answered by the next user message, results first; what stood between a call and its
results (Claude Code puts system messages there) follows them. Neighbours of one role are one
message. Tool ids come out in the alphabet of all dialects, unique in the conversation.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from turnout.errors import UnsupportedError
from turnout.wire.ids import tool_id
from turnout.wire.request import Message, Part, Role, ToolResult, ToolUse


def paired(messages: Iterable[Message]) -> list[Message]:
    """Raises UnsupportedError for a call without a result, or a result without a call."""
    turns = _Turns()
    for message in messages:
        turns.add(message)
    return turns.close()


class _Turns:
    def __init__(self) -> None:
        self._out: list[tuple[Role, list[Part]]] = []
        self._times: Counter[str] = Counter()  # how often an id has been given to a call
        self._open: list[tuple[str, str]] = []  # calls without a result: (client's id, ours)
        self._results: list[ToolResult] = []
        self._held: list[Message] = []

    def add(self, message: Message) -> None:
        if message.role == "assistant":
            self._settle()
            said = (self._call(p) if isinstance(p, ToolUse) else p for p in message.parts)
            self._put("assistant", tuple(said))
            return
        rest = tuple(p for p in message.parts if not (isinstance(p, ToolResult) and self._took(p)))
        self._held.append(message if rest == message.parts else Message(message.role, rest))
        if not self._open:
            self._settle()

    def close(self) -> list[Message]:
        self._settle()
        return [Message(role, tuple(parts)) for role, parts in self._out]

    def _call(self, part: ToolUse) -> ToolUse:
        """Upstreams that number the calls of each answer from 0 use an id again and again."""
        times = self._times[part.id]
        self._times[part.id] += 1
        ours = tool_id(f"{part.id}~{times}" if times else part.id)
        self._open.append((part.id, ours))
        return part if ours == part.id else replace(part, id=ours)

    def _took(self, part: ToolResult) -> bool:
        """A result without an id answers the first open call."""
        call = next((call for call in self._open if part.id in ("", call[0])), None)
        if call is None:
            raise UnsupportedError("native_only", f"the result {part.id!r} belongs to no open call")
        self._open.remove(call)
        self._results.append(part if call[1] == part.id else replace(part, id=call[1]))
        return True

    def _settle(self) -> None:
        if self._open:
            raise UnsupportedError("native_only", f"the call {self._open[0][0]!r} has no result")
        self._put("user", self._results)
        for message in self._held:
            self._put(message.role, message.parts)
        self._results, self._held = [], []

    def _put(self, role: Role, parts: Sequence[Part]) -> None:
        if not parts:
            return
        if self._out and self._out[-1][0] == role:
            self._out[-1][1].extend(parts)
        else:
            self._out.append((role, list(parts)))
