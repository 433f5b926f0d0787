"""What shadow decided: a line for each pair of models, and the sentence that sums it up."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any

from rich.table import Table

from turnout import figures
from turnout.cli.page import grid
from turnout.history import Pair, Switched

NAMES = [*(f.name for f in fields(Pair)), "saved_usd", "saved_low_usd", "saved_high_usd"]


def facts(pair: Pair) -> dict[str, Any]:
    return asdict(pair) | {name: getattr(pair, name) for name in NAMES[-3:]}


def document(pairs: Sequence[Pair], sessions: Switched) -> dict[str, Any]:
    return {
        "pairs": [facts(pair) for pair in pairs],
        "sessions": sessions.sessions,
        "sessions_switched": sessions.switched,
        "saved_usd": added(pair.saved_usd for pair in pairs),
        "saved_low_usd": added(pair.saved_low_usd for pair in pairs),
        "saved_high_usd": added(pair.saved_high_usd for pair in pairs),
        "cost_usd": added(pair.cost_usd for pair in pairs),
    }


def added(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def table(pairs: Sequence[Pair]) -> Table:
    found = grid(
        "asked for", "actions", "cost", "there", "saved", "low", "high", "would go to", numbers=6
    )
    for one in pairs:
        saved = (one.saved_usd, one.saved_low_usd, one.saved_high_usd)
        found.add_row(
            figures.clean(one.requested),
            figures.count(one.actions),
            figures.usd(one.cost_usd),
            figures.usd(one.routed_usd),
            *map(figures.usd, saved),
            figures.clean(one.chosen),
        )
    return found


def sentence(pairs: Sequence[Pair], sessions: Switched, who: str) -> str:
    """turnout would have saved $2.10 ($0.80 to $3.20) of $9.40, switching 3 of 7 sessions."""
    unpriced = sum(one.unpriced for one in pairs)
    left = f" {unpriced:,} actions have no known price and are not counted." if unpriced else ""
    return f"{who} {would(pairs, sessions)}.{left}"


def would(pairs: Sequence[Pair], sessions: Switched) -> str:
    """would have saved $2.10 ($0.80 to $3.20) of $9.40, switching 3 of 7 sessions"""
    told = document(pairs, sessions)
    saved, low, high = told["saved_usd"], told["saved_low_usd"], told["saved_high_usd"]
    switching = f"switching {sessions.switched} of {sessions.sessions} sessions"
    if saved is None:
        return f"would have saved nobody knows how much, {switching}"
    verb = "saved" if saved >= 0 else "lost"
    bounds = sorted((low, high)) if saved >= 0 else sorted((-low, -high))
    between = " to ".join(figures.usd(value) for value in bounds)
    of = figures.usd(told["cost_usd"])
    return f"would have {verb} {figures.usd(abs(saved))} ({between}) of {of}, {switching}"
