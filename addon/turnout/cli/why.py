"""`turnout why`: one decision, from who asked to what it cost, with every number it was made of."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from turnout.cli import log, page
from turnout.history import NoDecisionError
from turnout.why.explain import explained
from turnout.why.page import Grid, Told

type Row = Mapping[str, Any]


@click.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: the row of the log.")
@log.db_option
def why(id: str, as_json: bool, db: Path | None) -> None:
    """One decision with all its arithmetic.

    ID is in the answer's header x-turnout-decision; its beginning will do, and so will "last".
    """
    try:
        with log.current(db) as reader:
            row = reader.decision(id)
    except NoDecisionError as e:
        raise click.UsageError(str(e)) from e
    if as_json:
        click.echo(json.dumps(row, indent=2, ensure_ascii=False))
    else:
        explain(row, page.console())


def explain(row: Row, console: Console) -> None:
    for told in explained(row):
        show(told, console)


def show(told: Told, console: Console) -> None:
    """A table stands apart from the lines around it."""
    if not isinstance(told, Grid):
        console.print(page.told(told.label, told.words), soft_wrap=True)
        return
    table = page.grid(*told.titles, numbers=told.numbers)
    for row in told.rows:
        table.add_row(*row)
    console.print()
    console.print(table)
    console.print()
