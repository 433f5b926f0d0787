"""From a choice to requests that can be sent: the target's dialect, the right key for its host."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from turnout.config import Provider
from turnout.config.addresses import loopback, private
from turnout.errors import TurnoutError, UnsupportedError
from turnout.guard.keys import Keys, uses_clients_key
from turnout.route.catalog import Binding, target
from turnout.spoken import spoken
from turnout.stages import Stages
from turnout.trip import HOP_BY_HOP, SECRET, Arrival, Attempt, Headers
from turnout.wire.dialect import Dialect
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import Change, Request, Written

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3  # of ours; the client's own request comes after them
OWN_HEADERS = "x-turnout-"
# what an edit took out of an Anthropic body -> the beginning of the beta that stands for it
BETAS = {"context_management": "context-management-", "effort": "effort-"}
# what a request keeps when it leaves its dialect: the rest speaks of the client's own vendor
KEPT_ABROAD = frozenset({"user-agent"})
# which trace a request belongs to: no business of a host that the client did not choose
TRACE = frozenset({"traceparent", "tracestate"})


@dataclass(slots=True)
class Composer:
    """Composes the attempts of one arrival. `lost`: (binding, reason) of what could not be said.

    `trace`: our `traceparent`, for hosts of the user's own; "" while nothing is traced.
    """

    arrival: Arrival
    body: bytes
    dialect: Dialect
    stream: bool
    providers: Mapping[str, Provider]
    keys: Keys
    stages: Stages
    trace: str = ""
    lost: list[tuple[Binding, str]] = field(default_factory=list)
    _request: Request | None = None

    def attempts(self, order: tuple[Binding, ...]) -> Iterator[Attempt]:
        """Ours, best first. A binding that cannot carry it is passed over, with its reason."""
        made = 0
        for binding in order:
            try:
                attempt = self._attempt(binding)
            except UnsupportedError as e:
                self.lost.append((binding, str(e)))
                continue
            yield attempt
            made += 1
            if made == MAX_ATTEMPTS:
                return

    def home(self) -> Attempt:
        """The client's own request, as it came."""
        return Attempt(
            provider=self.arrival.home,
            model="",
            url=self.arrival.url,
            headers=clean(self.arrival.headers),
            body=self.arrival.raw,
            dialect=self.dialect,
            untouched=True,
            clients_key=True,
        )

    def _attempt(self, binding: Binding) -> Attempt:
        provider = self.providers[binding.provider]
        theirs = DIALECTS[spoken(provider, self.arrival, self.dialect.name)]
        with self.stages("translate"):
            written = self._written(binding, theirs)
        own = uses_clients_key(provider, self.arrival)
        url = self._url(provider, theirs, binding, own=own)
        untouched = own and written.body == self.body and url == self.arrival.url
        return Attempt(
            provider=binding.provider,
            model=binding.model.id,
            url=url,
            headers=self._headers(provider, theirs, written.changes, own=own, untouched=untouched),
            body=self.arrival.raw if untouched else written.body,
            dialect=theirs,
            price=binding.price,
            changes=written.changes,
            untouched=untouched,
            clients_key=own,
        )

    def _written(self, binding: Binding, theirs: Dialect) -> Written:
        if theirs is self.dialect:
            if self._named(binding):
                return Written(self.body)
            return theirs.splice(self.body, target(binding, theirs.name))
        return theirs.write_request(self.request(), target(binding, theirs.name))

    def _named(self, binding: Binding) -> bool:
        """Is this the model in the client's path? Where the body has it, splicing looks there."""
        place = self.dialect.place
        return place is not None and place(self.arrival.path).model in binding.names

    def request(self) -> Request:
        """The meaning of the client's request, read once."""
        if self._request is None:
            self._request = self.dialect.read_request(self.body, self.arrival.path)
        return self._request

    def _url(self, provider: Provider, theirs: Dialect, binding: Binding, *, own: bool) -> str:
        here = theirs is self.dialect
        if own and here:
            if theirs.moved is None or self._named(binding):
                return self.arrival.url
            return theirs.moved(self.arrival.url, binding.id)
        path, mark, query = theirs.path(binding.id, self.stream).partition("?")
        query = _query(self.arrival.url) if here else mark + query
        return f"{provider.base_url.rstrip('/')}{path}{query}"

    def _headers(
        self,
        provider: Provider,
        theirs: Dialect,
        changes: tuple[Change, ...],
        *,
        own: bool,
        untouched: bool,
    ) -> Headers:
        kept = clean(self.arrival.headers)
        if untouched:
            return _replaced(kept, {"accept-encoding": "identity"})
        if theirs.name == "anthropic":
            kept = _betas(kept, {change.what for change in changes})
        if own:
            return _replaced(_plain(kept), {"accept-encoding": "identity"})
        key = self.keys.get(provider.name)
        ours = {
            **theirs.headers,
            **(theirs.auth(key) if key else {}),
            "accept-encoding": "identity",
            **self._traced(provider),
        }
        if theirs is self.dialect:
            open_headers = tuple(
                pair
                for pair in _plain(kept)
                if not SECRET.search(pair[0].lower()) and pair[0].lower() not in TRACE
            )
            return _replaced(_without(open_headers, ("oauth-",)), ours)
        abroad = tuple(pair for pair in kept if pair[0].lower() in KEPT_ABROAD)
        return _replaced(abroad, {"content-type": "application/json", **ours})

    def _traced(self, provider: Provider) -> dict[str, str]:
        """A gateway or model server of the user's own continues the trace."""
        trace = self.trace or self.arrival.header("traceparent")
        own = loopback(provider.host) or private(provider.host)
        return {"traceparent": trace} if own and trace else {}


