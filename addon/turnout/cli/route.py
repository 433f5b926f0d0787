"""`turnout route < body.json`: the decision, without calling anyone."""

import asyncio
import json
import sys
from typing import Any, get_args

import click

from turnout import config as configuration
from turnout.errors import WireError
from turnout.wire.recognise import guess
from turnout.wire.request import DialectName

PATHS: dict[DialectName, str] = {
    "anthropic": "/v1/messages",
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "gemini": "/v1beta/models/unknown:generateContent",
}

WIDE = 160  # columns, where no terminal says how many there are


@click.command()
@click.option("--explain", is_flag=True, help="The candidates as a table, on stderr.")
@click.option("--dialect", type=click.Choice(get_args(DialectName)), help="Of the body.")
def route(explain: bool, dialect: DialectName | None) -> int:
    """The decision on a request body, without calling anyone: turnout route < body.json."""
    body = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
    if not body:
        raise click.UsageError("give it a request body: turnout route < body.json")
    config = configuration.load()
    try:
        decision = asyncio.run(_decide(config, body, dialect or guess(body)))
    except WireError as e:
        click.echo(f"turnout: the body cannot be read: {e}", err=True)
        return 2
    click.echo(json.dumps(decision, indent=2, ensure_ascii=False))
    if explain:
        _explain(decision)
    return 0


async def _decide(
    config: configuration.Config, body: bytes, dialect: DialectName
) -> dict[str, Any]:
    from turnout.engine import Engine  # takes a second: bad bodies and flags are told at once
    from turnout.record import as_json

    engine = Engine.open(config)
    try:
        decision = await engine.decide(body, dialect, {}, PATHS[dialect])
    finally:
        engine.close()
    document: dict[str, Any] = json.loads(as_json(decision))
    return document


def _explain(decision: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(stderr=True, width=None if sys.stderr.isatty() else WIDE)
    table = Table(box=None, pad_edge=False)
    table.add_column("candidate", overflow="fold")
    for name in ("quality", "±", "labels", "cost USD", "score"):
        table.add_column(name, justify="right")
    table.add_column("lost because")
    for one in decision.get("candidates") or ():
        chosen = (one["provider"], one["model"]) == (decision["provider"], decision["model"])
        table.add_row(
            f"{one['provider']}/{one['model']}",
            _figure(one["quality"], 3),
            _figure(one["se"], 3),
            _figure(one["evidence"], 0),
            _figure(one["cost_usd"], 5),
            _figure(one["score"], 4),
            "chosen" if chosen else one["lost"],
            style="bold" if chosen else "",
        )
    console.print(table)
    console.print(f"reason: {decision['reason']}")


def _figure(value: object, digits: int) -> str:
    return "?" if value is None else f"{float(str(value)):.{digits}f}"
