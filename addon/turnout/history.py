"""The log, read: decisions as they were made, and what they add up to. Works while it is written.

sums.py   what they add up to
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

import msgspec

from turnout import sums
from turnout.errors import ConfigError, TurnoutError
from turnout.record import JSON_COLUMNS
from turnout.sums import BY, By, Group, Lately, Move, Pair, Switched, total

__all__ = ["BY", "By", "Group", "Lately", "Move", "Pair", "Reader", "Switched", "read", "total"]

type Row = dict[str, Any]
BUSY_S = 5.0
NUMBERS = {"quality", "quality_requested", "cluster", "status", "tries", "web_searches"}
NUMBER_ENDS = ("_usd", "_tokens", "_ms")
MOST_SESSIONS = 20_000  # that survival curves are learned from
MOST_ANSWERS = 20_000  # that verbosity and speed are learned from


_JUDGED = """
SELECT session, bundle, cluster, model, quality, troubled, good
FROM (
    SELECT at, id, session, bundle, cluster, model, quality, troubled, NULL AS good FROM evidence
    UNION ALL
    SELECT at, id, session, bundle, cluster, model, quality, NULL, good FROM feedback
) AS said
WHERE at >= ? AND NOT EXISTS (
    SELECT 1 FROM alarms
    WHERE (alarms.bundle, alarms.cluster, alarms.model) = (said.bundle, said.cluster, said.model)
      AND alarms.released_at >= said.at
)
ORDER BY at, id
"""


_ALARMING = """
SELECT DISTINCT said.bundle, said.cluster, decisions.cluster_label
FROM (
    SELECT bundle, cluster, decision FROM evidence
    UNION ALL
    SELECT bundle, cluster, decision FROM feedback
) AS said
JOIN decisions ON decisions.id = said.decision
    AND (decisions.bundle, decisions.cluster) = (said.bundle, said.cluster)
