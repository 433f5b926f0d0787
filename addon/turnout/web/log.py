"""The log, read beside the event loop: by two threads at most, however many ask."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from turnout import history
from turnout.history import Reader

THREADS = 2  # SQLite gives the interpreter's lock away while it works


class Log:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="turnout-web")

    async def ask[T](self, question: Callable[[Reader], T]) -> T:
        """`question` gets a connection of its own. Raises TurnoutError."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._answer, question)

    def _answer[T](self, question: Callable[[Reader], T]) -> T:
        with history.read(self.path) as reader:
            return question(reader)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
