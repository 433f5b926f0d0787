"""`turnout models --report`: which models can win, which cannot and why, and what does not fit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from turnout.cli import page

WHY = {
    "no_key": "no key here for any provider of it",
    "denied": "the policy denies it",
    "not_allowed": "the policy does not allow it",
    "not_routable": "known to be priced only, never chosen by itself",
    "price_unknown": "its price is not known, so it cannot be shown to be cheaper",
    "no_estimate": "the bundle does not know it",
    "little_evidence": "fewer labels behind it than the profile asks for",
    "dominated": "in every class something at least as cheap is at parity before it",
}
WIDE = 96  # columns of a line of names


def document(found: Sequence[Any], odd: Sequence[str]) -> dict[str, Any]:
    """`found`: standings, `odd`: contradictions."""
    able = sorted((one for one in found if one.wins), key=lambda one: (-one.wins, one.model))
    reasons = {why: [one.model for one in found if one.why == why] for why in WHY}
    return {
        "can_win": [{"model": one.model, "share": round(one.wins, 3)} for one in able],
        "cannot_win": {why: names for why, names in reasons.items() if names},
        "contradictions": list(odd),
    }


def show(told: Mapping[str, Any]) -> None:
    table = page.grid("can win", "share of classes", numbers=1)
    for row in told["can_win"]:
        table.add_row(row["model"], f"{row['share']:.0%}")
    if told["can_win"]:
        page.console().print(table)
    for why, names in told["cannot_win"].items():
        click.echo(f"\ncannot win, {WHY[why]} ({len(names)}):")
        for line in _lines(names):
            click.echo(f"  {line}")
    click.echo("\ncontradictions between catalogue and bundle:")
    for sentence in told["contradictions"] or ["none"]:
        click.echo(f"  {sentence}")


def _lines(names: Sequence[str]) -> Iterator[str]:
    line = ""
    for name in names:
        if line and len(line) + len(name) + 2 > WIDE:
            yield line
            line = ""
        line += f", {name}" if line else name
    if line:
        yield line