WHERE (said.bundle, said.cluster) IN (
    SELECT bundle, cluster FROM alarms WHERE released_at IS NULL
)
"""


class NoDecisionError(TurnoutError, LookupError):
    """No decision has this id, or more than one begins with it."""


class Reader:
    """A read-only connection to a log. Rows come with their JSON columns decoded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._conn = connect(path)
        self._conn.row_factory = sqlite3.Row

    def close(self) -> None:
        self._conn.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def decision(self, ref: str) -> Row:
        """By id, by the beginning of an id, or the "last". Raises NoDecisionError."""
        if ref == "last":
            rows = list(self.latest(1))
        else:
            sql = "SELECT * FROM decisions WHERE id >= ? AND id < ? ORDER BY id LIMIT 2"
            rows = list(self._rows(sql, ref, ref + "\U0010ffff"))
        if not rows:
            raise NoDecisionError("the log is empty" if ref == "last" else f"no decision {ref!r}")
        if len(rows) > 1 and rows[0]["id"] != ref:
            raise NoDecisionError(
                f"{ref!r} begins more than one id: {rows[0]['id']}, {rows[1]['id']} ..."
            )
        return rows[0]

    def latest(self, n: int) -> Iterator[Row]:
        """The last `n` decisions, the newest first."""
        return self._rows("SELECT * FROM decisions ORDER BY at DESC, id DESC LIMIT ?", n)

    def since(self, at: float) -> Iterator[Row]:
        """Decisions after `at` (epoch seconds), the oldest first."""
        return self._rows("SELECT * FROM decisions WHERE at > ? ORDER BY at, id", at)

    def audit(self, since: float, by: By) -> list[Group]:
        """Actions from `since` (epoch seconds) on; days in order, others the dearest first."""
        with reading(self.path):
            return sums.audit(self._conn, since, by)

    def ahead(self, now: float) -> int:
        """Actions that a clock dated after `now` (epoch seconds)."""
        with reading(self.path):
            found = self._conn.execute("SELECT count(*) FROM decisions WHERE at > ?", (now,))
            return int(found.fetchone()[0])

    def covered(self, since: float) -> int:
        """Actions that went home on a subscription: nothing more was paid for them."""
        with reading(self.path):
            found = self._conn.execute(
                "SELECT count(*) FROM decisions WHERE reason = 'subscription' AND at >= ?", (since,)
            )
            return int(found.fetchone()[0])

    def session(self, session: str) -> Lately | None:
        """`session`: "" is the latest one."""
        with reading(self.path):
            return sums.lately(self._conn, session)

    def moves(self, since: float) -> list[Move]:
        """Switches by reason, failovers and hedges."""
        with reading(self.path):
            return sums.moves(self._conn, since)

    def shadow(self, since: float) -> tuple[list[Pair], Switched]:
        """What was decided in shadow from `since` on."""
        with reading(self.path):
            return sums.shadow(self._conn, since)

    def lived(self, since: float) -> Iterator[Row]:
        """How many actions each session had: client, kind, steps, last_at; the latest first."""
        return self._rows(
            "SELECT client, CASE kind WHEN 'sub_agent' THEN kind ELSE 'main' END AS kind,"
            " count(*) AS steps, max(at) AS last_at FROM decisions"
            " WHERE at >= ? AND session <> '' AND kind IN ('main', 'tool_result', 'sub_agent')"
            " GROUP BY session, client, 2 ORDER BY last_at DESC LIMIT ?",
            since,
            MOST_SESSIONS,
        )

    def answers(self, since: float) -> Iterator[Row]:
        """How much was said and how fast, of actions with one attempt; the latest first."""
        return self._rows(
            "SELECT provider, model, client, cluster_label, kind, output_tokens, ttft_ms, total_ms"
            " FROM decisions WHERE at >= ? AND status = 200 AND error = '' AND output_tokens > 0"
            " AND session <> '' AND kind IN ('main', 'tool_result', 'sub_agent')"
            " AND CASE WHEN json_valid(attempts) THEN json_array_length(attempts) < 2 END"
            " ORDER BY at DESC LIMIT ?",
            since,
            MOST_ANSWERS,
        )

    def pins(self, most: int) -> Iterator[Row]:
        """The latest used first."""
        return self._rows("SELECT id, at, state FROM pins ORDER BY at DESC LIMIT ?", most)

    def judged(self, since: float) -> Iterator[Row]:
        """What sessions showed (`troubled`) and people said (`good`), the oldest first.

        What was counted before an alarm was released is left out, as it was forgotten then.
        """
        return self._rows(_JUDGED, since)

    def classes(self) -> Iterator[Row]:
        """How many sessions asked for each task class: bundle, cluster, sessions."""
        return self._rows(
            "SELECT bundle, cluster, count(DISTINCT session) AS sessions FROM decisions"
            " WHERE cluster IS NOT NULL AND session <> '' GROUP BY 1, 2 ORDER BY 1, 2"
        )

    def named(self) -> Iterator[Row]:
        """What task classes were called: bundle, cluster, cluster_label."""
        return self._rows(
            "SELECT DISTINCT bundle, cluster, cluster_label FROM decisions"
            " WHERE cluster IS NOT NULL AND cluster_label <> ''"
        )

    def alarming(self) -> Iterator[Row]:
        """The same of classes with alarms that stand, by what was told of them: a large log is not
        read for it."""
        return self._rows(_ALARMING)

    def alarms(self) -> Iterator[Row]:
        """The latest first, with those that were released."""
        return self._rows("SELECT * FROM alarms ORDER BY at DESC")

    def hurry(self, seconds: float) -> None:
        """From now on; what takes longer raises ConfigError."""
        end = time.monotonic() + seconds
        self._conn.set_progress_handler(lambda: time.monotonic() > end, 100_000)

    def select(self, sql: str, *values: str | float) -> Iterator[Row]:
        """For questions of other modules."""
        return self._rows(sql, *values)

    def _rows(self, sql: str, *values: str | float) -> Iterator[Row]:
        with reading(self.path):
            for found in self._conn.execute(sql, values):
                yield {name: _decoded(name, found[name]) for name in found.keys()}  # noqa: SIM118


def read(path: Path) -> Reader:
    """Raises ConfigError when there is no log, or when the file is something else."""
    reader = Reader(path)
    try:
        list(reader.latest(0))
    except ConfigError:
        reader.close()
        raise
    return reader


def connect(path: Path, *, immutable: bool = False) -> sqlite3.Connection:
    """Read-only. `immutable`: nobody writes it, so that not even a lock file is made beside it."""
    if not path.exists():
        raise ConfigError(
            f"{path}: there is no log yet; the first request through turnout makes it"
        )
    uri = f"{path.absolute().as_uri()}?mode=ro" + ("&immutable=1" if immutable else "")
    with reading(path):
        conn = sqlite3.connect(uri, uri=True, timeout=BUSY_S, check_same_thread=False)
    conn.text_factory = _text  # a damaged cell must not hide the rows around it
    return conn


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Whatever SQLite says about a file becomes one sentence with its name."""
    try:
        yield
    except sqlite3.Error as e:
        raise ConfigError(f"{path}: cannot be read as turnout's log: {e}") from e


_text = partial(str, encoding="utf-8", errors="replace")


def _decoded(name: str, value: Any) -> Any:
    """A damaged JSON column stays the text that it is; a number that is none is unknown."""
    if name not in JSON_COLUMNS:
        return _plain(name, value)
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def _plain(name: str, value: Any) -> Any:
    """SQLite keeps what it is given, whatever the column is for."""
    if not isinstance(value, str | bytes):
        return value
    if name in NUMBERS or name.endswith(NUMBER_ENDS):
        return None
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
