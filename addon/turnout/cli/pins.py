"""`turnout pins [clear]`: which model each session is on."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from turnout import control, figures
from turnout.cli import page
from turnout.figures import clean

EVERYONE = "*"


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def pins(context: click.Context, as_json: bool) -> None:
    """Which model each session is on, in every running turnout."""
    if context.invoked_subcommand:
        return
    found = [one for running, _ in control.every() for one in running.pins()]
    if as_json:
        click.echo(json.dumps({"pins": found}, indent=2))
    elif not found:
        click.echo("no session is pinned", err=True)
    else:
        show(found)


@pins.command()
@click.option("--session", default="", help="Only this session. [default: every one]")
def clear(session: str) -> None:
    """Forget pins: the next request of a session is routed afresh."""
    dropped = sum(running.unpin(session) for running, _ in control.every())
    click.echo(f"{dropped} pin{'' if dropped == 1 else 's'} dropped", err=True)


def idle(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def show(found: Sequence[Mapping[str, Any]]) -> None:
    table = page.grid("session", "steps", "cached", "idle", "asked for", "on", numbers=3)
    for one in found:
        session = "every session" if one["session"] == EVERYONE else one["session"]
        agent = f" {one['agent']}" if one["agent"] else ""
        by = " (by hand)" if one["forced"] else ""
        cells = (
            f"{session}{agent}",
            str(one["steps"]),
            figures.count(one["cached_tokens"]),
            idle(one["age_s"]),
            one["asked"],
            f"{one['provider']}/{one['model']}{by}",
        )
        table.add_row(*map(clean, cells))
    page.console().print(table)
