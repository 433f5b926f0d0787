"""The last part of `turnout why`: what it cost, line by line, and what it would have cost."""

from collections.abc import Iterator, Mapping
from typing import Any

from turnout import figures
from turnout.why.page import Grid, Told, grid, told
from turnout.why.receipt import Receipt, price_of, receipt

type Row = Mapping[str, Any]


def money(row: Row) -> Iterator[Told]:
    found = receipt(row, price_of(row["provider"] or "", row["model"] or ""))
    if found.lines:
        yield bill(found)
    yield told("cost", figures.exactly(row["cost_usd"]) + doubt(found))
    same, asked = row["requested_same_tokens_usd"], row["requested_model"] or "what was asked for"
    yield told("as asked", f"{figures.exactly(same)} for {asked} on the same tokens")
    if same is not None and row["cost_usd"] is not None:
        saved = same - row["cost_usd"]
        yield told("saved", figures.exactly(saved) + (f", {saved / same:.0%}" if same else ""))
    if row["requested_counterfactual_usd"] is not None:
        yield told("it alone", counterfactual(row))


def bill(found: Receipt) -> Grid:
    table = grid("tokens", "count", "$ per million", "cost", numbers=3)
    for line in found.lines:
        rate = figures.UNKNOWN if line.rate is None else f"{line.rate.normalize():,f}"
        price = ("", "") if line.part else (rate, figures.exactly(line.usd))
        table.add_row(line.name, figures.count(line.tokens), *price)
    if found.total is not None:
        table.add_row("total", "", "", figures.exactly(found.total))
    return table


def doubt(found: Receipt) -> str:
    if found.total is None or found.agrees or not found.lines:
        return ""
    return " when it was made; the prices known today make it the total above"


def counterfactual(row: Row) -> str:
    low, high = row["requested_counterfactual_low_usd"], row["requested_counterfactual_high_usd"]
    between = f" ({figures.usd(low)} to {figures.usd(high)})" if None not in (low, high) else ""
    value = figures.usd(row["requested_counterfactual_usd"])
    return f"{value}{between}, with its own tokens and cache"
