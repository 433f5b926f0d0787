"""The log, read: decisions as they were made, and what they add up to. Works while it is written.

Sums count money only where it is known; how many actions are left out is told beside them.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Literal, Self, get_args

import msgspec

from turnout.errors import ConfigError, TurnoutError
from turnout.record import JSON_COLUMNS

type Row = dict[str, Any]
By = Literal["model", "client", "session", "project", "tenant", "cluster", "day"]
BY: tuple[By, ...] = get_args(By)

# by: the expression that names a group; days are UTC days, as providers bill
KEYS: dict[By, str] = {
    "model": "requested_model || ' -> ' || trim(provider || '/' || model, '/')",
    "client": "client",
    "session": "session",
    "project": "project",
    "tenant": "tenant",
    "cluster": "trim(coalesce(cluster, '') || ' ' || coalesce(cluster_label, ''))",
    "day": "date(at, 'unixepoch')",
}
BUSY_S = 5.0
MOST_SESSIONS = 20_000  # that survival curves are learned from
MOST_ANSWERS = 20_000  # that verbosity and speed are learned from
DIGITS = 12  # of a dollar: no price is finer, and sums of floats are not exact beyond


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What some actions add up to. Money in USD; a sum over nothing known is None, never 0.

    `requested`, `served`: models, joined by commas. `routed`: served by another than the requested.
    `requested_usd`: the requested model on the same tokens. `saved_usd` and `comparable_usd` (what
    the requested model would have cost) count the actions with both prices known, `uncompared` the
    others; `unpriced` the actions whose own cost is unknown. `failovers`: more than one attempt;
    `attempts_usd`: what those that were not given back cost, a part of `cost_usd`.
    `alone_saved_usd`, low and high: against the requested model left alone, with its own tokens and
    its own cache; `unestimated`: the actions with a cost for which that is not known.
    """

    key: str
    requested: str
    served: str
    actions: int
    routed: int
    input_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    attempts_usd: float | None
    requested_usd: float | None
    saved_usd: float | None
    comparable_usd: float | None
    alone_saved_usd: float | None
    alone_saved_low_usd: float | None
    alone_saved_high_usd: float | None
    unpriced: int
    uncompared: int
    unestimated: int
    errors: int
    failovers: int

    @property
    def saved_share(self) -> float | None:
        """Of what the requested model would have cost; negative when it was dearer."""
        if self.saved_usd is None or not self.comparable_usd:
            return None
        return self.saved_usd / self.comparable_usd

    @property
    def cache_hit_rate(self) -> float | None:
        """Share of all input that was read from a cache; None where nothing was read in."""
        kinds = (self.input_tokens, self.cache_read_tokens, self.cache_write_tokens)
        whole = sum(tokens or 0 for tokens in kinds)
        return (self.cache_read_tokens or 0) / whole if whole else None


