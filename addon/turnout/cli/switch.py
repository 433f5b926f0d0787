"""`turnout on`, `off` and `status`: whatever runs here, switched and asked."""

import json
import time
from typing import Any

import click

from turnout import control
from turnout.cli import status_line

SAYS = {
    "route": "on: requests are routed",
    "shadow": "on, in shadow: decisions are logged, requests go home untouched",
    "off": "off: a plain tunnel; `turnout on` routes again",
}


@click.command()
def on() -> None:
    """Route again, in a running turnout."""
    _switch("route")


@click.command()
def off() -> None:
    """Kill switch: a running turnout becomes a plain tunnel at once."""
    _switch("off")


def _switch(mode: str) -> None:
    """A serve, and the proxy of every `turnout run`."""
    for running, _ in control.every():
        now = running.set_mode(mode)["mode"]
        click.echo(f"turnout at {running.proxy} is {SAYS.get(now, now)}", err=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.option("--line", is_flag=True, help="One short line, for an agent's status bar.")
def status(as_json: bool, line: bool) -> int:
    """What a running turnout does, and where requests may go. Exit 1 when none runs."""
    if line:
        click.echo(status_line.line(status_line.told()))
        return 0
    try:
        found = control.every()
    except control.NotRunningError as e:
        if not as_json:
            raise
        click.echo(json.dumps({"running": False, "error": str(e)}))
        return 1
    if as_json:
        first, *others = [_document(*one) for one in found]
        click.echo(json.dumps(first | {"others": others}, indent=2))
    else:
        click.echo("\n\n".join("\n".join(_lines(*one)) for one in found))
    return 0


def _document(running: control.Running, facts: dict[str, Any]) -> dict[str, Any]:
    where = {"pid": running.pid, "proxy": running.proxy, "base": running.base}
    return {"running": True} | where | facts | {"db": str(running.db)}


def _lines(running: control.Running, facts: dict[str, Any]) -> list[str]:
    mode = facts.get("mode", "")
    rows = {
        "turnout": f"{SAYS.get(mode, mode)} (version {facts.get('version')}, pid {running.pid})",
        "up": _span(float(facts.get("uptime_s") or 0)),
        "proxy": running.proxy,
        "base URL": running.base,
        "dashboard": running.dashboard,
        "requests": f"{facts.get('requests')}: {facts.get('routed')} routed,"
        f" {facts.get('untouched')} untouched",
        "where": facts.get("destinations"),
        "bundle": facts.get("bundle") or "none",
        "log": str(running.db),
    }
    if dropped := facts.get("dropped_rows"):
        rows["lost rows"] = f"{dropped} rows could not be written to the log"
    lines = [f"{name:9} {value}" for name, value in rows.items()]
    lines += [f"{'left out':9} {_breaker(one)}" for one in facts.get("breakers") or ()]
    return lines + [f"{'warning':9} {warning}" for warning in facts.get("warnings") or ()]


def _breaker(one: dict[str, Any]) -> str:
    """A binding that has failed, and what becomes of it."""
    left = float(one["until"]) - time.time()
    then = f"for {_span(left)}" if left > 0 else "until one request has tried it"
    return f"{one['binding']}: {one['error']}; {then}"


def _span(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
