"""`turnout whatif`: recorded traffic, decided and priced as if turnout had been there."""

import asyncio
import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TransferSpeedColumn

from turnout import config, history, paths
from turnout.cli import page, shadow_table
from turnout.replay import files

if TYPE_CHECKING:
    from turnout.replay.run import Replay

# reasons why a part of a recording is no action, in words
SKIPPED = {
    "not_a_completion": "are no requests to a model",
    "no_answer": "have no answer",
    "no_usage": "have no usage",
    "unreadable": "cannot be read",
    "cut": "are cut off",
    "told_twice": "were told already",
    "too_large": "are too large",
    "not_made_by_a_model": "are words of the client itself",
}


@click.command()
@click.argument(
    "recordings", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--bundle", default="", help="A version of `turnout bundle list`. [default: latest]")
@click.option("--profile", default="", help="strict, parity or thrift. [default: as configured]")
@click.option("--provider", "providers", multiple=True, help="As if there were a key for it.")
@click.option("--json", "form", flag_value="json", help="One JSON document.")
@click.option("--csv", "form", flag_value="csv", help="A line for each pair, and a header.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the log that is made there.")
def whatif(
    recordings: tuple[Path, ...],
    bundle: str,
    profile: str,
    providers: tuple[str, ...],
    form: Literal["json", "csv"] | None,
    keep: Path | None,
) -> int:
    """What turnout would have done with recorded traffic, and what that would have cost.

    FILE is a flow file of mitmproxy, a HAR, a transcript of Claude Code or Codex, turnout's own
    log, or a folder of them. Nothing is sent anywhere. Exit 1 when there was nothing to replay.
    """
    from turnout.replay import run  # takes a second: wrong files and flags are told at once

    chosen = files.found(recordings)
    for path in chosen:
        if not files.kind(path):
            raise config_error(path)
    settings = config.load()
    environ = run.keyed(settings, providers, os.environ)
    with ExitStack() as stack:
        artifacts = stack.enter_context(run.artifacts_with(paths.artifacts_dir(), bundle))
        if bundle:  # then what this user chose is not in use
            environ["TURNOUT_DATA"] = str(artifacts)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="turnout-whatif-"))
        log = keep or Path(folder) / "whatif.db"
        replay = run.Replay(run.configured(settings, profile), artifacts, log, environ)
        speed = replayed(replay, chosen)
        with history.read(log) as reader:
            pairs, sessions = reader.shadow(0.0)
        tell(replay, speed)
        give(form, replay, pairs, sessions, speed)
    return 0 if replay.tally.actions else 1


def config_error(path: Path) -> Exception:
    from turnout.errors import ConfigError

    return ConfigError(f"{path}: none of these: {files.KINDS}")


def replayed(replay: "Replay", chosen: list[Path]) -> dict[str, float]:
    """Bytes, seconds, MB/s."""
    began = time.monotonic()
    size = sum(path.stat().st_size for path in chosen)
    try:
        with bar(size) as progress:
            asyncio.run(all_files(replay, chosen, progress))
    finally:
        replay.close()
    took = time.monotonic() - began
    return {"bytes": size, "seconds": round(took, 3), "mb_per_s": round(size / 1e6 / took, 2)}


async def all_files(replay: "Replay", chosen: list[Path], progress: Progress) -> None:
    task = progress.task_ids[0]
    for path in chosen:
        progress.update(task, description=path.name[:40])
        await replay.file(path, lambda size: progress.advance(task, size))


@contextmanager
def bar(size: int) -> Iterator[Progress]:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TransferSpeedColumn(),
    )
    shown = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        progress.add_task("", total=size)
        yield progress


def tell(replay: "Replay", speed: dict[str, float]) -> None:
    """What was replayed, and what was left out, on stderr."""
    tally = replay.tally
    words = f"{tally.actions:,} actions replayed with bundle {replay.bundle}"
    rate = f"{speed['bytes'] / 1e6:,.1f} MB in {speed['seconds']:.1f} s, {speed['mb_per_s']} MB/s"
    click.echo(f"{words}: {rate}", err=True)
    click.echo(replay.destinations(), err=True)
    for reason, count in tally.skipped.most_common():
        click.echo(f"left out: {count:,} {SKIPPED.get(reason, reason)}", err=True)
    if replay.unplaced:
        click.echo(
            f"of any kind: {replay.unplaced:,} of task classes that this bundle does not have",
            err=True,
        )
    for reason, count in tally.untouched.most_common():
        click.echo(f"left at home: {count:,} ({reason.replace('_', ' ')})", err=True)


def give(
    form: str | None,
    replay: "Replay",
    pairs: list[history.Pair],
    sessions: history.Switched,
    speed: dict[str, float],
) -> None:
    if form == "json":
        document = shadow_table.document(pairs, sessions) | left_out(replay) | {"speed": speed}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, shadow_table.NAMES, lineterminator="\n")
        writer.writeheader()
        writer.writerows(shadow_table.facts(pair) for pair in pairs)
    elif pairs:
        page.console().print(shadow_table.table(pairs))
        click.echo(shadow_table.sentence(pairs, sessions, "turnout"))


def left_out(replay: "Replay") -> dict[str, Any]:
    tally = replay.tally
    return {
        "bundle": replay.bundle,
        "actions": tally.actions,
        "of_unknown_class": replay.unplaced,
        "skipped": dict(tally.skipped),
        "left_at_home": dict(tally.untouched),
    }
