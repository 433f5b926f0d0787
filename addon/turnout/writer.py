"""Rows from any thread to one thread that writes them in batches, whatever happens to the file.

    add -> inbox (bounded) -> batches, at most 0.5 s or 500 rows -> sink

While the sink fails, the writer keeps its batch and tries again, the inbox fills, and what no
longer fits is counted in `dropped`. Whoever calls `add` notices nothing.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Protocol, Self

log = logging.getLogger(__name__)

BATCH = 500  # rows in one transaction
FLUSH_S = 0.5  # the longest a row waits for others
LIMIT = 10_000  # rows waiting; about 5 kB each
PAUSE_S = 0.1  # before the first retry; doubled up to LONGEST_PAUSE_S
LONGEST_PAUSE_S = 2.0
GRACE_S = 2.0  # for the try that runs when the time of close() is over

type Row = Mapping[str, Any]


class Sink(Protocol):
    """An open place for rows. Writing a row twice must be the same as writing it once."""

    def insert(self, rows: Sequence[Row]) -> int:
        """All or nothing. Returns how many rows could never be written, whatever the place does."""

    def close(self) -> None: ...


class Writer:
    """`warning`: what is wrong with the sink right now, "" when nothing is."""

    def __init__(self, connect: Callable[[], Sink], explain: Callable[[Exception], str]) -> None:
        self.warning = ""
        self._connect, self._explain = connect, explain
        self._sink: Sink | None = None
        self._inbox: SimpleQueue[Row | Event] = SimpleQueue()
        self._dropped, self._counting = 0, Lock()
        self._closing, self._done, self._deadline = Event(), Event(), float("inf")
        self._thread = Thread(target=self._run, name="turnout-log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Rows that were lost since the start."""
        return self._dropped

    def add(self, row: Row) -> None:
        """Never blocks, never raises. The row is written within a second, or counted as dropped."""
        if self._closing.is_set() or self._inbox.qsize() >= LIMIT:
            self._lose(1)
        else:
            self._inbox.put(row)

    def flush(self, timeout: float = 2.0) -> bool:
        """Waits at most `timeout` seconds until everything added so far is written."""
        written = Event()
        self._inbox.put(written)
        return written.wait(timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Writes what waits; a sink that fails gets `timeout` seconds to recover."""
        if not self._closing.is_set():
            self._deadline = monotonic() + timeout
            self._closing.set()
            self._inbox.put(self._done)
        self._thread.join(timeout + GRACE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        self._deliver([])  # so that the file is there, or the warning
        while not self._done.is_set():
            rows, mark = self._collect()
            self._deliver(rows)
            if mark:
                mark.set()
        self._disconnect()

    def _collect(self) -> tuple[list[Row], Event | None]:
        """A batch, and the mark that ended it early."""
        rows: list[Row] = []
        until: float | None = None
        while len(rows) < BATCH:
            try:
                left = None if until is None else max(0.0, until - monotonic())
                item = self._inbox.get(timeout=left)
            except Empty:
                break
            if isinstance(item, Event):
                return rows, item
            rows.append(item)
            until = until or monotonic() + FLUSH_S
        return rows, None

    def _deliver(self, rows: Sequence[Row]) -> None:
        """Tries until it is written, or until the time that close() gave is over."""
        pause = PAUSE_S
        while not self._write(rows):
            if monotonic() > self._deadline:
                self._give_up(rows)
                break
            if self._closing.is_set():
                self._done.wait(PAUSE_S)
            else:
                self._closing.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _write(self, rows: Sequence[Row]) -> bool:
        try:
            self._sink = sink = self._sink or self._connect()
            self._lose(sink.insert(rows))
        except Exception as e:  # noqa: BLE001  do no harm: whatever breaks in here, requests go on
            self._fault(e)
            return False
        if self.warning:
            self.warning = ""
            log.info("the log is written again; %d rows were lost", self._dropped)
        return True

    def _fault(self, e: Exception) -> None:
        self._disconnect()
        first, self.warning = not self.warning, self._explain(e)
        if first:
            log.warning("the log: %s", self.warning)

    def _give_up(self, rows: Sequence[Row]) -> None:
        waiting = [self._inbox.get() for _ in range(self._inbox.qsize())]
        self._lose(len(rows) + sum(not isinstance(item, Event) for item in waiting))
        self._done.set()

    def _lose(self, rows: int) -> None:
        if rows:
            with self._counting:
                self._dropped += rows

    def _disconnect(self) -> None:
        if self._sink:
            self._sink.close()
            self._sink = None
