"""Which log a command reads."""

from contextlib import suppress
from pathlib import Path

import click

from turnout import config, control, history, paths

db_option = click.option(
    "--db",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The log to read. [default: that of the running turnout, else the configured one]",
)


def find(db: Path | None) -> Path:
    if db:
        return db
    if running := control.read(paths.run_file()):
        return running.db
    chosen = config.load().store.path
    return Path(chosen).expanduser() if chosen else paths.data_dir() / "turnout.db"


def current(db: Path | None) -> history.Reader:
    """As `read`, with the rows that a running turnout has not written yet."""
    path = find(db)
    for file in control.run_files():
        running = control.read(file)
        if running and running.db == path and control.alive(running.pid):
            with suppress(control.NotRunningError):
                if said := running.write_log():
                    click.echo(f"turnout: the latest are not in the log yet: {said}", err=True)
    return history.read(path)


def read(db: Path | None) -> history.Reader:
    """Raises ConfigError when there is no log there."""
    return history.read(find(db))
