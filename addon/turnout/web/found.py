"""What pages show besides decisions: conversations, evidence, how providers do."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from turnout.history import Move, Reader
from turnout.web.rows import FAILED

RECENT = 5000  # actions that the latest conversations are looked for in
SHOWN = 60  # conversations
STEPS = 300  # actions of one conversation
TRIED = 1000  # actions that providers' health is read from
QUALITY_S = 90 * 86_400.0

type Row = dict[str, Any]

_TOLD = """
    count(*) AS actions,
    min(at) AS first_at,
    max(at) AS last_at,
    min(client) AS client,
    min(project) AS project,
    group_concat(DISTINCT requested_model) AS asked,
    group_concat(DISTINCT trim(provider || '/' || model, '/')) AS served,
    sum(input_tokens) AS input_tokens,
    sum(cache_read_tokens) AS cache_read_tokens,
    sum(coalesce(cache_write_5m_tokens, 0) + coalesce(cache_write_1h_tokens, 0))
        AS cache_write_tokens,
    sum(cost_usd) AS cost_usd,
    sum(requested_same_tokens_usd - cost_usd) AS saved_usd,
    count(*) - count(cost_usd) AS unpriced,
"""
_OF = f"{_TOLD} count(*) FILTER (WHERE {FAILED}) AS errors FROM decisions"

_SESSIONS = f"""
SELECT session, {_OF}
WHERE session IN (
    SELECT session
    FROM (SELECT session, at FROM decisions ORDER BY at DESC LIMIT {RECENT}) AS latest
    WHERE session <> ''
    GROUP BY session
    ORDER BY max(at) DESC
    LIMIT {SHOWN}
)
GROUP BY session
ORDER BY last_at DESC
"""  # noqa: S608  names and numbers of ours

_EVIDENCE = """
SELECT bundle, cluster, model, count(*) AS parts, sum(troubled) AS troubled,
       avg(quality) AS quality, max(at) AS last_at
FROM evidence
WHERE at >= ?
GROUP BY bundle, cluster, model
ORDER BY parts DESC
LIMIT 200
"""

_FEEDBACK = """
SELECT bundle, cluster, model, sum(good) AS good, count(*) - sum(good) AS bad
FROM feedback
WHERE at >= ?
GROUP BY bundle, cluster, model
"""


def sessions(reader: Reader) -> list[Row]:
    """The latest conversations, each with all its actions."""
    return list(reader.select(_SESSIONS))


def session(reader: Reader, name: str) -> tuple[Row | None, list[Row]]:
    """One conversation: its sums, and its latest actions, the oldest of those first."""
    (sums,) = reader.select(f"SELECT session, {_OF} WHERE session = ?", name)
    if not sums["actions"]:
        return None, []
    sql = "SELECT * FROM decisions WHERE session = ? ORDER BY at DESC, id DESC LIMIT ?"
    return sums, list(reader.select(sql, name, STEPS))[::-1]


@dataclass(frozen=True, slots=True)
class Left:
    """What left the model it was on, and what shadow would have: sums of USD, None unknown."""

    moves: list[Move]
    sessions: int
    switched: int
    cost_usd: float | None
    saved_usd: float | None
    low_usd: float | None
    high_usd: float | None


def left(reader: Reader, since: float) -> Left:
    pairs, sessions = reader.shadow(since)
    return Left(
        reader.moves(since),
        sessions.sessions,
        sessions.switched,
        *(
            _added(getattr(pair, name) for pair in pairs)
            for name in ("cost_usd", "saved_usd", "saved_low_usd", "saved_high_usd")
        ),
    )


def _added(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def marked(steps: list[Row]) -> list[Row]:
    """`moved`: it ran elsewhere than the one before that asked for the same model."""
    before: dict[Any, tuple[Any, Any]] = {}
    for row in steps:
        asked, here = row["requested_model"], (row["provider"], row["model"])
        row["moved"] = before.get(asked, here) != here
        before[asked] = here
    return steps


def quality(reader: Reader) -> list[Row]:
    """What sessions showed and people said, per class and model."""
    since = time.time() - QUALITY_S
    said = {_place(row): row for row in reader.select(_FEEDBACK, since)}
    rows = {_place(row): row for row in reader.select(_EVIDENCE, since)}
    silent = {"parts": 0, "troubled": 0, "quality": None, "last_at": None, "good": 0, "bad": 0}
    found = []
    for place in [*rows, *(place for place in said if place not in rows)]:
        both = silent | said.get(place, {}) | rows.get(place, {})
        found.append(both)
    return found


def _place(row: Row) -> tuple[Any, ...]:
    return row["bundle"], row["cluster"], row["model"]


@dataclass(slots=True)
class Health:
    """Of a provider, in the latest attempts. `slow_ms`: the median until its headers."""

    name: str
    tried: int = 0
    failed: int = 0
    times: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def slow_ms(self) -> float | None:
        return sorted(self.times)[len(self.times) // 2] if self.times else None


def health(reader: Reader) -> list[Health]:
    sql = "SELECT attempts FROM decisions ORDER BY at DESC LIMIT ?"
    found: defaultdict[str, Health] = defaultdict(lambda: Health(""))
    for row in reader.select(sql, TRIED):
        for one in _attempts(row["attempts"]):
            _count(found[str(one.get("provider"))], one)
    for name, health in found.items():
        health.name = name
    return sorted(found.values(), key=lambda one: -one.tried)


def _attempts(value: Any) -> Iterator[Row]:
    yield from (one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def _count(health: Health, one: Row) -> None:
    health.tried += 1
    if one.get("error"):
        health.failed += 1
        health.errors[str(one["error"])[:80]] += 1
    elif isinstance(one.get("ms"), int | float):
        health.times.append(float(one["ms"]))
