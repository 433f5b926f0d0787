"""Work on messages is done once: an agent sends its whole history again with every request.

What is kept is found by everything that it was made of, to the last byte, so it is what the work
would give again, whoever asks; only the time that it takes tells that somebody asked before. It is
shared, and nobody may change it.
"""

from collections.abc import Callable, Hashable, Iterable
from itertools import count
from threading import Lock
from typing import Any

import msgspec

from turnout.wire.changes import Changes
from turnout.wire.fields import of
from turnout.wire.request import Message, Target

MOST = 64 << 20  # bytes of everything that is kept
LONGEST = 16 << 10  # of a message's texts; a longer one costs by its bytes, kept or not
EACH = 1024  # bytes that a kept message takes besides its texts
TARGETS = 4096  # that are told apart at one time

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
    if bytes(memoryview(raw)[:1]) != b"[":
        return msgspec.json.decode(raw)
    return [bytes(item) for item in _array.decode(raw)]


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
        self._work, self._number = work, next(_numbers)

    def __call__(self, raw: bytes, note: Changes, *besides: Hashable) -> T:
        if len(raw) > LONGEST:
            return self._work(msgspec.json.decode(raw), note, *besides)
        key = (self._number, raw, *besides)
        kept = KEPT.get(key, 2 * len(raw))
        if kept is None:
            own = Changes()
            kept = self._work(msgspec.json.decode(raw), own, *besides), own.all
            KEPT.put(key, kept, 2 * len(raw))
        if kept[1]:
            note.again(kept[1])
        value: T = kept[0]
        return value


class Writing:
    """Pure `work` on a message: (message, target, note, *besides) -> pieces of a body."""

    def __init__(self, work: Callable[..., Iterable[dict[str, Any]]]) -> None:
        self._work = work
        self._targets: dict[Target, int] = {}

    def to(self, target: Target, note: Changes) -> Callable[..., Iterable[Any]]:
        """(message, *besides) -> its pieces, ready to be encoded with the rest of the body."""
        if len(self._targets) > TARGETS:
            self._targets.clear()
        number = self._targets.setdefault(target, next(_numbers))

        def write(message: Message, *besides: Hashable) -> Iterable[Any]:
            if (size := message.size) > LONGEST:
                return self._work(message, target, note, *besides)
            key = (number, message, *besides)
            kept = KEPT.get(key, size)
            if kept is None:
                own = Changes()
                made = self._work(message, target, own, *besides)
                kept = tuple([msgspec.Raw(_encode(piece)) for piece in made]), own.all
                KEPT.put(key, kept, size)
            if kept[1]:
                note.again(kept[1])
            pieces: tuple[msgspec.Raw, ...] = kept[0]
            return pieces

        return write
