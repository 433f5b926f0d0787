"""Which log a command reads."""

from pathlib import Path

import click

from turnout import config, control, history, paths

db_option = click.option(
    "--db",
    type=click.Path(path_type=Path),
    help="The log to read. [default: that of the running turnout, else the configured one]",
)


def find(db: Path | None) -> Path:
    if db:
        return db
    if running := control.read(paths.run_file()):
        return running.db
    chosen = config.load().store.path
    return Path(chosen).expanduser() if chosen else paths.data_dir() / "turnout.db"


def read(db: Path | None) -> history.Reader:
    """Raises ConfigError when there is no log there."""
    return history.read(find(db))
