"""The command line: one file a command, imported only when that command is called."""

from turnout.cli.commands import main

__all__ = ["main"]
