"""The arithmetic of one action's cost: tokens of a kind times their rate, line by line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from turnout import config, figures, paths
from turnout.errors import TurnoutError
from turnout.record import TOKENS
from turnout.route.catalog import Catalog
from turnout.route.model import Binding, Price
from turnout.route.price import BILLED, PER_SEARCH, PER_TOKEN, rates_for
from turnout.wire.events import Usage

NAMES = {
    "fresh_input": "input",
    "cache_read": "cache read",
    "cache_write_5m": "cache write, 5 minutes",
    "cache_write_1h": "cache write, 1 hour",
    "output": "output",
    "reasoning": "of which reasoning",
}
SAME = Decimal("1e-9")  # USD; the log keeps floats


@dataclass(frozen=True, slots=True)
class Line:
    """`rate`: USD per million tokens; None is unknown. `part`: of the line before, billed there."""

    name: str
    tokens: int
    rate: Decimal | None = None
    usd: Decimal | None = None
    part: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """`agrees`: the lines add up to what the log says; the catalogue may have changed since."""

    lines: tuple[Line, ...]
    total: Decimal | None
    agrees: bool


def usage_of(row: Mapping[str, Any]) -> Usage | None:
    counts = {kind: row.get(column) for column, kind in TOKENS.items()}
    if all(tokens is None for tokens in counts.values()):
        return None
    return Usage(**{kind: tokens or 0 for kind, tokens in counts.items()})


def receipt(row: Mapping[str, Any], price: Price | None) -> Receipt:
    """Prices may know the hour: with it or without, whichever the log was written with."""
    found = priced(row, price, figures.utc(row["at"]))
    return found if found.agrees else priced(row, price, None)


def priced(row: Mapping[str, Any], price: Price | None, at: datetime | None) -> Receipt:
    usage = usage_of(row)
    if usage is None:
        return Receipt((), None, agrees=False)
    rates = rates_for(price, usage, at) if price else None
    lines = tuple(
        line(NAMES[kind], tokens, getattr(rates, rate, None))
        for kind, rate in BILLED
        if (tokens := getattr(usage, kind))
    )
    lines = (*lines, *searches(usage, price))
    total, due = add(lines), row["cost_usd"]
    own = due if due is None else due - (row.get("attempts_usd") or 0.0)
    return Receipt(reasoned(lines, usage), total, agrees=agree(total, own))


def searches(usage: Usage, price: Price | None) -> tuple[Line, ...]:
    """By the search, not by the token."""
    if not usage.searches:
        return ()
    each = price.searches if price else None
    usd = None if each is None else usage.searches * each * PER_SEARCH
    return (Line("searches", usage.searches, None if each is None else each * 1000, usd),)


def line(name: str, tokens: int, rate: Decimal | None) -> Line:
    return Line(name, tokens, rate, None if rate is None else tokens * rate * PER_TOKEN)


def reasoned(lines: tuple[Line, ...], usage: Usage) -> tuple[Line, ...]:
    return (
        (*lines, Line(NAMES["reasoning"], usage.reasoning, part=True)) if usage.reasoning else lines
    )


def add(lines: tuple[Line, ...]) -> Decimal | None:
    """Unknown as soon as one line is."""
    total = Decimal(0)
    for one in lines:
        if one.usd is None:
            return None
        total += one.usd
    return total


def agree(total: Decimal | None, logged: float | None) -> bool:
    return total is not None and logged is not None and abs(total - Decimal(logged)) < SAME


def price_of(provider: str, model: str) -> Price | None:
    """From the catalogue and the configuration of today; None when either cannot be read."""
    try:
        binding = bound(provider, model)
    except TurnoutError:
        return None
    return binding.price if binding else None


def bound(provider: str, model: str) -> Binding | None:
    catalog = Catalog.load(paths.artifacts_dir() / "catalog.json")
    local = config.load().providers.get(provider)
    if local and local.models:
        catalog = catalog.with_local(provider, local.models)
    named = (b for b in catalog.bindings if (b.provider, b.model.id) == (provider, model))
    return next(named, None) or catalog.find(provider, model)
