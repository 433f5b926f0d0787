"""What a dialect has to be able to do. One folder each; `dialects.py` is their table.

request.py   peek, read, splice, write     the client's request -> Ask, Request; Request -> bytes
answer.py    read, write                   a whole answer <-> events
stream.py    StreamReader, StreamWriter    a streamed answer <-> events
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from turnout.wire.events import Event
from turnout.wire.request import Ask, DialectName, Request, Target, Written


class StreamReader(Protocol):
    """Bytes in, events out. `b""` in means the peer is done. Raises WireError, nothing else."""

    def feed(self, data: bytes, /) -> Iterator[Event]: ...


class StreamWriter(Protocol):
    """Events in, bytes out."""

    def feed(self, event: Event, /) -> Iterable[bytes]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a writer of answers knows of the request.

    `id`: of the answer, unique. `model`: the name the client shall read. `input_tokens`: an
    estimate, for clients that want usage before the upstream says it. `wants_usage`: the client
    asked for it (C's stream_options).
    `created`: Unix seconds, for dialects that stamp their answers. `asked`: the model the client
    named. `sse`: a stream is server-sent events; else, in G, an array that grows.
    `request`: the client's, for dialects whose clients call a tool otherwise than the target.
    """

    id: str
    model: str
    input_tokens: int = 0
    wants_usage: bool = True
    created: int = 0
    asked: str = ""
    sse: bool = True
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What a path says, in a dialect that has the model there. `sse`: see Hints."""

    model: str
    stream: bool
    sse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Everything turnout can do in one dialect. All functions are pure and raise WireError only."""

    name: DialectName
    # (body, path) -> facts; the path matters to dialects that carry the model in it
    peek: Callable[[bytes, str], Ask]
    read_request: Callable[[bytes, str], Request]
    # raises UnsupportedError when the target has no word for something
    write_request: Callable[[Request, Target], Written]
    # same dialect, another model: the client's bytes with named edits
    splice: Callable[[bytes, Target], Written]
    stream_reader: Callable[[], StreamReader]
    stream_writer: Callable[[Hints], StreamWriter]
    read_answer: Callable[[bytes], Iterator[Event]]
    write_answer: Callable[[Iterable[Event], Hints], bytes]
    # an error envelope as this dialect's clients expect it
    write_error: Callable[[int, str], bytes]
    # the upstream's error message, for the log
    read_error: Callable[[bytes], str]
    # path below a base URL (which ends in /v1 or the like) for (model, stream)
    path: Callable[[str, bool], str]
    # headers that carry a key, and headers every request needs
    auth: Callable[[str], Mapping[str, str]]
    headers: Mapping[str, str]
    # where the path names the model (else None): what it says; the path or URL for another model
    place: Callable[[str], Place] | None = None
    moved: Callable[[str, str], str] | None = None
    # and there: the client's bytes for the very model that it names
    mend: Callable[[bytes, Target], Written] | None = None
    # whole frames of a stream without the usage that only we asked for
    without_usage: Callable[[bytes], bytes] | None = None
