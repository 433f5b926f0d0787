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
    yield from beside(row)
    yield told("cost", figures.exactly(row["cost_usd"]) + doubt(row, found))
    same, asked = row["requested_same_tokens_usd"], row["requested_model"] or "what was asked for"
    yield told("as asked", f"{figures.exactly(same)} for {asked} on the same tokens")
    if same is not None and row["cost_usd"] is not None:
        saved = same - row["cost_usd"]
        yield told("saved", figures.exactly(saved) + (f", {saved / same:.0%}" if same else ""))
    if row["requested_counterfactual_usd"] is not None:
        yield told("it alone", counterfactual(row))
    if row.get("routed_usd") is not None:
        yield told("routed", in_shadow(row))


def bill(found: Receipt) -> Grid:
    table = grid("tokens", "count", "$ per million", "cost", numbers=3)
    for line in found.lines:
        rate = figures.UNKNOWN if line.rate is None else f"{line.rate.normalize():,f}"
        price = ("", "") if line.part else (rate, figures.exactly(line.usd))
        table.add_row(line.name, figures.count(line.tokens), *price)
    if found.total is not None:
        table.add_row("total", "", "", figures.exactly(found.total))
    return table


def beside(row: Row) -> Iterator[Told]:
    """What is in the cost besides the answer."""
    spent, hedge = row.get("attempts_usd"), row.get("hedge_usd")
    if spent:
        guess = ", in part an estimate" if row.get("estimated") else ""
        raced = f", {figures.exactly(hedge)} of it for a race that was lost" if hedge else ""
        words = f"{figures.exactly(spent)} for answers that nobody got{raced}{guess}"
        yield told("attempts", words)


def doubt(row: Row, found: Receipt) -> str:
    if found.total is None or not found.lines:
        return ""
    if not found.agrees:
        return " when it was made; the prices known today make it the total above"
    return ", the attempts included" if row.get("attempts_usd") else ""


def counterfactual(row: Row) -> str:
    low, high = row["requested_counterfactual_low_usd"], row["requested_counterfactual_high_usd"]
    between = f" ({figures.usd(low)} to {figures.usd(high)})" if None not in (low, high) else ""
    value = figures.usd(row["requested_counterfactual_usd"])
    return f"{value}{between}, with its own tokens and cache"


def in_shadow(row: Row) -> str:
    low, high = figures.usd(row["routed_low_usd"]), figures.usd(row["routed_high_usd"])
    return f"{figures.usd(row['routed_usd'])} ({low} to {high}) on {row['fresh_model']}"
