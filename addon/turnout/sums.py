"""What decisions add up to: groups of them, what moved, and what shadow would have done. SQL.

Sums count money only where it is known; how many actions are left out is told beside them.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Actions in shadow that asked for one model and would have gone to one. Sums over the actions
    whose cost is known on both; `unpriced` are the others. `chosen`: provider/model.
    """

    requested: str
    chosen: str
    actions: int
    cost_usd: float | None
    routed_usd: float | None
    routed_low_usd: float | None
    routed_high_usd: float | None
    unpriced: int

    @property
    def saved_usd(self) -> float | None:
        return _less(self.cost_usd, self.routed_usd)

    @property
    def saved_low_usd(self) -> float | None:
        return _less(self.cost_usd, self.routed_high_usd)

    @property
    def saved_high_usd(self) -> float | None:
        return _less(self.cost_usd, self.routed_low_usd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """`switched`: sessions of which an action at least would have gone elsewhere."""

    sessions: int
    switched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Actions that left the model they were on. `expected_usd`: what that was to save over the rest
    of their sessions, as it was reckoned then. `cost_usd`: of attempts that were not given back.
    """

    name: str
    actions: int
    expected_usd: float | None
    cost_usd: float | None


# as in the index of moves.sql: SQLite takes it only for the very same terms
_LEFT = """reason IN (
    'ev_positive', 'cold_cache', 'tier_upgrade', 'pin_inferior', 'pin_unavailable', 'escalated'
)"""
_MOVED = f"tries > 1 OR {_LEFT}"
_MOVES = f"""
SELECT reason AS name, count(*) AS actions,
    round(sum(stay_usd - switch_usd), {DIGITS}) AS expected_usd, NULL AS cost_usd
FROM decisions
WHERE ({_MOVED}) AND at >= :since AND {_LEFT}
GROUP BY reason
UNION ALL
SELECT 'failover', count(*), NULL, round(sum(attempts_usd - coalesce(hedge_usd, 0)), {DIGITS})
FROM decisions
WHERE ({_MOVED}) AND at >= :since AND tries > 1 AND hedge_usd IS NULL
UNION ALL
SELECT 'hedge', count(*), NULL, round(sum(hedge_usd), {DIGITS})
FROM decisions
WHERE ({_MOVED}) AND at >= :since AND hedge_usd IS NOT NULL
"""  # noqa: S608  nothing in it is from outside
_SHADOW = """
SELECT
    coalesce(requested_model, '') AS requested,
    coalesce(fresh_model, '') AS chosen,
    count(*) AS actions,
    round(sum(cost_usd) FILTER (WHERE routed_usd IS NOT NULL), {digits}) AS cost_usd,
    round(sum(routed_usd) FILTER (WHERE cost_usd IS NOT NULL), {digits}) AS routed_usd,
    round(sum(routed_low_usd) FILTER (WHERE cost_usd IS NOT NULL), {digits}) AS routed_low_usd,
    round(sum(routed_high_usd) FILTER (WHERE cost_usd IS NOT NULL), {digits}) AS routed_high_usd,
    count(*) - count(cost_usd + routed_usd) AS unpriced
FROM decisions
WHERE reason = 'shadow' AND at >= ?
GROUP BY 1, 2
ORDER BY cost_usd DESC NULLS LAST, 1, 2
"""
_SWITCHED = """
SELECT
    count(DISTINCT session) AS sessions,
    count(DISTINCT CASE WHEN fresh_model <> provider || '/' || requested_model THEN session END)
        AS switched
FROM decisions
WHERE reason = 'shadow' AND at >= ?
"""


def audit(conn: sqlite3.Connection, since: float, by: By) -> list[Group]:
    """Days in order, others the dearest first."""
    order = "1" if by == "day" else "cost_usd DESC NULLS LAST, actions DESC, 1"
    rows = conn.execute(statement(conn, by, order), (since,))
    return [Group(**dict(found)) for found in rows]


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


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one - other, DIGITS)


def _add(values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    return round(sum(known), DIGITS) if known else None


def _union(lists: list[str]) -> str:
    return ",".join(dict.fromkeys(name for names in lists for name in names.split(",") if name))


def statement(conn: sqlite3.Connection, by: By, order: str) -> str:
    """By model nothing needs sorting: the rows come in that order."""
    known = columns(conn)
    later = {name: name if name in known else told for name, told in _SINCE_THEN.items()}
    key, part = (KEYS[by], "NULL") if by == "model" else ("part", KEYS[by])
    kinds = _KINDS.format(key=part, more="" if by == "model" else ", part", **later)
    sums = ",\n    ".join(map(_summed, _SUMS))
    return _GROUPS.format(key=key, kinds=kinds, sums=sums, order=order)


def moves(conn: sqlite3.Connection, since: float) -> list[Move]:
    """Nothing in a log that is too old for it."""
    if "hedge_usd" not in columns(conn):
        return []
    rows = conn.execute(_MOVES, {"since": since})
    return [Move(**dict(found)) for found in rows if found["actions"]]


def shadow(conn: sqlite3.Connection, since: float) -> tuple[list[Pair], Switched]:
    """Nothing in a log that is too old for it."""
    if "routed_usd" not in columns(conn):
        return [], Switched(sessions=0, switched=0)
    rows = conn.execute(_SHADOW.format(digits=DIGITS), (since,))
    pairs = [Pair(**dict(found)) for found in rows]
    (whole,) = conn.execute(_SWITCHED, (since,))
    return pairs, Switched(**dict(whole))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """A session: where its latest action went and why, and what all of it adds up to.

    `asked_usd`: what was asked for would have cost, left alone where that is known, else on the
    same tokens; `saved_usd`: against that. In shadow it is what would have been saved.
    """

    requested: str
    model: str
    chosen: str
    reason: str
    asked_usd: float | None
    saved_usd: float | None
    cache_hit_rate: float | None


_LATELY = """
SELECT
    requested_model AS requested, model, coalesce(fresh_model, '') AS chosen, reason, max(at) AS at,
    sum(coalesce(requested_counterfactual_usd, requested_same_tokens_usd))
        FILTER (WHERE cost_usd IS NOT NULL) AS asked_usd,
    sum(coalesce(requested_counterfactual_usd, requested_same_tokens_usd)
        - CASE reason WHEN 'shadow' THEN {routed} ELSE cost_usd END) AS saved_usd,
    sum(cache_read_tokens) * 1.0 / nullif(sum(coalesce(input_tokens, 0)
        + coalesce(cache_read_tokens, 0) + coalesce(cache_write_5m_tokens, 0)
        + coalesce(cache_write_1h_tokens, 0)), 0) AS cache_hit_rate
FROM decisions
WHERE session = ?
"""
_LATEST = "SELECT session FROM decisions WHERE session <> '' ORDER BY at DESC LIMIT 1"


def lately(conn: sqlite3.Connection, session: str) -> Lately | None:
    """`session`: "" is the latest one. None where there is nothing of it."""
    found = conn.execute(_LATEST).fetchone() if not session else (session,)
    if found is None:
        return None
    routed = "routed_usd" if "routed_usd" in columns(conn) else "NULL"
    # with one max() the bare columns are of the row that has it
    row = dict(conn.execute(_LATELY.format(routed=routed), (found[0],)).fetchone())
    return Lately(**row) if row.pop("at") is not None else None


def columns(conn: sqlite3.Connection) -> set[str]:
    return {found["name"] for found in conn.execute("PRAGMA table_info(decisions)")}
