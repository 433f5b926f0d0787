"""The log: one SQLite file in WAL mode, written by one thread. Its schema grows by migrations.

decisions.sql   the first step of the schema
pins.sql        which model a conversation is on
money.sql       what attempts cost, what would have been, and the indices of the audit
writer.py       the thread, the batches, and what happens while the file cannot be written
history.py      the same file, read
"""

import logging
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from decimal import Decimal
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Self

from sqlite_utils import Database, Migrations

from turnout.errors import ConfigError
from turnout.history import Reader, connect, read
from turnout.writer import Row, Writer

__all__ = ["Reader", "Store", "read"]

log = logging.getLogger(__name__)

BUSY_S = 1.0  # patience with a lock before a try counts as failed

ELSEWHERE = "choose a place that can be written with store.path"
# what SQLite calls it: what a person can do
MENDS = {
    "SQLITE_BUSY": "another program holds the file",
    "SQLITE_CORRUPT": "move the file away and a new one is made",
    "SQLITE_FULL": "make room on the disk",
    "SQLITE_IOERR": "make room on the disk, or check it",
    "SQLITE_NOTADB": "move the file away and a new one is made",
}

type Plain = str | int | float | None

migrations = Migrations("turnout")  # append to these; never edit one that has shipped


@migrations()
def decisions(db: Database) -> None:
    db.executescript(Path(__file__).with_name("decisions.sql").read_text(encoding="utf-8"))


@migrations()
def pins(db: Database) -> None:
    db.executescript(Path(__file__).with_name("pins.sql").read_text(encoding="utf-8"))


@migrations()
def evidence(db: Database) -> None:
    db.executescript(Path(__file__).with_name("evidence.sql").read_text(encoding="utf-8"))


@migrations()
def bodies(db: Database) -> None:
    db.executescript(Path(__file__).with_name("bodies.sql").read_text(encoding="utf-8"))


@migrations()
def money(db: Database) -> None:
    db.executescript(Path(__file__).with_name("money.sql").read_text(encoding="utf-8"))


@migrations()
def switches(db: Database) -> None:
    db.executescript(Path(__file__).with_name("switches.sql").read_text(encoding="utf-8"))


@migrations()
def audit(db: Database) -> None:
    db.executescript(Path(__file__).with_name("audit.sql").read_text(encoding="utf-8"))


@migrations()
def moves(db: Database) -> None:
    db.executescript(Path(__file__).with_name("moves.sql").read_text(encoding="utf-8"))


@migrations()
def minted(db: Database) -> None:
    db.executescript(Path(__file__).with_name("minted.sql").read_text(encoding="utf-8"))


TABLES = (
    "bodies",
    "decisions",
    "pins",
    "evidence",
    "feedback",
    "alarms",
    "switches",
    "minted",
)  # what rows can be added to; the key of each is `id`
TABLE, GONE = "table", "gone"  # of a row on its way: its table, and whether it is to be removed


class MovedError(OSError):
    """The path names another file than the one that is open."""


class Store(Writer):
    """The log at `path`, open for writing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(partial(Tables, path), partial(sentence, path))

    def add(self, row: Row, table: str = "decisions") -> None:
        """Never blocks, never raises."""
        super().add(row if table == "decisions" else {**row, TABLE: table})

    def remove(self, id: str, table: str) -> None:
        """As `add`: after every row that was added before."""
        super().add({TABLE: table, "id": id, "at": 0.0, GONE: True})

    @classmethod
    def open(cls, path: Path, *, strict: bool = False) -> Self:
        """Refuses a log of a newer turnout. `strict` refuses a path that cannot be written, too."""
        refuse_newer(path)
        if strict:
            probe(path)
        return cls(path)


class Tables:
    """The tables of an open file. `id` is the key: writing a row twice is writing it once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = opened(path)
        self._file = identity(path)
        self._journals = {file: identity(file) for file in journals(path)}
        self._columns = {name: self._names(name) for name in TABLES}
        self._sql = {name: _insertion(name, columns) for name, columns in self._columns.items()}

    def _names(self, table: str) -> list[str]:
        return [column.name for column in self._db.table(table).columns]

    def insert(self, rows: Sequence[Row]) -> int:
        """One transaction, in order. Returns how many rows could never be written."""
        self._check_place()
        able = [found for row in rows if (found := self._statement(row))]
        if able:
            with self._db.atomic():
                for sql, some in groupby(able, itemgetter(0)):
                    self._db.conn.executemany(sql, [values for _, values in some])
        self._check_place()
        return len(rows) - len(able)

    def _statement(self, row: Row) -> tuple[str, tuple[Plain, ...]] | None:
        """None for a row that can never be written."""
        try:
            table = row.get(TABLE, "decisions")
            insertion = self._sql[table]
            if row.get(GONE):
                return f"DELETE FROM {table} WHERE id = ?", (bindable(row["id"]),)  # noqa: S608  one of TABLES
            return insertion, values(row, self._columns[table])
        except Exception as e:  # noqa: BLE001  one strange row must not hold up the others
            log.warning("the log: a row was lost: %r", e)
            return None

    def close(self) -> None:
        self._db.close()

    def _check_place(self) -> None:
        """SQLite goes on writing into a file that was moved or deleted without a word."""
        if identity(self._path) != self._file:
            self._leave()
            raise MovedError("the file was moved or deleted")

    def _leave(self) -> None:
        """The moved file gets all its rows; its journal must not be replayed into another file."""
        with suppress(sqlite3.Error):
            self._db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.close()
        for file, ours in self._journals.items():
            if ours and identity(file) == ours:
                file.unlink(missing_ok=True)


