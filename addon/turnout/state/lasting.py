"""State in memory that is written behind to a table of the log, and is there after a restart."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from turnout.state.memory import Memory

type Row = Mapping[str, Any]


class Table(Protocol):
    """store.Store: neither of them blocks or raises."""

    def add(self, row: Row, table: str) -> None: ...

    def remove(self, id: str, table: str) -> None: ...


class Lasting[V](Memory[V]):
    """`row`: a value as a row of `table`, whose key is `id`. A table that fails costs nothing."""

    def __init__(
        self,
        table: Table,
        name: str,
        row: Callable[[str, V], Row],
        *,
        most: int,
        before: Iterable[tuple[str, V]] = (),
    ) -> None:
        """`before`: what was there at the last stop, the least recently used first."""
        super().__init__(most=most)
        self._table, self._name, self._row = table, name, row
        for key, value in before:
            super().put(key, value)

    def put(self, key: str, value: V) -> None:
        super().put(key, value)
        self._table.add(self._row(key, value), self._name)

    def drop(self, key: str) -> None:
        super().drop(key)
        self._table.remove(key, self._name)
