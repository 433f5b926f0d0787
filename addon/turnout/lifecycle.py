"""How a serving process ends and reads its configuration again.

    SIGTERM, SIGINT   no new connections; what runs gets `proxy.drain_s` seconds; a second one ends
                      it at once
    SIGHUP            the configuration is read again; at a terminal it means that the window is
                      gone, which is an end like any other

Under nohup SIGHUP stays ignored: `turnout reload` does the same.
"""

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol
from weakref import WeakValueDictionary

from turnout.errors import TurnoutError
from turnout.reload import Reloaded

log = logging.getLogger(__name__)

LOOK_S = 0.02  # how often a drain looks whether it is over


class Live(Protocol):
    """What is known of a flow of mitmproxy here."""

    @property
    def id(self) -> str: ...
    @property
    def client_conn(self) -> Any: ...


class Running[F: Live]:
    """Requests between their head and the end of their answer."""

    def __init__(self) -> None:
        self._flows: WeakValueDictionary[str, F] = WeakValueDictionary()

    def began(self, flow: F) -> None:
        self._flows[flow.id] = flow

    def ended(self, flow: F) -> None:
        self._flows.pop(flow.id, None)

    def left(self) -> list[F]:
        """Those whose client is still there; one that left may never be said to have ended."""
        return [one for one in self._flows.values() if one.client_conn.timestamp_end is None]

    def busy(self, handlers: Iterable[Any]) -> int:
        """How many run; 1 when only their last bytes are on the way to a slow client."""
        return len(self.left()) or int(unsent(handlers) > 0)


def unsent(handlers: Iterable[Any]) -> int:
    """Bytes that wait in the buffers of mitmproxy's connections to clients."""
    writers = [
        handler.transports[handler.client].writer
        for handler in list(handlers)
        if handler.client in handler.transports
    ]
    return sum(writer.transport.get_write_buffer_size() for writer in writers if writer)


class Ending:
    """The drain. `close`: no more connections. `busy`: how much is under way. `end`: for good."""

    def __init__(
        self,
        seconds: Callable[[], float],
        *,
        close: Callable[[], None],
        busy: Callable[[], int],
        end: Callable[[], None],
    ) -> None:
        self._seconds, self._close, self._busy, self._end = seconds, close, busy, end
        self._drain: asyncio.Task[None] | None = None

    def asked(self) -> None:
        """The first time politely; whoever asks again does not want to wait."""
        if self._drain is None:
            self._drain = asyncio.get_running_loop().create_task(self._run())
        else:
            self._end()

    async def _run(self) -> None:
        """Whatever breaks in here, it ends."""
        try:
            await self._wait()
        except Exception as e:
            log.exception("drain: %r", e)
        finally:
            self._end()

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._seconds()
        self._close()
        if (busy := self._busy()) and loop.time() < until:
            say(f"{busy} under way, waited for at most {self._seconds():g} s; a second signal ends")
        while self._busy() and loop.time() < until:  # noqa: ASYNC110  nothing tells when buffers are empty
            await asyncio.sleep(LOOK_S)


def listen(ending: Ending, reload: Callable[[], Awaitable[Reloaded]]) -> None:
    """Answers signals from now on, in the running loop."""
    loop = asyncio.get_running_loop()
    ends = [signal.SIGINT, signal.SIGTERM]
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up and signal.getsignal(hang_up) is not signal.SIG_IGN:
        if sys.stdin and sys.stdin.isatty():
            ends.append(hang_up)
        else:
            tasks = set[asyncio.Task[None]]()
            loop.add_signal_handler(hang_up, lambda: _task(tasks, _reload(reload)))
    for number in ends:
        loop.add_signal_handler(number, ending.asked)


def _task(tasks: set[asyncio.Task[None]], work: Any) -> None:
    """asyncio forgets a task that nobody holds."""
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def _reload(reload: Callable[[], Awaitable[Reloaded]]) -> None:
    try:
        say((await reload()).sentence())
    except TurnoutError as e:
        say(f"the new configuration is refused, the old one goes on: {e}")


def say(words: str) -> None:
    sys.stderr.write(f"turnout: {words}\n")
    sys.stderr.flush()
