"""The way back: an upstream's answer to the client, translated where the dialects differ.

same dialect     bytes as they come; a reader beside them listens for the account
other dialect    reader -> events -> writer; JSON for a stream and the reverse are converted
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial

import aiohttp
import msgspec

from turnout.account import Meter
from turnout.errors import UnreadableError
from turnout.relay import manners
from turnout.relay.answers import Answer
from turnout.trip import HOP_BY_HOP, Headers, Plan
from turnout.wire.dialect import Dialect, Hints, StreamReader, StreamWriter
from turnout.wire.encoding import PLAIN, Unpacker
from turnout.wire.events import Event, Failed
from turnout.wire.mark import MarkedWriter, marked
from turnout.wire.name_out import Touch
from turnout.wire.tools import Repair
from turnout.wire.translate import Translation, translate

log = logging.getLogger(__name__)

# another vendor's rate limits and request ids would mislead a client: only these go back
JSON_HEADERS: Headers = (("content-type", "application/json"),)
# what a host that the client never asked says of itself
OF_A_STRANGER = frozenset({"set-cookie", "alt-svc", "strict-transport-security", "location"})
STREAM_HEADERS: Headers = (
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-cache"),
)
BLANK_LINES = (b"\n\n", b"\r\n\r\n", b"\r\r")  # what ends a frame
MAX_WHOLE = 16 << 20  # bytes of an answer that is held until it is complete
ARRAY_HEADERS: Headers = (*JSON_HEADERS, ("cache-control", "no-cache"))


type Write = Callable[[Iterable[Event], Hints], bytes]


class Listener:
    """Feeds a copy of passing bytes to a meter. Its failure costs the account, never the answer."""

    def __init__(self, read: Callable[[bytes], Iterator[Event]], meter: Meter) -> None:
        self._read, self._meter, self.deaf = read, meter, False
        self.cut = ""  # why the bytes ended before the answer did

    def hear(self, data: bytes) -> None:
        if self.deaf:
            return
        try:
            for event in self._read(data):
                self._meter.watch(event)
                if not data and isinstance(event, Failed):
                    self.cut = event.message
        except Exception as e:  # noqa: BLE001  do no harm: the bytes are already on their way
            self.deaf = True
            log.warning("account: %r", e)
            if not data:
                self.cut = "upstream ended inside an event"


class WholeReader:
    """Collects an answer that is not streamed and reads it when it is complete."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect, self._pieces = dialect, list[bytes]()

    def feed(self, data: bytes) -> Iterator[Event]:
        if data:
            self._pieces.append(data)
        else:
            yield from self._dialect.read_answer(b"".join(self._pieces))


class Unpacking:
    """A reader of compressed bytes."""

    def __init__(self, source: StreamReader, encoding: str) -> None:
        self._source, self._unpacker = source, Unpacker(encoding)

    def feed(self, data: bytes) -> Iterator[Event]:
        plain = self._unpacker.feed(data) if data else b""
        if plain or not data:
            yield from self._source.feed(plain)


def reader(dialect: Dialect, *, streamed: bool, encoding: str) -> StreamReader:
    """For an answer as it comes. Raises WireError for an encoding that nobody knows."""
    source = dialect.stream_reader() if streamed else WholeReader(dialect)
    return Unpacking(source, encoding) if encoding not in PLAIN else source


def _reader(answer: Answer) -> StreamReader:
    encoding = answer.header("content-encoding")
    return reader(answer.attempt.dialect, streamed=answer.streamed, encoding=encoding)


def translated_headers(plan: Plan, hints: Hints) -> Headers:
    """A stream that is no server-sent events is an array of JSON that grows."""
    if not plan.ask.stream:
        return JSON_HEADERS
    return STREAM_HEADERS if hints.sse else ARRAY_HEADERS


def headers(answer: Answer, touch: Touch | None = None) -> Headers:
    """The upstream's headers, but for those of its connection, and a stranger's about itself.

    An answer that is touched has another length.
    """
    keep = answer.header("content-length") if not touch else ""
    gone = HOP_BY_HOP if answer.attempt.clients_key else HOP_BY_HOP | OF_A_STRANGER
    kept = tuple((key, value) for key, value in answer.headers if key.lower() not in gone)
    kept = manners.short(answer.status, kept)
    # a stream may get an error event more than the upstream announced
    return kept if answer.streamed or not keep else (*kept, ("content-length", keep))


async def what_came(answer: Answer) -> bytes:
    """The body of an error, as much of it as there is."""
    came = bytearray()
    with suppress(aiohttp.ClientError, OSError):
        async for piece in answer.body:
            came += piece
    return bytes(came)


