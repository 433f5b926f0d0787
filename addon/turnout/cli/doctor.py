"""`turnout doctor`: what works on this machine, proved, and how to mend what does not."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from turnout import control
from turnout.cli import own
from turnout.control import Running
from turnout.doctor import guarded, machine, tls
from turnout.doctor.finding import Finding, State
from turnout.errors import TurnoutError

MARKS: dict[State, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "broken": ("✗", "bold red"),
    "note": ("·", "dim"),
}

WIDE = 160  # columns, where no terminal says how many there are


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def doctor(as_json: bool) -> int:
    """Prove that everything works on this machine, or say the mend; exit 1 when not."""
    findings = list(examine())
    broken = [finding for finding in findings if finding.state == "broken"]
    if as_json:
        checks = [asdict(finding) for finding in findings]
        click.echo(json.dumps({"ok": not broken, "checks": checks}, indent=2))
    else:
        _print(findings)
    return 1 if broken else 0


def examine() -> Iterator[Finding]:
    """Every check; one that fails does not keep the others from being made."""
    environ = dict(os.environ)
    running = _running()
    yield machine.python()
    config, finding = machine.configuration(environ)
    yield finding
    yield machine.folder(environ)
    yield machine.disk(environ)
    yield machine.clock()
    yield from machine.artifacts(environ)
    yield from guarded.findings(config, environ)
    if config:
        yield from machine.keys(config, environ)
        yield from machine.ports(config, running)
        closed = config.proxy.auth == "always"  # to us as well: nobody here knows a password
        yield from _through(None if closed else running, environ)


def _running() -> Running | None:
    try:
        return control.find()[0]
    except TurnoutError:
        return None


def _through(running: Running | None, environ: dict[str, str]) -> Iterator[Finding]:
    """Through the proxy that runs, or one started for this."""
    try:
        if running:
            yield Finding("turnout", "ok", f"runs at {running.proxy}")
            yield from tls.findings(running, environ)
            return
        with own.proxy() as temporary:
            yield Finding("turnout", "ok", "starts; one was started for this")
            yield from tls.findings(temporary, environ)
    except TurnoutError as e:
        yield Finding("turnout", "broken", str(e), "mend what is marked above, then again")


def _print(findings: Sequence[Finding]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        mark, style = MARKS[finding.state]
        table.add_row(Text(mark, style), finding.name, Text(finding.detail))
        if finding.mend and finding.state == "broken":
            table.add_row("", "", Text(f"mend: {finding.mend}", "bold"))
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)
