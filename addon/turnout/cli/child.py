"""Someone else's program, as if turnout were not there: terminal, signals, exit code."""

import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import click

NOT_EXECUTABLE, NOT_FOUND = 126, 127  # as a shell has them
NEVER_RAN = (NOT_EXECUTABLE, NOT_FOUND)

type Handler = Callable[[int, FrameType | None], None]

# the terminal sends these to the child as well: we only have to outlive them
SHARED = ("SIGINT", "SIGQUIT")
# these reach us alone
OURS = ("SIGTERM", "SIGHUP")


class Recipient:
    """Who gets the signals that are sent to us; without a child, they end us.

    `starting`: the child may live already, but we do not have its number yet.
    """

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.starting = False
        self._waiting: list[int] = []

    def started(self, process: subprocess.Popen[bytes]) -> None:
        self.process, self.starting = process, False
        for number in self._waiting:
            self.forward(number, None)

    def forward(self, number: int, frame: FrameType | None) -> None:
        if self.starting:
            self._waiting.append(number)
        elif self.process is None:
            raise SystemExit(128 + number)
        else:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def shared(self, number: int, frame: FrameType | None) -> None:
        if self.process is None and not self.starting:
            raise KeyboardInterrupt


@contextmanager
def signals() -> Iterator[Recipient]:
    """For the length of a block. Handlers, not SIG_IGN: a child does not inherit handlers."""
    recipient = Recipient()
    wanted: dict[str, Handler] = dict.fromkeys(SHARED, recipient.shared)
    wanted |= dict.fromkeys(OURS, recipient.forward)
    before: dict[int, Any] = {}
    for name, handler in wanted.items():
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            before[number] = signal.signal(number, handler)
    try:
        yield recipient
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def run(command: Sequence[str], environ: Mapping[str, str], recipient: Recipient) -> int:
    """Its exit code; 128 + n when signal n ended it."""
    recipient.starting = True
    try:
        process = subprocess.Popen(command, env=environ)  # noqa: S603  what was asked for
    except OSError as e:
        recipient.starting = False
        missing = isinstance(e, FileNotFoundError)
        click.echo(
            f"turnout: {command[0]}: {'command not found' if missing else e.strerror}", err=True
        )
        return NOT_FOUND if missing else NOT_EXECUTABLE
    try:
        recipient.started(process)
        code = process.wait()
    finally:
        recipient.process = None
    return 128 - code if code < 0 else code
