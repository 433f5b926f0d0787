"""`turnout feedback ID +/-`: a person's word on an action counts for several sessions."""

from contextlib import suppress

import click

from turnout import control
from turnout.errors import ConfigError
from turnout.figures import clean

WORDS = {"+": True, "-": False}


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("id", required=False)
@click.argument("word", type=click.Choice(tuple(WORDS)), required=False)
@click.option("--release", metavar="ALARM", help="Route to a model again that was un-routed.")
def feedback(id: str | None, word: str | None, release: str | None) -> None:
    """Say that action ID (or "last") went well (+) or not (-).

    Without arguments: the alarms, which are models that did worse than promised in a class.
    """
    if release is not None:
        _release(release)
    elif id is None:
        _alarms()
    elif word is None:
        raise click.UsageError("say + or - after the ID")
    else:
        _say(id, good=WORDS[word])


def _say(id: str, *, good: bool) -> None:
    """To the turnout whose log has it: they may have one each."""
    logs = list({one.db: one for one, _ in control.every()}.values())
    for one in logs[:-1]:
        with suppress(ConfigError):
            return _told(one.feedback(id, good=good))
    return _told(logs[-1].feedback(id, good=good))


def _told(row: dict[str, object]) -> None:
    how = "well" if row["good"] else "badly"
    told = f"{row['model']} did {how} in class {row['cluster']}: {row['decision']}"
    click.echo(clean(told), err=True)


def _alarms() -> None:
    found = [one for running, _ in control.every() for one in running.alarms()]
    if not found:
        click.echo("no alarm: every model does as promised, as far as is known", err=True)
    for one in found:
        share = f"{one['troubled']:.0f} of {one['sessions']:.0f} sessions"
        click.echo(clean(f"{one['id']}  trouble in {share}, {one['promise']:.0%} was promised"))


def _release(alarm: str) -> None:
    for running, _ in control.every():
        running.release(alarm)
    click.echo(clean(f"{alarm} is routed to again"), err=True)
