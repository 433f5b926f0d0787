"""A conversation made ready for a target and written, some steps at a time.

    head  steps  steps  steps  tail

Steps begin with an assistant's message and end with the user's that answers all of its calls, so
what is done with some of them does not depend on the others: it is remembered (memo.py), for the
same steps come again with every request. The head is what came before the first, the tail what
came last. A conversation that is not like that is worked on as one.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire.changes import Changes
from turnout.wire.memo import LONGEST, ROW, Writing, packed
from turnout.wire.request import Message, Target, ToolUse
from turnout.wire.turns import paired

type Messages = tuple[Message, ...]
type Sent = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Steps:
    """Messages as the target takes them. `size`: of steps worth remembering; 0 for others."""

    turns: Messages
    size: int = 0


class Preparing:
    """`keep` leaves out what the target cannot read: (message, target, note, *besides).

    That is done with every request: what the target reads depends on what is known by now.
    """

    def __init__(self, keep: Callable[..., Message]) -> None:
        self._keep = keep

    def __call__(
        self, messages: Messages, target: Target, note: Changes, *besides: Hashable
    ) -> list[Steps]:
        """None without turns. Raises UnsupportedError, see `paired`."""
        kept = tuple([self._keep(message, target, note, *besides) for message in messages])
        try:
            found = _in_rows(kept, target, note)
        except UnsupportedError:
            found = None  # whatever is wrong: the whole of it tells
        if found is None:
            found = [Steps(tuple(paired(kept)))]
        found = [steps for steps in found if steps.turns]
        return [*found[:-1], *(Steps(steps.turns) for steps in found[-1:])]


def _in_rows(messages: Messages, target: Target, note: Changes) -> list[Steps] | None:
    """None when they depend on each other after all."""
    head, *rows, tail = _split(messages)
    if not rows:
        return None
    row, sizes = _paired.to(target, note), [_size(steps) for steps in rows]
    ready = [_paired.work(head, target, note)]
    for steps, size in zip(rows, sizes, strict=True):
        ready.append(row(steps, size) if size else _paired.work(steps, target, note))
    ready.append(_paired.work(tail, target, note))
    return _joined(ready, [0, *sizes, 0])


@Writing
def _paired(messages: Messages, _: Target, __: Changes) -> tuple[Messages, frozenset[str]]:
    """And the ids of their calls, as the client has them."""
    ids = [part.id for m in messages for part in m.parts if isinstance(part, ToolUse)]
    return tuple(paired(messages)), frozenset(ids)


def _split(messages: Messages) -> list[Messages]:
    """Head, steps, tail: cut before an assistant's message that follows somebody else's."""
    at = next((i for i, one in enumerate(messages) if one.role == "assistant"), len(messages))
    cuts = [0, at]
    while (at := _next_cut(messages, at + ROW)) < len(messages):
        cuts.append(at)
    ends = [*cuts[1:], len(messages)]
    return [messages[start:end] for start, end in zip(cuts, ends, strict=True)]


def _next_cut(messages: Messages, at: int) -> int:
    while at < len(messages):
        if messages[at].role == "assistant" and messages[at - 1].role != "assistant":
            return at
        at += 1
    return at


def _size(steps: Messages) -> int:
    """0 when they are too long to be remembered."""
    size = 1 + sum([message.size for message in steps])
    return size if size <= LONGEST else 0


def _joined(
    ready: Sequence[tuple[Messages, frozenset[str]]], sizes: Sequence[int]
) -> list[Steps] | None:
    """None where neighbours would be one message, or calls of one id come in several of them."""
    seen = set[str]()
    last = len(ready) - 1
    for number, (turns, ids) in enumerate(ready):
        if not seen.isdisjoint(ids) or (number and turns and turns[0].role != "assistant"):
            return None
        if number < last and turns and turns[-1].role == "assistant":
            return None
        if 0 < number < last and not turns:
            return None
        seen |= ids
    return [Steps(turns, size) for (turns, _), size in zip(ready, sizes, strict=True)]


class Pieces:
    """`write` makes of turns what goes into a body. It is pure: (turns, target, note, *besides)."""

    def __init__(self, write: Callable[..., Iterable[Sent]]) -> None:
        self._write = write
        self._row = Writing(lambda *about: packed(list(write(*about))))

    def __call__(
        self, said: Sequence[Steps], target: Target, note: Changes, *each: Sequence[Hashable]
    ) -> list[Any]:
        """`each`: what of the `besides` belongs to which steps."""
        row, written = self._row.to(target, note), list[Any]()
        for steps, *besides in zip(said, *each, strict=True):
            if steps.size:
                written += row(steps.turns, steps.size, *besides)
            else:
                written += self._write(steps.turns, target, note, *besides)
        return written