_WORDS = ("key", "requested", "served")
_SUMS = tuple(f.name for f in fields(Group) if f.name not in _WORDS)
# what one kind of action (asked for, served by, and the group it is in) adds up to
_KINDS = """
SELECT
    {key} AS part,
    requested_model,
    provider,
    model,
    count(*) AS actions,
    CASE WHEN model <> '' AND model <> requested_model THEN count(*) ELSE 0 END AS routed,
    sum(input_tokens) AS input_tokens,
    sum(cache_read_tokens) AS cache_read_tokens,
    sum(coalesce(cache_write_5m_tokens + cache_write_1h_tokens,
                 cache_write_5m_tokens, cache_write_1h_tokens)) AS cache_write_tokens,
    sum(output_tokens) AS output_tokens,
    sum(cost_usd) AS cost_usd,
    sum({attempts_usd}) AS attempts_usd,
    sum(requested_same_tokens_usd) AS requested_usd,
    sum(requested_same_tokens_usd - cost_usd) AS saved_usd,
    sum(requested_same_tokens_usd) FILTER (WHERE cost_usd IS NOT NULL) AS comparable_usd,
    sum(requested_counterfactual_usd - cost_usd) AS alone_saved_usd,
    sum(requested_counterfactual_low_usd - cost_usd) AS alone_saved_low_usd,
    sum(requested_counterfactual_high_usd - cost_usd) AS alone_saved_high_usd,
    count(*) - count(cost_usd) AS unpriced,
    count(*) - count(requested_same_tokens_usd - cost_usd) AS uncompared,
    count(cost_usd) - count(requested_counterfactual_usd - cost_usd) AS unestimated,
    count(*) FILTER (WHERE status IS NULL OR status >= 400 OR error <> '') AS errors,
    count(*) FILTER (WHERE {tries} > 1) AS failovers
FROM decisions
WHERE at >= ?
GROUP BY requested_model, provider, model{more}
"""
_GROUPS = """
SELECT
    coalesce({key}, '') AS key,
    coalesce(group_concat(DISTINCT requested_model), '') AS requested,
    coalesce(group_concat(DISTINCT trim(provider || '/' || model, '/')), '') AS served,
    {sums}
FROM ({kinds})
GROUP BY 1
ORDER BY {order}
"""
# columns that a log of an older turnout lacks: what stands in for them
_SINCE_THEN = {
    "attempts_usd": "NULL",
    "tries": "CASE WHEN json_valid(attempts) THEN json_array_length(attempts) END",
}


_JUDGED = """
SELECT bundle, cluster, model, quality, troubled, good
FROM (
    SELECT at, bundle, cluster, model, quality, troubled, NULL AS good FROM evidence
    UNION ALL
    SELECT at, bundle, cluster, model, quality, NULL, good FROM feedback
) AS said
WHERE at >= ? AND NOT EXISTS (
    SELECT 1 FROM alarms
    WHERE (alarms.bundle, alarms.cluster, alarms.model) = (said.bundle, said.cluster, said.model)
      AND alarms.released_at >= said.at
)
ORDER BY at
"""


def _summed(name: str) -> str:
    return (
        f"round(sum({name}), {DIGITS}) AS {name}"
        if name.endswith("_usd")
        else f"sum({name}) AS {name}"
    )


def total(groups: Sequence[Group]) -> Group:
    """All groups as one, named "total"."""
    sums = {name: _add([getattr(group, name) for group in groups]) for name in _SUMS}
    counts = {name: sums[name] or 0 for name in _SUMS if not name.endswith(("_usd", "_tokens"))}
    names = {name: _union([getattr(group, name) for group in groups]) for name in _WORDS[1:]}
    return Group(**{"key": "total"} | names | sums | counts)


def _add(values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    return round(sum(known), DIGITS) if known else None


def _union(lists: list[str]) -> str:
    return ",".join(dict.fromkeys(name for names in lists for name in names.split(",") if name))


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
        order = "1" if by == "day" else "cost_usd DESC NULLS LAST, actions DESC, 1"
        with reading(self.path):
            rows = self._conn.execute(self._sql(by, order), (since,))
            return [Group(**dict(found)) for found in rows]

    def _sql(self, by: By, order: str) -> str:
        """By model nothing needs sorting: the rows come in that order."""
        known = {found["name"] for found in self._conn.execute("PRAGMA table_info(decisions)")}
        later = {name: name if name in known else told for name, told in _SINCE_THEN.items()}
        key, part = (KEYS[by], "NULL") if by == "model" else ("part", KEYS[by])
        kinds = _KINDS.format(key=part, more="" if by == "model" else ", part", **later)
        sums = ",\n    ".join(map(_summed, _SUMS))
        return _GROUPS.format(key=key, kinds=kinds, sums=sums, order=order)

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
            "SELECT provider, model, cluster, kind, output_tokens, ttft_ms, total_ms FROM decisions"
            " WHERE at >= ? AND status = 200 AND error = '' AND output_tokens > 0"
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

    def alarms(self) -> Iterator[Row]:
        """The latest first, with those that were released."""
        return self._rows("SELECT * FROM alarms ORDER BY at DESC")

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
    """A damaged JSON column stays the text that it is."""
    if name not in JSON_COLUMNS or not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value
