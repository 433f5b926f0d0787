"""`turnout reload`: whatever runs here reads its configuration again."""

import click

from turnout import control


@click.command()
def reload() -> None:
    """A running turnout reads its configuration again; streams go on.

    A wrong one is refused with its sentence, and the old one goes on.
    """
    for running, _ in control.every():
        click.echo(f"turnout at {running.proxy}: {running.reload().sentence()}", err=True)
