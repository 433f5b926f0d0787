"""A log of every turnout that was released opens in this one, with all its rows.

tests/schemas/N_STEP.sql is a log as it was after step N, with rows in it. A new step of the schema
needs a new file (`pytest tests/test_upgrade.py --update-golden` makes it); that of a released step
is never changed.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

import decided
from turnout import store
from turnout.store import Store, migrations

# grows with each release; the rest may still change
RELEASED = ("decisions", "pins", "evidence", "bodies", "money", "switches", "audit")
FOLDER = Path(__file__).parent / "schemas"
with closing(Database(memory=True)) as _empty:
    STEPS = [step.name for step in migrations.pending(_empty)]
FILES = {name: FOLDER / f"{number}_{name}.sql" for number, name in enumerate(STEPS, 1)}
OURS = ("_sqlite_migrations", "sqlite_sequence")


def made(step: str) -> str:
    """A log after `step` as SQL, with a row in each table."""
    with closing(Database(memory=True)) as db:
        later = STEPS[STEPS.index(step) + 1 :]
        migrations.apply(db, stop_before=later[:1] or None)
        db.execute("UPDATE _sqlite_migrations SET applied_at = '2026-11-22 00:00:00+00:00'")
        for table in tables(db.conn):
            row = filled(db, table)
            if table == "decisions":
                row |= {name: value for name, value in decided.row().items() if name in row}
            db.table(table).insert(row)
        db.conn.commit()
        return "\n".join(db.conn.iterdump()) + "\n"


def filled(db: Database, table: str) -> dict[str, Any]:
    """Something of the right type in every column."""
    values: dict[type, Any] = {int: 7, float: 7.5, str: "seven", bytes: b"7"}
    return {c: values[kind] for c, kind in db.table(table).columns_dict.items()}


def tables(conn: sqlite3.Connection) -> list[str]:
    found = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in found if name not in OURS]


def rows(conn: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    conn.row_factory = sqlite3.Row
    return [dict(row) for row in conn.execute(f"SELECT * FROM {table}")]


def schema(conn: sqlite3.Connection) -> set[str]:
    found = conn.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {sql for (sql,) in found}


@pytest.fixture(params=STEPS)
def step(request: pytest.FixtureRequest, update_golden: bool) -> str:
    name: str = request.param
    if update_golden and name not in RELEASED:
        FOLDER.mkdir(exist_ok=True)
        FILES[name].write_text(made(name))
    assert FILES[name].exists(), f"pytest {Path(__file__).name} --update-golden makes {FILES[name]}"
    return name


@pytest.fixture
def old(step: str, tmp_path: Path) -> Path:
    path = tmp_path / "turnout.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(FILES[step].read_text())
    return path


def test_an_old_log_is_brought_up_to_date(old: Path, tmp_path: Path) -> None:
    """Every row is there as it was, new rows can be written, the schema is that of a new log."""
    with closing(sqlite3.connect(old)) as conn:
        before = {table: rows(conn, table) for table in tables(conn)}
    with Store.open(old, strict=True) as log:
        log.add(decided.row(of_decision={"id": "new"}))
    Store.open(tmp_path / "fresh.db", strict=True).close()
    with (
        closing(sqlite3.connect(old)) as conn,
        closing(sqlite3.connect(tmp_path / "fresh.db")) as f,
    ):
        assert schema(conn) == schema(f)
        for table, kept in before.items():
            after = rows(conn, table)
            assert [{name: row[name] for name in kept[0]} for row in after[: len(kept)]] == kept
        ids = [row["id"] for row in rows(conn, "decisions")]
    assert ids[-1] == "new" and len(ids) == len(before["decisions"]) + 1


def test_released_steps_come_first_and_in_their_order() -> None:
    """Else a log that was made by a release would take them in another order than a new one."""
    assert tuple(STEPS[: len(RELEASED)]) == RELEASED


def test_a_step_that_was_released_is_not_edited(step: str) -> None:
    """Else a log that has taken it already would be another than one that takes it now."""
    with closing(sqlite3.connect(":memory:")) as then, closing(sqlite3.connect(":memory:")) as now:
        then.executescript(FILES[step].read_text())
        now.executescript(made(step))
        assert schema(then) == schema(now)


def test_an_upgrade_that_is_cut_off_is_none(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash inside a step: the step is undone, and the next start takes it again."""
    with closing(sqlite3.connect(old)) as conn:
        before, steps = schema(conn), len(rows(conn, "_sqlite_migrations"))
    if steps == len(STEPS):
        return  # nothing is left to do
    with closing(Database(old)) as db:
        step = migrations.pending(db)[-1]
    real = step.fn

    def cut(db: Database) -> None:
        real(db)
        raise KeyboardInterrupt

    monkeypatch.setattr(step, "fn", cut)
    with pytest.raises(KeyboardInterrupt):
        store.opened(old)
    monkeypatch.undo()
    with closing(sqlite3.connect(old)) as conn:
        done = len(rows(conn, "_sqlite_migrations"))
        assert done < len(STEPS)
        if done == steps:
            assert schema(conn) == before
    store.opened(old).close()