def _insertion(table: str, columns: Sequence[str]) -> str:
    names, places = ", ".join(columns), ", ".join("?" * len(columns))
    return f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({places})"  # noqa: S608  names of the schema


def values(row: Row, columns: Sequence[str]) -> tuple[Plain, ...]:
    """Raises for a row without its key and its time."""
    if not row.get("id") or row.get("at") is None:
        raise ValueError("it has no id, or no time")
    return tuple(bindable(row.get(column)) for column in columns)


def bindable(value: object) -> Plain:
    """What SQLite can hold: integers of 64 bits, no half characters."""
    if value is None or isinstance(value, float):
        return value
    if isinstance(value, int):
        return value if -(1 << 63) <= value < 1 << 63 else float(value)
    if isinstance(value, Decimal):
        return float(value)
    text = value if isinstance(value, str) else str(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def opened(path: Path) -> Database:
    refuse_newer(path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(
        os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    )  # who asked what is nobody else's business
    conn = sqlite3.connect(path, timeout=BUSY_S)
    try:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = NORMAL")
        db = Database(conn, execute_plugins=False)
        migrate(db)
    except BaseException:
        conn.close()
        raise
    return db


def migrate(db: Database) -> None:
    """Locked before it is looked at again, so that two programs that start at once do it once."""
    if migrations.pending(db):
        with db.conn:
            db.conn.execute("BEGIN IMMEDIATE")
            migrations.apply(db)


def refuse_newer(path: Path) -> None:
    """Raises ConfigError when the file has steps that are not known here. Changes nothing."""
    if not path.is_file():
        return
    try:
        # without a journal beside it nobody writes it, and not even a lock file needs to be made
        quiet = not any(file.exists() for file in journals(path))
        with closing(connect(path, immutable=quiet)) as conn:
            db = Database(conn, execute_plugins=False)
            applied = {step.name for step in migrations.applied(db)}
    except (sqlite3.Error, ConfigError):
        return  # damaged or locked, which the writer will find out and tell
    if newer := sorted(applied - known()):
        raise ConfigError(
            f"{path} was written by a newer turnout (schema step {', '.join(newer)}); "
            "update turnout, or choose another file with store.path"
        )


def known() -> set[str]:
    """Every step of the schema: what an empty database lacks."""
    with closing(Database(memory=True, execute_plugins=False)) as db:
        return {step.name for step in migrations.pending(db)}


def probe(path: Path) -> None:
    """Raises ConfigError when the log cannot be written. A lock is no reason: it passes."""
    try:
        opened(path).close()
    except (sqlite3.Error, OSError) as e:
        if kind(e) != "SQLITE_BUSY":
            raise ConfigError(sentence(path, e)) from e


def sentence(path: Path, e: Exception) -> str:
    """What is wrong, and the mend."""
    if isinstance(e, ConfigError):
        return str(e)
    reason = (e.strerror if isinstance(e, OSError) else "") or str(e)
    mend = "a new one is made" if isinstance(e, MovedError) else MENDS.get(kind(e), ELSEWHERE)
    return f"{path}: {reason}; {mend}"


def kind(e: Exception) -> str:
    """SQLITE_IOERR_WRITE -> SQLITE_IOERR"""
    return "_".join(str(getattr(e, "sqlite_errorname", "")).split("_")[:2])


def journals(path: Path) -> tuple[Path, Path]:
    """What SQLite keeps beside a file in WAL mode."""
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def identity(path: Path) -> tuple[int, int] | None:
    """Which file it is, whatever its name."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
