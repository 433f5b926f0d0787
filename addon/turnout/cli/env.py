"""`turnout env`: the exports for a shell that talks to a running `serve`."""

import os
from collections.abc import Callable

import click

from turnout import control, paths, trust


def _sh(name: str, value: str) -> str:
    return f"export {name}='{value.replace("'", "'\\''")}'"


def _fish(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _powershell(name: str, value: str) -> str:
    return f"$env:{name} = '{value.replace("'", "''")}'"


SHELLS: dict[str, Callable[[str, str], str]] = {
    "sh": _sh,
    "fish": _fish,
    "powershell": _powershell,
}


@click.command()
@click.option("--shell", type=click.Choice(list(SHELLS)), default="sh", show_default=True)
def env(shell: str) -> None:
    """Print the exports for a shell that talks to a running serve: eval "$(turnout env)"."""
    running, _ = control.find()
    write = SHELLS[shell]
    for name, value in trust.variables(running, os.environ, paths.data_dir() / "ca").items():
        if shell != "powershell" or name.isupper():  # its names do not mind case
            click.echo(write(name, value))
