"""The pooled client: opens attempts one after another until one has begun to answer.

    attempt ── refused, reset, timed out, 5xx, error as first event ──▶ next attempt
            ── answered, or an error that is the client's own ──▶ Answer

Nothing has reached the client yet while this runs, so everything here may be tried again.
"""

import asyncio
import io
import logging
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field

import aiohttp
import yarl

from turnout.errors import TurnoutError, WireError
from turnout.record import Tried
from turnout.relay.resolve import Resolver
from turnout.stages import Stages
from turnout.trip import Attempt
from turnout.wire.encoding import PLAIN
from turnout.wire.events import Event, Failed

log = logging.getLogger(__name__)

CONNECT_TIMEOUT = 10.0  # seconds, start value
HEADER_TIMEOUT = 30.0  # seconds to the headers of a streamed answer of ours, start value
WHOLE_TIMEOUT = 600.0  # seconds to all other headers, and between two pieces: as the SDKs wait
ERROR_TIMEOUT = 5.0  # seconds for the body of an error answer
LARGE = 1 << 20  # bytes; aiohttp sends more than that in pieces only from a file
MAX_ERROR = 1 << 20  # bytes of an error answer that are kept

# statuses after which another attempt makes sense; everything else is the client's business
RETRY = frozenset({401, 402, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
# what one model refuses and another may accept, unless it was the client's own request
CHANGED = frozenset({400, 413, 415, 422})
# about the key, the account or the model: to its own request the client has to hear of it
KEYS = frozenset({401, 402, 403, 404})
# what another of the same provider's models would hear as well
UNREACHABLE = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class NoAnswerError(TurnoutError):
    """Every attempt failed before its first byte. `tried`: how; `last`: the last answer, if any."""

    def __init__(self, tried: tuple[Tried, ...], last: "Answer | None") -> None:
        super().__init__("; ".join(f"{one.provider}: {one.error or one.status}" for one in tried))
        self.tried, self.last = tried, last


@dataclass(slots=True)
class Answer:
    """An upstream that has begun to answer. `body` yields what came first, then the rest."""

    attempt: Attempt
    status: int
    headers: tuple[tuple[str, str], ...]
    body: AsyncIterator[bytes]
    close: Callable[[], None]
    failed: Failed | None = None  # what its stream began with
    tried: list[Tried] = field(default_factory=list)

    @property
    def streamed(self) -> bool:
        return "event-stream" in self.header("content-type")

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")


class Upstream:
    """One connection pool for all attempts. `redirect`: where a URL really goes, in a lab."""

    def __init__(
        self,
        *,
        stages: Stages,
        redirect: Callable[[yarl.URL], yarl.URL] = lambda url: url,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._stages, self._redirect = stages, redirect
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=60, ssl=tls or True, resolver=Resolver()
            ),
            timeout=aiohttp.ClientTimeout(
                total=None, connect=CONNECT_TIMEOUT, sock_read=WHOLE_TIMEOUT
            ),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            max_line_size=65_536,
            max_field_size=65_536,
        )

    async def close(self) -> None:
        await self._session.close()

    async def first(self, attempts: Iterable[Attempt], *, stream: bool) -> Answer:
        """The first attempt that answers. Raises NoAnswerError when none does."""
        tried: list[Tried] = []
        last: Answer | None = None
        unreachable: set[str] = set()
        for attempt in attempts:
            if attempt.provider in unreachable and not attempt.untouched:
                continue  # its other models are behind the same door
            answer, result = await self._try(attempt, unreachable, stream=stream)
            tried.append(result)
            if answer and not result.error:
                _close(last)
                answer.tried = tried
                return answer
            # the error of the client's own request says more to it than one of our attempts'
            if answer and not (last and last.attempt.untouched):
                last = answer
            log.info("%s/%s: %s", attempt.provider, attempt.model, result.error)
        raise NoAnswerError(tuple(tried), last)

    async def _try(
        self, attempt: Attempt, unreachable: set[str], *, stream: bool
    ) -> tuple[Answer | None, Tried]:
        began = time.monotonic()
        answer: Answer | None = None
        try:
            answer = await self._open(attempt, stream=stream)
            problem = await _problem(answer)
            if problem:
                await _keep(answer)
        except (aiohttp.ClientError, OSError, TurnoutError) as e:
            _close(answer)
            if isinstance(e.__cause__ or e, UNREACHABLE):
                unreachable.add(attempt.provider)
            return None, _tried(attempt, None, _named(e), began)
        except BaseException:
            _close(answer)
            raise
        if answer.status == 401:
            unreachable.add(attempt.provider)  # our key is wrong for all it serves
        kept = None if problem and _leads_away(answer) else answer
        return kept, _tried(attempt, answer.status, problem, began)

    async def _open(self, attempt: Attempt, *, stream: bool) -> Answer:
        if attempt.untouched:  # there is no better answer to wait for
            return await asyncio.wait_for(self._request(attempt), WHOLE_TIMEOUT)
        limit = HEADER_TIMEOUT if stream else WHOLE_TIMEOUT
        with self._stages("connect"):
            try:
                return await asyncio.wait_for(self._request(attempt), limit)
            except TimeoutError as e:
                raise TimeoutError(f"no headers within {limit:.0f} s") from e

    async def _request(self, attempt: Attempt) -> Answer:
        url = self._redirect(yarl.URL(attempt.url, encoded=True))
        try:
            response = await self._session.request(
                "POST",
                url,
                data=attempt.body if len(attempt.body) < LARGE else io.BytesIO(attempt.body),
                headers=attempt.headers,
                allow_redirects=False,
            )
        except (aiohttp.ClientResponseError, aiohttp.InvalidURL) as e:
            # their text holds the URL, and a URL may hold a key
            raise aiohttp.ClientError(f"no HTTP: {type(e).__name__}") from None
        headers = tuple(
            (key.decode("latin-1"), value.decode("latin-1")) for key, value in response.raw_headers
        )
        body = response.content.iter_any()
        return Answer(attempt, response.status, headers, body, response.close)


async def _problem(answer: Answer) -> str:
    """Why the next attempt should be tried, or "". Reads up to the first event of a stream."""
    attempt, status = answer.attempt, answer.status
    if attempt.untouched and status in KEYS:
        return ""
    if status == 401 and attempt.clients_key:
        return ""  # a wrong key is wrong for the client's own model, too
    if status in RETRY or (status in CHANGED and not attempt.untouched) or _leads_away(answer):
        return f"status {status}"
    plain = answer.header("content-encoding") in PLAIN
    return await _peek(answer) if status < 300 and answer.streamed and plain else ""


async def _peek(answer: Answer) -> str:
    """Reads until the stream has said one thing; an error as its first event is a failure."""
    reader = answer.attempt.dialect.stream_reader()
    pieces: list[bytes] = []
    said: Event | None = None
    rest = answer.body
    while said is None:
        piece = await anext(rest, b"")
        pieces.append(piece)
        said = _event(reader.feed(piece))
        if not piece:
            break
    answer.body = _chain(pieces, rest)
    answer.failed = said if isinstance(said, Failed) else None
    return f"{said.status}: {said.message}" if isinstance(said, Failed) else ""


def _leads_away(answer: Answer) -> bool:
    """A redirect of a host the client never asked: it would send its own key after it."""
    return 300 <= answer.status < 400 and not answer.attempt.clients_key


def _event(events: Iterator[Event]) -> Event | None:
    try:
        return next(events, None)
    except WireError as e:
        return Failed(str(e))


async def _chain(pieces: list[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        if piece:
            yield piece
    async for piece in rest:
        yield piece


async def _keep(answer: Answer) -> None:
    """Takes the body of a failed answer into memory, so that its connection is free.

    What is too large is left open; what breaks off breaks off for the client, too.
    """
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(ERROR_TIMEOUT):
            async for piece in answer.body:
                pieces.append(piece)
                size += len(piece)
                if size > MAX_ERROR:
                    answer.body = _chain(pieces, answer.body)
                    return
    except (aiohttp.ClientError, OSError) as e:
        answer.body = _chain(pieces, _broken(e))
    else:
        answer.body = _chain(pieces, _nothing())
    answer.close()


def _close(answer: Answer | None) -> None:
    if answer:
        answer.close()


async def _broken(error: Exception) -> AsyncIterator[bytes]:
    raise error
    yield b""


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


def _tried(attempt: Attempt, status: int | None, error: str, began: float) -> Tried:
    ms = (time.monotonic() - began) * 1000
    return Tried(
        provider=attempt.provider, model=attempt.model, status=status, error=error, ms=round(ms, 2)
    )


def _named(error: BaseException) -> str:
    return str(error) if isinstance(error, TurnoutError) else f"{type(error).__name__}: {error}"
