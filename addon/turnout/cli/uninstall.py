"""`turnout uninstall`: takes the CA, the vault and its key, the log and the run files away."""

import shutil
from pathlib import Path

import click

from turnout import control
from turnout.config import data_dir
from turnout.errors import TurnoutError
from turnout.guard import master

# what turnout puts into its data directory; what else is there stays
OURS = ("ca", "runs", "run.json", "run.json.*", "vault.*", "turnout.db*", "cache.db*")


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--keep-log", is_flag=True, help="The log of decisions stays.")
def uninstall(yes: bool, keep_log: bool) -> None:
    """Remove what turnout keeps on this machine: CA, vault, log. The program stays."""
    folder = data_dir()
    _refuse_while_running()
    found = [
        path for path in _ours(folder) if not (keep_log and path.name.startswith("turnout.db"))
    ]
    for path in found:
        click.echo(f"  {path}", err=True)
    if not found:
        click.echo(f"turnout: there is nothing of it in {folder}", err=True)
        return
    if not yes:
        click.confirm("turnout: remove these for good?", abort=True, err=True)
    master.forget(folder)
    for path in found:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    _drop_empty(folder)
    click.echo(
        "turnout: gone. The keys that were in the vault are still valid at their providers; a "
        "trust store that you put the CA into yourself still has it",
        err=True,
    )


def _ours(folder: Path) -> list[Path]:
    return sorted({path for pattern in OURS for path in folder.glob(pattern)})


def _refuse_while_running() -> None:
    try:
        running = control.every()
    except control.NotRunningError:
        return
    raise TurnoutError(f"turnout runs (pid {running[0][0].pid}); end it first")


def _drop_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # something of somebody's is in it
