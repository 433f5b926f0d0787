"""`turnout run -- CMD`: a proxy, and the variables that lead to it, for this process tree only."""

import os
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from turnout import config, control, figures, history, paths, trust
from turnout.cli import child, own, shadow_table
from turnout.control import Running
from turnout.errors import TurnoutError

FLUSH_S = 1.0  # the log of a proxy that goes on running lags by this much at most


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--profile", help="strict, parity or thrift, instead of the configured one.")
@click.option("--shadow", is_flag=True, help="Decide and log, but touch nothing.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def run(profile: str | None, shadow: bool, command: tuple[str, ...]) -> int:
    """Run an agent through turnout: turnout run -- claude."""
    began = time.time()
    with child.signals() as relay_to:
        with proxy(profile, shadow=shadow) as (running, joined):
            environ = environment(running)
            code = child.run(command, environ, relay_to)
            said = warnings(running)
            if joined:
                time.sleep(FLUSH_S)
        if code not in child.NEVER_RAN:
            for line in (*said, summary(running, began)):
                click.echo(line, err=True)
    return code


def warnings(running: Running) -> list[str]:
    """What `serve` would have said on its own terminal. None of one that has ended by then."""
    try:
        return [f"turnout: {said}" for said in running.status().get("warnings", ())]
    except TurnoutError:
        return []


def environment(running: Running) -> dict[str, str]:
    before = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy")
    if before and before != running.proxy:
        click.echo("turnout: HTTPS_PROXY was set; turnout goes to providers without it", err=True)
    folder = paths.data_dir() / "ca"
    return {**os.environ, **trust.variables(running, os.environ, folder)}


@contextmanager
def proxy(profile: str | None, *, shadow: bool) -> Iterator[tuple[Running, bool]]:
    """The running `serve` when it would do the same, else one of our own. -> (it, joined)"""
    if joined := _joinable(profile, shadow=shadow):
        yield joined, True
        return
    with own.proxy(_flags(profile, shadow=shadow)) as running:
        yield running, False


def _joinable(profile: str | None, *, shadow: bool) -> Running | None:
    try:
        running, facts = control.find()
    except control.NotRunningError:
        return None
    of_project, alone = _of_project()
    wanted = profile or of_project
    same = wanted in (None, facts.get("profile")) and (not shadow or facts.get("mode") == "shadow")
    return running if same and alone and not _apart() else None


def _apart() -> bool:
    """Whether this project has rules that a proxy for all does not know it by, or one asks who."""
    found = config.load()
    project = os.environ.get("TURNOUT_PROJECT") or own.folder_name()
    return project in found.projects or found.proxy.auth == "always"


def _of_project() -> tuple[str | None, bool]:
    """The profile that a turnout.toml in the working directory brings, and whether that is all.

    A running proxy was started elsewhere: what else such a file says would not hold there.
    """
    file = Path(paths.CONFIG_NAME)
    if not file.is_file():
        return None, True
    profile = config.load().policy.profile
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    return profile, {"policy": {"profile": profile}} == said or not said


def _flags(profile: str | None, *, shadow: bool) -> list[str]:
    return [*(["--profile", profile] if profile else []), *(["--shadow"] if shadow else [])]


def summary(running: Running, since: float) -> str:
    """What came of it, in one line; what is not known is left out."""
    try:
        with history.read(running.db) as log:
            group, shadow = history.total(log.audit(since, "model")), log.shadow(since)
    except TurnoutError:
        return "turnout: no requests came through"
    if not group.actions:
        return "turnout: no requests came through"
    words = [_count(group.actions, "request"), f"{group.routed} to other models"]
    words += [*_money(group), *_shadow(*shadow)]
    if group.errors:
        words.append(_count(group.errors, "error"))
    return f"turnout: {', '.join(words)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _shadow(pairs: Sequence[history.Pair], sessions: history.Switched) -> Sequence[str]:
    """In shadow: what it would have saved."""
    return [f"in shadow: {shadow_table.would(pairs, sessions)}"] if pairs else []


def _money(group: history.Group) -> Sequence[str]:
    if group.uncompared == 0 and group.cost_usd is not None and group.requested_usd is not None:
        return [f"{figures.usd(group.cost_usd)} instead of {figures.usd(group.requested_usd)}"]
    if group.unpriced == 0 and group.cost_usd is not None:
        return [figures.usd(group.cost_usd)]
    return []