async def without(key: str, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """An error that repeats our key; it stays as long as it was announced."""
    came = bytearray()
    broken: Exception | None = None
    try:
        async for piece in body:
            came += piece
    except (aiohttp.ClientError, OSError) as e:
        broken = e
    secret = key.encode()
    yield bytes(came).replace(secret, b"*" * len(secret)) if secret else bytes(came)
    if broken:
        raise broken


async def same(answer: Answer, meter: Meter) -> AsyncIterator[bytes]:
    """The upstream's bytes, unchanged, with a listener beside them."""
    listener = Listener(_reader(answer).feed, meter)
    async for piece in answer.body:
        listener.hear(piece)
        yield piece
    listener.hear(b"")


async def same_stream(
    answer: Answer, meter: Meter, hints: Hints, touch: Touch | None = None
) -> AsyncIterator[bytes]:
    """As `same`, for a stream of ours to answer for: one that breaks off ends with an error event.

    A piece of a frame is held until it is whole, so that an error event never lands inside one.
    The client is not told of usage that it did not ask for.
    """
    quiet = None if hints.wants_usage else answer.attempt.dialect.without_usage
    listener = Listener(_reader(answer).feed, meter)
    frames = touch.frames() if touch else None
    tail = b""
    try:
        async for piece in answer.body:
            listener.hear(piece)
            whole, tail = _frames(tail + piece)
            if whole and (told := quiet(whole) if quiet else whole):
                yield frames(told) if frames else told
        listener.hear(b"")
    except (OSError, aiohttp.ClientError) as e:
        listener.hear(b"")  # perhaps nothing is missing but the connection's own end
        if listener.cut or listener.deaf:
            listener.cut = answer.cut or f"upstream broke off: {type(e).__name__}"
            meter.watch(Failed(listener.cut))
    if tail and not listener.cut:
        yield frames(tail) if frames else tail
    if listener.cut:
        for piece in answer.attempt.dialect.stream_writer(hints).feed(Failed(listener.cut)):
            yield piece


async def same_whole(
    answer: Answer, meter: Meter, touch: Touch | None = None
) -> AsyncIterator[bytes]:
    """The upstream's bytes, unchanged, when all have come: until then another may be asked.

    Raises UnreadableError for what is no answer at all. One too large to hold passes as it comes.
    """
    listener = Listener(_reader(answer).feed, meter)
    came, too_large = bytearray(), False
    async for piece in answer.body:
        listener.hear(piece)
        came += piece
        if len(came) > MAX_WHOLE:
            yield bytes(came)
            came.clear()
            too_large = True
    listener.hear(b"")
    if answer.header("content-encoding") in PLAIN and not too_large:
        _check_object(came)
        if touch:
            yield touch.whole(bytes(came))
            return
    yield bytes(came)


def _check_object(came: bytearray) -> None:
    try:
        msgspec.json.decode(came, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise UnreadableError("the answer is no JSON object") from e


def _frames(data: bytes) -> tuple[bytes, bytes]:
    """What is complete, and the beginning of a frame after it."""
    ends = (data.rfind(mark) + len(mark) for mark in BLANK_LINES if mark in data)
    end = max(ends, default=0)
    return data[:end], data[end:]


async def translated(
    answer: Answer, plan: Plan, meter: Meter, hints: Hints, repair: Repair, mark: str = ""
) -> AsyncIterator[bytes]:
    """The upstream's answer in the client's dialect, streamed or whole as the client asked.

    Raises UnreadableError before the first piece when a whole answer cannot be read.
    """
    if plan.ask.stream:
        writer = MarkedWriter(plan.dialect.stream_writer(hints), mark)
        async for piece in _streamed(answer, writer, meter, repair):
            yield piece
    else:
        write = partial(_written, plan.dialect, mark)
        yield await _whole(answer, write, meter, hints, repair)


async def _streamed(
    answer: Answer, writer: StreamWriter, meter: Meter, repair: Repair
) -> AsyncIterator[bytes]:
    passing = Translation(_reader(answer), writer, meter.watch, repair)
    out = False
    try:
        async for data in answer.body:
            pieces = passing(data)
            _check_begun(passing, out)
            for piece in pieces:
                out = True
                yield piece
        last = passing(b"")
    except Exception as e:
        if not out:
            raise  # nothing is out yet: somebody else may answer
        log.warning("answer of %s: %r", answer.attempt.provider, e)
        last = _broken(passing, answer, e)
    _check_begun(passing, out)
    for piece in last:
        yield piece


def _broken(passing: Translation, answer: Answer, e: Exception) -> list[bytes]:
    """Perhaps nothing was missing but the connection's own end; else it fails."""
    if isinstance(e, aiohttp.ClientError | OSError) and not answer.cut:
        return passing(b"")
    return passing.fail(answer.cut or f"upstream broke off: {type(e).__name__}")


def _check_begun(passing: Translation, out: bool) -> None:
    """A failure before the first byte is no answer. Raises UnreadableError."""
    if isinstance(passing.terminal, Failed) and not out:
        raise UnreadableError(passing.terminal.message)


def _written(dialect: Dialect, mark: str, events: Iterable[Event], hints: Hints) -> bytes:
    return dialect.write_answer(marked(events, mark), hints)


async def _whole(answer: Answer, write: Write, meter: Meter, hints: Hints, repair: Repair) -> bytes:
    """The sum of the answer. One that failed is no answer: the request may still go elsewhere."""
    source = _reader(answer)
    events = [event async for data in answer.body for event in source.feed(data)]
    events += source.feed(b"")
    body, end = translate(b"", lambda _: iter(events), write, hints, meter.watch, repair)
    if isinstance(end, Failed):
        raise UnreadableError(end.message)
    return body
