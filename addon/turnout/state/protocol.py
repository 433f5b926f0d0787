"""What a place for short-lived facts must do, whether it is memory, SQLite or a server."""

from collections.abc import Iterator
from typing import Protocol


class State[V](Protocol):
    """Values by key, bounded: when it is full the least recently used go first.

    It may raise when it is broken; whoever uses it goes on without what it held.
    """

    def get(self, key: str) -> V | None: ...

    def put(self, key: str, value: V) -> None: ...

    def drop(self, key: str) -> None: ...

    def items(self) -> Iterator[tuple[str, V]]:
        """A copy, the least recently used first."""

    def __len__(self) -> int: ...
