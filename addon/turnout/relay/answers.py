"""An upstream that has begun to answer, and what its first words mean.

problem(answer)   why the next attempt should be tried, "" when this is the answer
keep(answer)      an error's body into memory, so that its connection is free
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

import aiohttp

from turnout.errors import TurnoutError, WireError
from turnout.record import Tried
from turnout.trip import Attempt
from turnout.wire.encoding import PLAIN
from turnout.wire.events import Event, Failed, Usage

ERROR_TIMEOUT = 5.0  # seconds for the body of an error answer
MAX_ERROR = 1 << 20  # bytes of an error answer that are kept

# statuses after which another attempt makes sense; everything else is the client's business
RETRY = frozenset({401, 402, 403, 404, 408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
# what one model refuses and another may accept, unless it was the client's own request
CHANGED = frozenset({400, 413, 415, 422})
# about the key, the account or the model: to its own request the client has to hear of it
KEYS = frozenset({401, 402, 403, 404})
# how providers say that they cannot read opaque reasoning
REASONING = re.compile(r"signature|encrypted.content|different conversation", re.IGNORECASE)


class NoAnswerError(TurnoutError):
    """Every attempt failed before its first byte. `tried`: how; `last`: the last answer, if any."""

    def __init__(self, tried: tuple[Tried, ...], last: "Answer | None") -> None:
        super().__init__("; ".join(f"{one.provider}: {one.error or one.status}" for one in tried))
        self.tried, self.last = tried, last


@dataclass(slots=True)
class Answer:
    """An upstream that has begun to answer. `body` yields what came first, then the rest.

    `kept`: the body of an error, as far as it came. `usage`: what its first event told of it.
    `cut`: why we ended it ourselves. `unread`: what it refuses is the opaque reasoning.
    """

    attempt: Attempt
    status: int
    headers: tuple[tuple[str, str], ...]
    body: AsyncIterator[bytes]
    close: Callable[[], None]
    failed: Failed | None = None  # what its stream began with
    tried: list[Tried] = field(default_factory=list)
    kept: bytes = b""
    usage: Usage | None = None
    cut: str = ""
    unread: bool = False

    @property
    def streamed(self) -> bool:
        return "event-stream" in self.header("content-type")

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")


async def problem(answer: Answer) -> str:
    """Why the next attempt should be tried, or "". Reads up to the first event of a stream."""
    attempt, status = answer.attempt, answer.status
    if attempt.untouched and status in KEYS:
        return ""
    if attempt.signed and status == 400 and await _refuses_reasoning(answer):
        return "status 400: its reasoning is not taken back"
    if status == 401 and attempt.clients_key:
        return ""  # a wrong key is wrong for the client's own model, too
    if status in RETRY or (status in CHANGED and not attempt.untouched) or leads_away(answer):
        return f"status {status}"
    plain = answer.header("content-encoding") in PLAIN
    return await _peek(answer) if status < 300 and answer.streamed and plain else ""


async def _refuses_reasoning(answer: Answer) -> bool:
    await keep(answer)
    said = answer.attempt.dialect.read_error(answer.kept)
    answer.unread = bool(REASONING.search(said))
    return answer.unread


async def _peek(answer: Answer) -> str:
    """Reads until the stream has said one thing; an error as its first event is a failure."""
    reader = answer.attempt.dialect.stream_reader()
    pieces: list[bytes] = []
    said: Event | None = None
    rest = answer.body
    while said is None:
        piece = await anext(rest, b"")
        pieces.append(piece)
        said = _first(answer, reader.feed(piece))
        if not piece:
            break
    answer.body = _chain(pieces, rest)
    answer.failed = said if isinstance(said, Failed) else None
    return f"{said.status}: {said.message}" if isinstance(said, Failed) else ""


def _first(answer: Answer, events: Iterable[Event]) -> Event | None:
    """The first of them. The usage among the others is kept, for an attempt that is given up."""
    first: Event | None = None
    try:
        for event in events:
            first = first or event
            answer.usage = event if isinstance(event, Usage) else answer.usage
    except WireError as e:
        return first or Failed(str(e))
    return first


def leads_away(answer: Answer) -> bool:
    """A redirect of a host the client never asked: it would send its own key after it."""
    return 300 <= answer.status < 400 and not answer.attempt.clients_key


async def keep(answer: Answer) -> None:
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
    answer.kept = b"".join(pieces)
    answer.close()


async def _chain(pieces: list[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        if piece:
            yield piece
    async for piece in rest:
        yield piece


async def _broken(error: Exception) -> AsyncIterator[bytes]:
    raise error
    yield b""


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
