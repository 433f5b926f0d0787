"""Short-lived facts: bounded, the least recently used first; written behind to a table."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from turnout import history
from turnout.session import pin_rows
from turnout.session.cache_state import Cached, Prefix
from turnout.session.pins import Pin
from turnout.state.lasting import Lasting
from turnout.state.memory import Memory
from turnout.state.protocol import State
from turnout.store import Store
from turnout.wire.events import Usage

NOW = 1_000_000.0


class Table:
    """What was asked of it, in order."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def add(self, row: Any, table: str) -> None:
        self.asked.append(f"{table} + {row['id']}={row['value']}")

    def remove(self, id: str, table: str) -> None:
        self.asked.append(f"{table} - {id}")


def lasting(table: Table, most: int = 3, **rest: Any) -> Lasting[str]:
    def row(key: str, value: str) -> dict[str, str]:
        return {"id": key, "value": value}

    return Lasting(table, "t", row, most=most, **rest)


MADE: dict[str, Callable[[], State[str]]] = {
    "memory": lambda: Memory(most=3),
    "lasting": lambda: lasting(Table()),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_bounded_and_the_least_recently_used_go_first(make: Callable[[], State[str]]) -> None:
    state = make()
    for key in "abc":
        state.put(key, key.upper())
    assert state.get("a") == "A"
    state.put("d", "D")
    assert list(state.items()) == [("c", "C"), ("a", "A"), ("d", "D")]
    assert state.get("b") is None
    state.drop("a")
    state.drop("a")
    assert len(state) == 2
    for number in range(10_000):
        state.put(str(number), "")
    assert len(state) == 3


def test_what_is_put_and_dropped_is_written_behind() -> None:
    table = Table()
    state = lasting(table, most=1, before=[("a", "A")])
    assert table.asked == [], "what was there before is there already"
    state.put("b", "B")
    state.drop("b")
    assert table.asked == ["t - a", "t + b=B", "t - b"]


def pin(model: str = "m", at: float = NOW) -> Pin:
    prefix = Prefix(digest="d", messages=3, tokens=9)
    usage = Usage(cache_write_5m=2_000, output=5)
    seen = Cached.seen(("p", model), prefix, usage, asked_at=at, at=at, ttl="5m", marked=True)
    return Pin(
        provider="p", model=model, last_used=at, asked="ü", caches=(seen,), strikes=("q", "q")
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "turnout.db")


def kept(path: Path, now: float = NOW) -> dict[str, Pin]:
    with history.read(path) as log:
        return dict(pin_rows.pins(log.pins(10), now))


def test_pins_are_the_same_after_sqlite(store: Store) -> None:
    state: Lasting[Pin] = Lasting(store, "pins", pin_rows.row, most=2)
    for number, key in enumerate("abc"):
        state.put(key, pin(key, NOW + number))
    store.close()
    assert kept(store.path, NOW + 9) == {"c": pin("c", NOW + 2), "b": pin("b", NOW + 1)}
    with closing(sqlite3.connect(store.path)) as db:
        row = db.execute("SELECT provider, model, forced, steps FROM pins WHERE id = 'c'")
        assert row.fetchone() == ("p", "c", 0, 0), "readable with sqlite3 alone"


def test_a_clock_that_was_ahead_does_not_make_them_live_longer(store: Store) -> None:
    store.add(pin_rows.row("a", pin(at=NOW + 1e9)), "pins")
    store.close()
    assert kept(store.path)["a"].last_used == NOW


@pytest.mark.parametrize("state", ["", "{", "[]", '{"provider": 5}', None], ids=repr)
def test_a_damaged_row_is_no_pin(store: Store, state: str | None) -> None:
    store.add({**pin_rows.row("a", pin()), "state": state}, "pins")
    store.add(pin_rows.row("b", pin()), "pins")
    store.close()
    assert list(kept(store.path)) == ["b"]


def test_a_table_nobody_knows_holds_nothing_up(store: Store) -> None:
    store.add({"id": "a", "at": NOW}, "no_such")
    store.remove("a", "no_such")
    store.add(pin_rows.row("b", pin()), "pins")
    store.close()
    assert list(kept(store.path)) == ["b"]
    assert store.dropped == 2
