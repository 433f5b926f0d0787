"""Answers in an SQLite file of their own, for their owner only. It is a cache: a file that is
damaged is moved aside and a new one is made, and whatever fails here is a miss.

Used from one thread.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

VERSION = 1  # of the table; a file of another version starts anew
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY NOT NULL,   -- hash of client, rules and request
    at REAL NOT NULL,                -- seconds since 1970-01-01 UTC, when it was given
    used REAL NOT NULL,              -- and when it was last asked for
    size INTEGER NOT NULL,           -- bytes of `answer`
    answer BLOB NOT NULL             -- JSON: who gave it, what it cost, its events
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_used ON answers (used, size);
PRAGMA user_version = {VERSION};
"""
EVICT = "DELETE FROM answers WHERE key = (SELECT key FROM answers ORDER BY used LIMIT 1)"
PAGES = 256  # of free space given back at a time
BUSY_S = 0.2


class Disk:
    """`warning`: why nothing is kept on disk, "" when all is well."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path, self._clock = path, clock
        self._db: sqlite3.Connection | None = None
        self.warning = ""

    def get(self, key: str, oldest: float) -> bytes | None:
        """None, too, when it was given before `oldest` (epoch seconds)."""
        return self._tried(lambda db: self._get(db, key, oldest))

    def put(self, key: str, data: bytes, at: float, *, most: int, most_bytes: int) -> None:
        self._tried(lambda db: self._put(db, key, data, at, most, most_bytes))

    def drop(self, key: str) -> None:
        self._tried(lambda db: self._drop(db, key))

    def close(self) -> None:
        if self._db:
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _get(self, db: sqlite3.Connection, key: str, oldest: float) -> bytes | None:
        row = db.execute("SELECT at, answer FROM answers WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        if row[0] < oldest:
            self._drop(db, key)
            return None
        with db:
            db.execute("UPDATE answers SET used = ? WHERE key = ?", (self._clock(), key))
        return bytes(row[1])

    def _put(
        self, db: sqlite3.Connection, key: str, data: bytes, at: float, most: int, most_bytes: int
    ) -> None:
        self._drop(db, key)
        if len(data) > most_bytes:
            return
        with db:
            facts = (key, at, self._clock(), len(data), data)
            db.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", facts)
            while _exceeds(db, most, most_bytes):
                db.execute(EVICT)
        db.execute(f"PRAGMA incremental_vacuum({PAGES})")

    def _drop(self, db: sqlite3.Connection, key: str) -> None:
        with db:
            db.execute("DELETE FROM answers WHERE key = ?", (key,))

    def _tried[T](self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Twice, the second time with a new file; None when nothing helps."""
        for again in (True, False):
            try:
                self._db = self._db or self._opened()
                result = work(self._db)
            except (sqlite3.Error, OSError) as e:
                self.close()
                self._told(e)
                if not (again and _damaged(e) and self._moved()):
                    return None
            else:
                self.warning = ""
                return result
        return None

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        db = sqlite3.connect(self.path, timeout=BUSY_S, check_same_thread=False)
        try:
            found = db.execute("PRAGMA user_version").fetchone()[0]
            if found not in (0, VERSION):
                raise sqlite3.DatabaseError(f"a cache of version {found}")
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.executescript(SCHEMA)
        except BaseException:
            db.close()
            raise
        return db

    def _moved(self) -> bool:
        """Aside, with its journal, so that somebody may still look at it."""
        aside = self.path.with_name(f"{self.path.name}.damaged")
        try:
            self.path.replace(aside)
            for end in ("-wal", "-shm"):
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def _told(self, e: Exception) -> None:
        if not self.warning:
            log.warning("the cache at %s: %s", self.path, e)
        self.warning = f"answers are not kept on disk: {self.path}: {e}"


def _exceeds(db: sqlite3.Connection, most: int, most_bytes: int) -> bool:
    """Counted anew each time, from the index: another turnout may write the same file."""
    count, size = db.execute("SELECT count(*), coalesce(sum(size), 0) FROM answers").fetchone()
    return bool(count > most or size > most_bytes)


def _damaged(e: Exception) -> bool:
    """No lock and no full disk: those pass."""
    passing = isinstance(e, sqlite3.OperationalError) and not isinstance(e, OSError)
    return isinstance(e, sqlite3.DatabaseError) and not passing
