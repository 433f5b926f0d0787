"""One request on its way: what came in, what was decided, what is sent, what came back.

Arrival     what a client sent, exactly
Attempt     one request that may be sent upstream
Plan        a routed arrival: its decision and its attempts, best first
Untouched   a recognised arrival that goes home as it came, and why
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from turnout.record import Decision
from turnout.route.catalog import Price
from turnout.session.place import Place
from turnout.wire.dialect import Dialect
from turnout.wire.mark import Marking
from turnout.wire.request import Ask, Change, Request

type Headers = tuple[tuple[str, str], ...]

CREDENTIALS = frozenset({"authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie"})
UNWRITABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a client sent. `url` is its original destination; `raw` the body as it came.

    `home` is the name of the provider at that destination, "" when none is configured there.
    `tenant`: who proved to ask, "" for nobody.
    """

    method: str
    url: str
    path: str
    headers: Headers = field(repr=False)
    raw: bytes = field(repr=False)
    home: str = ""
    at: float = 0.0
    tenant: str = ""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def is_text(self) -> bool:
        """Bytes that are no UTF-8, or steer a terminal, cannot be written again as they came."""
        return not any(UNWRITABLE.search(value) for _, value in self.headers)

    def folded(self) -> dict[str, str]:
        """Header names in lower case; a repeated one keeps its last value."""
        return {key.lower(): value for key, value in self.headers}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request that may be sent. `dialect` is what its answer will be written in.

    `untouched`: the client's own request, at its own host, as it came.
    `clients_key`: sent with the client's own credential, so errors about it are the client's.
    `signed`: untouched, with opaque reasoning that its host may refuse. `gone`: that which went
    because it was refused, in a request that is sent for nothing else.
    """

    provider: str
    model: str
    url: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    dialect: Dialect
    price: Price | None = None
    changes: tuple[Change, ...] = ()
    untouched: bool = False
    clients_key: bool = False
    signed: bool = False
    gone: tuple[str, ...] = field(default=(), repr=False)


@dataclass(slots=True, kw_only=True)
class Plan:
    """A routed arrival. `attempts` is lazy: a fallback is composed only when it is needed.

    `body`: the client's, decoded. `home`: the client's own request, as it came.
    `request()`: its meaning, read at the first call. `pin`: the key it is pinned by, "" for none.
    `place`: where it stands in its conversation. `plan_token`: the client pays with a subscription,
    `account` is a name for it. `stop`: what turnout answers itself; then nobody is asked.
    `forced`: a person named the model; nothing else is tried. `cache_key`: what its answer may be
    kept by, "" when it may not. `marking`: what allows a routing mark, None for no mark.
    """

    decision: Decision
    arrival: Arrival
    ask: Ask
    dialect: Dialect
    body: bytes = field(repr=False)
    attempts: Iterator[Attempt]
    home: Attempt
    request: Callable[[], Request]
    pin: str = ""
    place: Place | None = None
    plan_token: bool = False
    account: str = ""
    stop: str = ""
    requested_price: Price | None = None
    debug: bool = False
    forced: bool = False
    cache_key: str = ""
    marking: Marking | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the client gets instead of an answer. `retry_after`: seconds until it may help."""

    status: int
    message: str
    retry_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Untouched:
    """A recognised arrival that goes home as it came, or is refused. `decision.reason` says why.

    `body`: the client's, decoded where it could be.
    """

    decision: Decision
    body: bytes = field(default=b"", repr=False)
    ask: Ask | None = None
    dialect: Dialect | None = None
    plan_token: bool = False
    account: str = ""
    requested_price: Price | None = None
    refusal: Refusal | None = None
    place: Place | None = None
