"""A request and its answer as they went over the wire -> what is replayed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from turnout.account import Meter
from turnout.config import Config
from turnout.errors import TurnoutError
from turnout.relay import back
from turnout.replay.recorded import Recorded, Skipped
from turnout.trip import Arrival, Headers
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Usage
from turnout.wire.recognise import recognise
from turnout.wire.request import DialectName

type Home = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """`began`, `ended`: epoch seconds. `status`: None when no answer came."""

    method: str
    url: str
    host: str
    path: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    began: float
    ended: float
    status: int | None
    answered: Headers = field(default=(), repr=False)
    answer: bytes | None = field(default=None, repr=False)


def home(config: Config) -> Home:
    """The provider that lives at a host, "" for none."""

    def of(host: str) -> str:
        provider = config.provider_of(host)
        return provider.name if provider else ""

    return of


def read(one: Exchange, home: Home) -> Recorded | Skipped:
    dialect = recognise(one.method, one.path)
    provider = home(one.host)
    if dialect is None or not provider:
        return Skipped("not_a_completion")
    if one.status is None or one.answer is None:
        return Skipped("no_answer")
    arrival = Arrival(
        method=one.method,
        url=one.url,
        path=one.path,
        headers=one.headers,
        raw=one.body,
        home=provider,
        at=one.began,
    )
    usage = _usage(one, dialect) if one.status < 300 else None
    return Recorded(
        arrival=arrival, dialect=dialect, usage=usage, ended=one.ended, status=one.status
    )


def _usage(one: Exchange, dialect: DialectName) -> Usage | None:
    """As it would have been accounted for when it went by; None where nothing can be read."""
    said = {name.lower(): value for name, value in one.answered}
    streamed = "event-stream" in said.get("content-type", "")
    meter = Meter()
    try:
        source = back.reader(
            DIALECTS[dialect], streamed=streamed, encoding=said.get("content-encoding", "")
        )
        for data in (one.answer or b"", b""):
            for event in source.feed(data):
                meter.watch(event)
    except (TurnoutError, ValueError, LookupError, TypeError):
        return meter.usage
    return meter.usage
