"""Joins any reader to any writer. The only place where two dialects meet.

However an upstream behaves, what comes out has exactly one terminal event, and nothing after it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from turnout.errors import WireError
from turnout.wire.dialect import Hints, StreamReader, StreamWriter
from turnout.wire.events import Event, Failed, Finished

type Watch = Callable[[Event], None]
TERMINAL = (Finished, Failed)
NO_END = "the upstream closed before the answer was finished"


class Filter(Protocol):
    """Events in, events out, on the way from the reader to the writer (tools.Repair)."""

    def feed(self, event: Event, /) -> Iterable[Event]: ...


class Course:
    """The events of one answer on their way. `watch` sees what the client will be told."""

    def __init__(self, watch: Watch, through: Filter | None = None) -> None:
        self._watch, self._through = watch, through
        self.terminal: Finished | Failed | None = None

    def run(self, events: Iterable[Event]) -> Iterator[Event]:
        """Passes them on up to the first terminal one. A reader that gives up becomes Failed."""
        try:
            for event in events:
                if self.terminal:
                    return
                if self._through is None:
                    yield self._seen(event)
                else:
                    yield from map(self._seen, self._through.feed(event))
        except WireError as e:
            yield from self.fail(str(e))

    def fail(self, message: str, status: int = 502) -> Iterator[Event]:
        """Ends it, unless it has ended."""
        if not self.terminal:
            failed = Failed(message, status)
            yield from map(self._seen, self._through.feed(failed) if self._through else (failed,))

    def _seen(self, event: Event) -> Event:
        if isinstance(event, TERMINAL):
            self.terminal = event
        self._watch(event)
        return event


class Translation:
    """Called with each chunk of a streamed answer, last with b"". Answers with what to write.

    With a list, since a bare b"" would end a chunked HTTP/1.1 body. `watch` sees every event: that
    is where accounting and the log listen. `terminal` is None while the answer goes on.
    """

    def __init__(
        self,
        reader: StreamReader,
        writer: StreamWriter,
        watch: Watch,
        through: Filter | None = None,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._course = Course(watch, through)

    @property
    def terminal(self) -> Finished | Failed | None:
        return self._course.terminal

    def __call__(self, data: bytes) -> list[bytes]:
        if self.terminal:
            return []
        pieces = self._write(self._course.run(self._reader.feed(data)))
        return pieces if data else pieces + self.fail(NO_END)

    def fail(self, message: str, status: int = 502) -> list[bytes]:
        """Ends the stream with an error, unless it has ended: for what no byte says (a timeout)."""
        return self._write(self._course.fail(message, status))

    def _write(self, events: Iterator[Event]) -> list[bytes]:
        return [piece for event in events for piece in self._writer.feed(event)]


def translate(
    body: bytes,
    read: Callable[[bytes], Iterator[Event]],
    write: Callable[[Iterable[Event], Hints], bytes],
    hints: Hints,
    watch: Watch,
    through: Filter | None = None,
) -> tuple[bytes, Finished | Failed]:
    """A whole answer in the other dialect, and how it ended (which decides the status)."""
    course = Course(watch, through)
    events = [*course.run(read(body)), *course.fail(NO_END)]
    return write(events, hints), course.terminal or Failed(NO_END)
