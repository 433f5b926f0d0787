"""Work on messages is done once: an agent sends its whole history again with every request.

It is kept for some messages in a row, which stay what they are while the history grows behind them.
What is kept is found by everything that it was made of, to the last byte, so it is what the work
would give again, whoever asks; only the time that it takes tells that somebody asked before. It is
shared, and nobody may change it.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from itertools import count
from threading import Lock
from typing import Any

import msgspec

from turnout.wire.changes import Changes
from turnout.wire.fields import of
from turnout.wire.request import Message, Target, nobody_knows

MOST = 64 << 20  # bytes of everything that is kept
LONGEST = 256 << 10  # of some messages in a row; longer ones cost by their bytes, kept or not
EACH = 8 << 10  # bytes that they take besides their texts
ROW = 16  # messages, or a few more to the end of a step
TARGETS = 4096  # that are told apart at one time

type Raws = Sequence[msgspec.Raw]

_array = msgspec.json.Decoder(list[msgspec.Raw])
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


def opened(body: bytes, member: str) -> dict[str, Any]:
    """The fields of a body; of a list called `member`, each item as it was written."""
    try:
        with_raws = _object.decode(body)
    except msgspec.ValidationError:
        return of(msgspec.json.decode(body), dict, "the body")  # raises WireError
    return {
        name: _items(raw) if name == member else msgspec.json.decode(raw)
        for name, raw in with_raws.items()
    }


def _items(raw: msgspec.Raw) -> Any:
    is_list = bytes(memoryview(raw)[:1]) == b"["
    return _array.decode(raw) if is_list else msgspec.json.decode(raw)


class Memo:
    """Bounded in bytes: what nobody asks for while the other half is filled is forgotten.

    Threads may share it.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._young, self._old = dict[Hashable, Any](), dict[Hashable, Any]()
        self._size = 0  # of the young
        self._lock = Lock()

    def get(self, key: Hashable, size: int) -> Any:
        """None for what is not kept."""
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.put(key, found, size)
        return found

    def put(self, key: Hashable, value: object, size: int) -> None:
        """`size`: bytes of the texts of both."""
        half = self.most // 2
        with self._lock:
            if self._size + size + EACH > half:
                self._young, self._old, self._size = {}, self._young, 0
            if size + EACH <= half:
                self._young[key] = value
                self._size += size + EACH

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def clear(self) -> None:
        with self._lock:
            self._young, self._old, self._size = {}, {}, 0


KEPT = Memo()
_numbers = count()


class Reading[T]:
    """Pure `work` on a message: (value, note, *besides). `besides`: what else it depends on."""

    def __init__(self, work: Callable[..., T]) -> None:
        self.work, self._number = work, next(_numbers)

    def __call__(self, raws: Raws, note: Changes, *besides: Hashable) -> list[T]:
        """Of each message."""
        read: list[T] = []
        for start in range(0, len(raws), ROW):
            read += self._row(raws[start : start + ROW], note, *besides)
        return read

    def _row(self, raws: Raws, note: Changes, *besides: Hashable) -> Iterable[T]:
        if len(raws) < ROW or sum([memoryview(raw).nbytes for raw in raws]) > LONGEST:
            return [self.work(msgspec.json.decode(raw), note, *besides) for raw in raws]
        text = b",".join(raws)
        key = (self._number, text, *besides)
        kept = KEPT.get(key, 2 * len(text))
        if kept is None:
            own = Changes()
            values = msgspec.json.decode(b"[%b]" % text)
            kept = tuple([self.work(value, own, *besides) for value in values]), own.all
            KEPT.put(key, kept, 2 * len(text))
        note.again(kept[1])
        row: tuple[T, ...] = kept[0]
        return row


class Writing[T]:
    """Pure `work` on messages in a row: (messages, target, note, *besides).

    Whose reasoning is whose changes with what is learned: `work` gets a target that knows nothing
    of it, and messages without what the real one does not read.
    """

    def __init__(self, work: Callable[..., T]) -> None:
        self.work = work
        self._targets: dict[Target, int] = {}

    def to(self, target: Target, note: Changes) -> Callable[..., T]:
        """(messages, size, *besides) -> the same; what it gives is shared. `size`: of texts."""
        if len(self._targets) > TARGETS:
            self._targets.clear()
        target = replace(target, minted=nobody_knows, asked=None)
        number = self._targets.setdefault(target, next(_numbers))

        def write(messages: tuple[Message, ...], size: int, *besides: Hashable) -> T:
            key = (number, messages, *besides)
            kept = KEPT.get(key, size)
            if kept is None:
                own = Changes()
                kept = self.work(messages, target, own, *besides), own.all
                KEPT.put(key, kept, size)
            note.again(kept[1])
            value: T = kept[0]
            return value

        return write


def packed(pieces: Sequence[dict[str, Any]]) -> tuple[msgspec.Raw, ...]:
    """Members of a JSON array, encoded: one that stands for all of them."""
    return (msgspec.Raw(_encode(pieces)[1:-1]),) if pieces else ()
