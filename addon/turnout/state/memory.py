"""State in memory, for one thread."""

from collections import OrderedDict
from collections.abc import Iterator


class Memory[V]:
    """The least recently used go first; reading is a use."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._values: OrderedDict[str, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str) -> V | None:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: str, value: V) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._most:
            self.drop(next(iter(self._values)))

    def drop(self, key: str) -> None:
        self._values.pop(key, None)

    def items(self) -> Iterator[tuple[str, V]]:
        return iter(list(self._values.items()))
