"""`turnout why`: one decision, from who asked to what it cost, with every number it was made of."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.text import Text

from turnout.cli import log, page, why_parts, why_session, why_struggle
from turnout.cli.why_cost import money
from turnout.history import NoDecisionError

type Row = Mapping[str, Any]

PARTS: tuple[Callable[[Row], Iterator[RenderableType]], ...] = (
    why_parts.who,
    why_parts.what,
    why_session.session,
    why_struggle.struggle,
    why_parts.quality,
    why_parts.candidates,
    why_parts.evidence,
    why_parts.changes,
    why_parts.attempts,
    why_parts.times,
    why_parts.damaged,
    money,
)


@click.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: the row of the log.")
@log.db_option
def why(id: str, as_json: bool, db: Path | None) -> None:
    """One decision with all its arithmetic.

    ID is in the answer's header x-turnout-decision; its beginning will do, and so will "last".
    """
    try:
        with log.read(db) as reader:
            row = reader.decision(id)
    except NoDecisionError as e:
        raise click.UsageError(str(e)) from e
    if as_json:
        click.echo(json.dumps(row, indent=2, ensure_ascii=False))
    else:
        explain(row, page.console())


def explain(row: Row, console: Console) -> None:
    for part in PARTS:
        for told in part(row):
            console.print(told, soft_wrap=isinstance(told, Text))
