"""`turnout pin MODEL`: a person decides where sessions go, until `turnout pins clear`."""

import click

from turnout import control


@click.command()
@click.argument("model")
@click.option("--session", default="", help="Only this session. [default: every one]")
def pin(model: str, session: str) -> None:
    """Keep a session, or all of them, on MODEL in every running turnout.

    MODEL is an exact name: provider/model, or a model's id alone for its own vendor's service.
    """
    whose = f"session {session}" if session else "every session"
    for running, status in control.every():
        name = running.pin(model, session)
        click.echo(f"turnout at {running.proxy}: {whose} goes to {name}", err=True)
        if (provider := name.partition("/")[0]) not in status["providers"]:
            own = "only clients that bring their own go there"
            click.echo(f"  it has no key for {provider}: {own}", err=True)
    click.echo("`turnout pins clear` ends it", err=True)
