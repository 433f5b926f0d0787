"""The table of commands, and what becomes of their errors.

0  well    1  it failed    2  wrong use    130  Ctrl-C
"""

import importlib
import os
import sys
from io import TextIOWrapper
from typing import Any, NoReturn

import click

from turnout import __version__
from turnout.errors import ConfigError, TurnoutError

# command: (module in turnout.cli, its line in --help); the function has the command's name
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("run", "Run an agent through turnout: -- CMD ..."),
    "serve": ("serve", "Run the proxy until it is stopped."),
    "env": ("env", "Print the exports for a shell that talks to a running serve."),
    "doctor": ("doctor", "Prove that everything works on this machine, or say the mend."),
    "demo": ("demo", "Simulated providers and agent, no keys, no network."),
    "route": ("route", "The decision on a request body, without calling anyone."),
    "translate": ("translate", "What goes over the wire from one dialect to another."),
    "why": ("why", "One decision with all its arithmetic."),
    "audit": ("audit", "What it cost, what it would have cost, and why."),
    "whatif": ("whatif", "What recorded traffic would have cost, routed."),
    "pin": ("pin", "Keep a session, or all of them, on one model."),
    "pins": ("pins", "Which model each session is on; `clear` forgets them."),
    "feedback": ("feedback", "Say that an action went well (+) or not (-); release an alarm."),
    "models": ("models", "What can be routed to, with which key, and what can win."),
    "prices": ("prices", "Every rate, tier and time of day, as of which date."),
    "keys": ("keys", "The vault of provider keys: add, list, rotate, remove."),
    "bundle": ("bundle", "Routing artifacts: list, show, diff, train, eval, promote."),
    "uninstall": ("uninstall", "Remove CA, vault and log from this machine."),
    "on": ("switch", "Route again, in a running turnout."),
    "off": ("switch", "Kill switch: a running turnout becomes a plain tunnel at once."),
    "status": ("switch", "What a running turnout does, and where requests may go."),
    "reload": ("reload", "A running turnout reads its configuration again; streams go on."),
}


class Commands(click.Group):
    """Imports a command when it is called; turns errors into one sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"turnout.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table: --help need not import every command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        _open_streams()
        code = self._code(*args, **kwargs | {"standalone_mode": False})
        try:
            sys.stdout.flush()
        except OSError as e:
            _close_stdout()
            code = code or _told(e)
        sys.exit(code)

    def _code(self, *args: Any, **kwargs: Any) -> int:
        try:
            result = super().main(*args, **kwargs)
        except click.ClickException as e:
            e.show()
            return e.exit_code
        except (click.Abort, KeyboardInterrupt):
            return 130
        except OSError as e:
            return _told(e)
        except TurnoutError as e:
            click.echo(f"turnout: {e}", err=True)
            return 2 if isinstance(e, ConfigError) else 1
        return result if isinstance(result, int) else 0


def _told(e: OSError) -> int:
    """`turnout audit | head`: that nobody reads on needs no words."""
    if not isinstance(e, BrokenPipeError):
        click.echo(f"turnout: {f'{e.filename}: ' if e.filename else ''}{e.strerror or e}", err=True)
    return 1


def _open_streams() -> None:
    """What was closed (`turnout models >&-`) leads nowhere, and no other file takes its place."""
    while (nowhere := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(nowhere)
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")
    if isinstance(sys.stdout, TextIOWrapper):  # an arrow in Latin-1 is no reason to end
        sys.stdout.reconfigure(errors="replace")


def _close_stdout() -> None:
    """What could not be written stays in its buffer: the last flush must not complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="turnout %(version)s")
def main() -> None:
    """Send each request of an unmodified agent to the cheapest model that will do as well."""
