"""The thread that writes, on a sink that fails when it is told to."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

import pytest

from turnout import writer
from turnout.writer import Row, Writer


class Sink:
    """Keeps what it is given. `fault` is raised by every insert while it is set."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.batches: list[list[Row]] = []
        self.tries = self.opened = self.closed = 0
        self.gate = threading.Event()
        self.gate.set()

    def connect(self) -> "Sink":
        self.opened += 1
        return self

    def insert(self, rows: Sequence[Row]) -> int:
        self.gate.wait()
        self.tries += 1
        if self.fault:
            raise self.fault
        if rows:
            self.batches.append(list(rows))
        return sum("bad" in row for row in rows)

    def close(self) -> None:
        self.closed += 1

    @property
    def ids(self) -> list[int]:
        return [row["id"] for batch in self.batches for row in batch]


def until(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.01)


@pytest.fixture
def sink() -> Sink:
    return Sink()


def start(sink: Sink) -> Writer:
    return Writer(sink.connect, str)


def test_rows_keep_their_order_and_come_in_batches(sink: Sink) -> None:
    with start(sink) as log:
        sink.gate.clear()
        for n in range(1200):
            log.add({"id": n})
        sink.gate.set()
    assert sink.ids == list(range(1200))
    assert max(map(len, sink.batches)) == writer.BATCH
    assert (log.dropped, log.warning, sink.opened, sink.closed) == (0, "", 1, 1)


def test_one_row_does_not_wait_for_others(sink: Sink) -> None:
    with start(sink) as log:
        log.add({"id": 1})
        until(lambda: sink.ids == [1])


def test_flush_waits_for_what_was_added(sink: Sink) -> None:
    with start(sink) as log:
        for n in range(10):
            log.add({"id": n})
        assert log.flush(60)
        assert sink.ids == list(range(10))


def test_flush_gives_up(sink: Sink) -> None:
    sink.fault = OSError("full")
    log = start(sink)
    assert not log.flush(0.2)
    log.close(0)


def test_a_fault_warns_once_and_loses_nothing(sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with start(sink) as log:
        log.flush(60)
        sink.fault = OSError("full")
        for n in range(700):
            log.add({"id": n})
        until(lambda: sink.tries >= 4)
        assert log.warning == "full"
        sink.fault = None
        assert log.flush(60)
        assert (log.warning, log.dropped, sink.ids) == ("", 0, list(range(700)))
    levels = [message.levelname for message in caplog.records]
    assert levels == ["WARNING", "INFO"]


def test_each_retry_opens_the_place_again(sink: Sink) -> None:
    sink.fault = OSError("full")
    with start(sink) as log:
        until(lambda: sink.tries >= 3)
        sink.fault = None
        log.flush(60)
        assert sink.opened == sink.tries - 1 == sink.closed + 1


def test_a_full_inbox_drops_the_rest(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LIMIT", 5)
    with start(sink) as log:
        log.flush(60)
        sink.gate.clear()
        log.add({"id": 0})
        until(lambda: not log._inbox.qsize())  # in the writer's hands
        for n in range(1, 9):
            log.add({"id": n})
        assert log.dropped == 3
        sink.gate.set()
    assert sink.ids == [0, 1, 2, 3, 4, 5]


def test_rows_that_can_never_be_written_are_counted(sink: Sink) -> None:
    with start(sink) as log:
        log.add({"id": 1, "bad": True})
        log.add({"id": 2})
    assert log.dropped == 1


@pytest.mark.parametrize("rows", [0, 1, 3, 1200])
def test_close_gives_up_and_counts(sink: Sink, rows: int) -> None:
    sink.fault = OSError("full")
    log = start(sink)
    for n in range(rows):
        log.add({"id": n})
    log.close(0.1)
    assert (log.dropped, sink.ids) == (rows, [])
    assert not log._thread.is_alive()


def test_close_lets_a_short_fault_pass(sink: Sink) -> None:
    sink.fault = OSError("locked")
    log = start(sink)
    log.add({"id": 1})
    threading.Timer(0.5, setattr, (sink, "fault", None)).start()
    log.close(60)
    assert (log.dropped, sink.ids) == (0, [1])


def test_after_close_rows_are_dropped_quietly(sink: Sink) -> None:
    log = start(sink)
    log.close()
    log.close()
    log.add({"id": 1})
    assert (log.dropped, sink.ids) == (1, [])


def test_many_threads_add(sink: Sink) -> None:
    with start(sink) as log:

        def add(first: int) -> None:
            for n in range(first, first + 500):
                log.add({"id": n})

        threads = [threading.Thread(target=add, args=(k * 500,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(sink.ids) == list(range(4000))


def test_any_exception_is_a_fault(sink: Sink) -> None:
    sink.fault = MemoryError("odd")
    with start(sink) as log:
        log.add({"id": 1})
        until(lambda: log.warning == "odd")
        sink.fault = None
    assert sink.ids == [1]
