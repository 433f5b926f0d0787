"""The log, read beside the event loop: by two threads at most, however many ask."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from turnout import history
from turnout.errors import ConfigError
from turnout.history import Reader

THREADS = 2  # SQLite gives the interpreter's lock away while it works
PATIENCE_S = 30.0  # for one question: a rare filter over all of a large log takes that long


class Log:
    def __init__(self, path: Path, patience: float = PATIENCE_S) -> None:
        self.path, self._patience = path, patience
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="turnout-web")

    async def ask[T](self, question: Callable[[Reader], T]) -> T:
        """`question` gets a connection of its own. Raises TurnoutError."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._answer, question)

    def _answer[T](self, question: Callable[[Reader], T]) -> T:
        try:
            with history.read(self.path) as reader:
                reader.hurry(self._patience)
                return question(reader)
        except ConfigError as e:
            if "interrupted" not in str(e):
                raise
            said = f"that takes longer than {self._patience:g} s; ask for less with since, say 7d"
            raise ConfigError(said) from e

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
