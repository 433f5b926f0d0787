"""`turnout audit`: what was asked for, what served it, what it cost and would have cost."""

import csv
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import click

from turnout import figures
from turnout.cli import audit_table, log, page, shadow_table
from turnout.history import BY, By, Group, Move, Pair, Switched, total

CLOCK_S = 120.0  # seconds that two clocks may differ
SPANS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}  # seconds


def instant(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """7d, 24h, 30m, or a date in UTC -> epoch seconds."""
    if span := re.fullmatch(r"(\d{1,9})([mhdw])", value):
        return time.time() - int(span[1]) * SPANS[span[2]]
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as e:
        kinds = "neither a span (30m, 24h, 7d) nor a date (2026-07-01)"
        raise click.BadParameter(f"{value!r} is {kinds}", ctx, param) from e


@click.command()
@click.option(
    "--since",
    callback=instant,
    default="7d",
    show_default=True,
    help="30m, 24h, 7d, or a date (UTC).",
)
@click.option(
    "--by", type=click.Choice(BY), default="model", show_default=True, help="A line for each."
)
@click.option("--json", "form", flag_value="json", help="One JSON document.")
@click.option("--csv", "form", flag_value="csv", help="A line for each group, and a header.")
@log.db_option
def audit(since: float, by: By, form: Literal["json", "csv"] | None, db: Path | None) -> None:
    """What it cost, what it would have cost, and why.

    Days are UTC days, as providers bill. What has no known price is told apart, never counted as 0.
    """
    with log.current(db) as reader:
        groups, moves, shadow = reader.audit(since, by), reader.moves(since), reader.shadow(since)
        ahead, covered = reader.ahead(time.time() + CLOCK_S), reader.covered(since)
    if form == "json":
        found = document(groups, since, by) | beside(moves, *shadow)
        found |= {"covered_by_subscription": covered}
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif form == "csv":
        write_csv(groups)
    else:
        show(groups, since, by)
        show_moves(moves)
        show_shadow(*shadow)
        if covered:
            click.echo(f"{covered:,} actions were covered by a subscription, at $0.", err=True)
        if ahead:
            click.echo(f"{ahead:,} actions are dated in the future: check the clock.", err=True)


def facts(group: Group) -> dict[str, Any]:
    shares = {"saved_share": group.saved_share, "cache_hit_rate": group.cache_hit_rate}
    return asdict(group) | shares


def document(groups: Sequence[Group], since: float, by: By) -> dict[str, Any]:
    return {
        "since": since,
        "by": by,
        "groups": [facts(group) for group in groups],
        "total": facts(total(groups)),
    }


def beside(moves: Sequence[Move], pairs: Sequence[Pair], sessions: Switched) -> dict[str, Any]:
    """What moved, and what shadow decided, if it did."""
    shadow = shadow_table.document(pairs, sessions) if pairs else None
    return {"moves": [asdict(move) for move in moves], "shadow": shadow}


def show_moves(moves: Sequence[Move]) -> None:
    if moves:
        console = page.console()
        console.print()
        console.print(audit_table.moved(moves))


def show_shadow(pairs: Sequence[Pair], sessions: Switched) -> None:
    """What routing would have done, and how to begin."""
    if not pairs:
        return
    console = page.console()
    console.print()
    console.print(shadow_table.table(pairs))
    click.echo(shadow_table.sentence(pairs, sessions, "turnout, in shadow,"))
    click.echo(
        '`turnout on` routes for real; say mode = "route" in turnout.toml to keep it.', err=True
    )


def write_csv(groups: Sequence[Group]) -> None:
    """What is unknown is empty."""
    writer = csv.DictWriter(sys.stdout, list(facts(total(()))), lineterminator="\n")
    writer.writeheader()
    writer.writerows(facts(group) for group in groups)


def show(groups: Sequence[Group], since: float, by: By) -> None:
    """The table on stdout, the words around it on stderr."""
    if not groups:
        click.echo(f"no actions since {figures.moment(since)}", err=True)
        return
    whole = total(groups)
    click.echo(f"{whole.actions:,} actions since {figures.moment(since)}, by {by}", err=True)
    console = page.console()
    console.print(audit_table.table(groups, whole, by, width=console.width))
    for note in audit_table.notes(whole):
        click.echo(note, err=True)
