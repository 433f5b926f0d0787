"""New decisions, told to whoever listens. A listener that does not keep up is cut off."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from turnout.record import JSON_COLUMNS

WAITING = 256  # decisions that a listener may be behind
MOST = 32  # listeners
ALIVE_S = 15.0  # between two signs of life, where nothing happens

type Row = Mapping[str, Any]


class Feed:
    """`publish` never waits: it is called on the road of an answer."""

    def __init__(self, waiting: int = WAITING) -> None:
        self._waiting = waiting
        self._listeners: dict[asyncio.Task[Any], asyncio.Queue[bytes]] = {}

    @property
    def full(self) -> bool:
        return len(self._listeners) >= MOST

    def publish(self, row: Row) -> None:
        if not self._listeners:
            return
        event = b"event: decision\nid: %s\ndata: %s\n\n" % (str(row["id"]).encode(), encoded(row))
        for task, queue in list(self._listeners.items()):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                self._drop(task)

    @contextmanager
    def listening(self) -> Iterator[AsyncGenerator[bytes, None]]:
        """The events from now on, for the task that asks; it is cancelled when it is too slow."""
        task = asyncio.current_task()
        assert task
        queue = self._listeners[task] = asyncio.Queue(self._waiting)
        try:
            yield _events(queue)
        finally:
            self._listeners.pop(task, None)

    def close(self) -> None:
        for task in list(self._listeners):
            self._drop(task)

    def _drop(self, task: asyncio.Task[Any]) -> None:
        del self._listeners[task]
        task.cancel()


async def _events(queue: asyncio.Queue[bytes]) -> AsyncGenerator[bytes, None]:
    yield b": hello\n\n"  # so that the head goes out, and a browser knows that it is connected
    while True:
        try:
            async with asyncio.timeout(ALIVE_S):
                event = await queue.get()
        except TimeoutError:
            event = b": alive\n\n"
        yield event


def encoded(row: Row) -> bytes:
    """As JSON, the JSON columns as what they hold."""
    raw = {name: msgspec.Raw(row[name].encode()) for name in JSON_COLUMNS if row.get(name)}
    return msgspec.json.encode({**row, **raw})
