"""Watches a stream on its way: pings for a client that waits, an end for an upstream that sleeps.

    nothing comes for SILENCE_S             cut: the connection is dead
    only pings and comments for DRY_S       cut: it is alive and says nothing
    the whole takes longer than WHOLE_S     cut
    the client has read nothing for PING_S  a ping in its own dialect, between two frames

Of the client's own request, as it came, nothing is cut and nothing added.

Before the first byte no ping is sent: it would fix the status at 200, and with that the answer to
the question whether all attempts failed. Clients wait minutes for headers; attempts take one.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from turnout.account import Meter
from turnout.relay.answers import Answer
from turnout.wire.dialect import Hints
from turnout.wire.request import DialectName

log = logging.getLogger(__name__)

# seconds, start values: agents take a stream for dead after 20 to 60 of nothing
TICK_S, PING_S = 1.0, 10.0
SILENCE_S, DRY_S, WHOLE_S = 120.0, 600.0, 3600.0

COMMENT = b": ping\n\n"
PINGS: Mapping[DialectName, bytes] = {
    "anthropic": b'event: ping\ndata: {"type": "ping"}\n\n',
    "openai_chat": COMMENT,
    "openai_responses": COMMENT,
    "gemini": b"",  # Google's Python SDK takes a comment for JSON, and gives up
}


def ping(dialect: DialectName, hints: Hints) -> bytes:
    """An array of JSON that grows has no word for it."""
    return PINGS[dialect] if hints.sse else b""


class Vigil:
    """`async with` it around the stream; everything written goes through `write`."""

    def __init__(
        self, answer: Answer, meter: Meter, write: Callable[[bytes], Awaitable[None]], ping: bytes
    ) -> None:
        self._answer, self._meter, self._write, self._ping = answer, meter, write, ping
        self._began = self._heard = self._spoke = time.monotonic()
        self._wrote: float | None = None  # nothing yet
        self._events = meter.events
        self._writing = False
        self._task: asyncio.Task[None] | None = None
        answer.body = self._listened(answer.body)

    async def write(self, piece: bytes) -> None:
        self._writing = True
        await self._write(piece)
        self._writing, self._wrote = False, time.monotonic()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _listened(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for piece in body:
            self._heard = time.monotonic()
            yield piece

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            if self._writing:  # a slow client is no fault of the upstream's
                self._heard = self._spoke = now
            elif why := self._over(now):
                self._answer.cut = why
                self._answer.close()
                return
            elif self._ping and self._wrote and now - self._wrote >= PING_S:
                with suppress(ConnectionError):  # who writes the answer will find out
                    await self.write(self._ping)

    def _over(self, now: float) -> str:
        if self._meter.events != self._events:
            self._events, self._spoke = self._meter.events, now
        if now - self._heard > SILENCE_S:
            return f"upstream was silent for {SILENCE_S:g} s"
        if now - self._spoke > DRY_S:
            return f"upstream sent nothing but pings for {DRY_S:g} s"
        return f"upstream took longer than {WHOLE_S:g} s" if now - self._began > WHOLE_S else ""
