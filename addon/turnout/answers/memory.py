"""The answers that were used last, in memory: bounded by number and by bytes."""

from collections import OrderedDict

MOST_BYTES = 16 << 20  # more are on disk


class Memory:
    """Key -> a packed answer. The least recently used ones give way."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> bytes | None:
        if (found := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: str, data: bytes, *, most: int, most_bytes: int) -> None:
        self.drop(key)
        self._kept[key] = data
        self.bytes += len(data)
        while self._kept and (len(self._kept) > most or self.bytes > min(most_bytes, MOST_BYTES)):
            self.drop(next(iter(self._kept)))

    def drop(self, key: str) -> None:
        if (gone := self._kept.pop(key, None)) is not None:
            self.bytes -= len(gone)