def clean(headers: Headers) -> Headers:
    """Without what belongs to the connection or to turnout."""
    return tuple(
        (key, value)
        for key, value in headers
        if key.lower() not in HOP_BY_HOP and not key.lower().startswith(OWN_HEADERS)
    )


def _plain(headers: Headers) -> Headers:
    """The body was decoded for reading; its new bytes are not compressed."""
    return tuple(pair for pair in headers if pair[0].lower() != "content-encoding")


def _betas(headers: Headers, changed: set[str]) -> Headers:
    """Without the betas of what the body no longer says."""
    return _without(headers, tuple(beta for what, beta in BETAS.items() if what in changed))


def _without(headers: Headers, gone: tuple[str, ...]) -> Headers:
    """Without the betas that begin so; a header that lists no others goes."""

    def kept(value: str) -> str:
        return ",".join(one for one in value.split(",") if not one.strip().startswith(gone))

    if not gone:
        return headers
    told = [(k, kept(v) if k.lower() == "anthropic-beta" else v) for k, v in headers]
    return tuple((k, v) for k, v in told if v or k.lower() != "anthropic-beta")


def _replaced(headers: Headers, ours: dict[str, str]) -> Headers:
    names = {name.lower() for name in ours}
    return (*(pair for pair in headers if pair[0].lower() not in names), *ours.items())


def _query(url: str) -> str:
    """The query without secrets in it."""
    pairs = [
        (name, value)
        for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)
        if not SECRET.search(name.lower())
    ]
    return f"?{urlencode(pairs)}" if pairs else ""


def guarded(
    attempts: Iterator[Attempt], home: Callable[[], Attempt], *, forced: bool
) -> Iterator[Attempt]:
    """Ours, then the client's own request: also when composing one of ours breaks.

    A forced model is never replaced; what is the client's own request already is not sent twice.
    """
    sent_home = False
    try:
        for attempt in attempts:
            sent_home = sent_home or attempt.untouched
            yield attempt
    except TurnoutError as e:
        log.warning("fallback: %s", e)
    if not forced and not sent_home:
        yield home()
