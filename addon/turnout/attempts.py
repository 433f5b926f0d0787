"""From a choice to requests that can be sent: the target's dialect, the right key for its host."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from turnout import aside, betas
from turnout.config import Provider
from turnout.config.addresses import loopback, private
from turnout.errors import TurnoutError, UnsupportedError
from turnout.guard.hidden import is_personal
from turnout.guard.keys import Keys, uses_clients_key
from turnout.route.catalog import LONG_CONTEXT, Binding, target
from turnout.spoken import spoken
from turnout.stages import Stages
from turnout.trip import HOP_BY_HOP, Arrival, Attempt, Headers
from turnout.wire.dialect import Dialect
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import Ask, Change, DialectName, Request, Target, Written

log = logging.getLogger(__name__)

type Maybe = Callable[[], Attempt | None]

MAX_ATTEMPTS = 3  # of ours; the client's own request comes after them
OWN_HEADERS = "x-turnout-"
# what a request keeps when it leaves its dialect: the rest speaks of the client's own vendor
KEPT_ABROAD = frozenset({"user-agent"})
# which trace a request belongs to: no business of a host that the client did not choose
TRACE = frozenset({"traceparent", "tracestate"})


@dataclass(slots=True)
class Composer:
    """Composes the attempts of one arrival. `lost`: (binding, reason) of what was passed over.

    `trace`: our `traceparent`, for hosts of the user's own; "" while nothing is traced.
    `second_key`: what the client's own token is refused is tried again with turnout's key (c81).
    `cleaned`: what was changed in `body` already; then nothing is the client's own request.
    `why_not`: (binding, with the client's own key) -> why nothing should be sent there now.
    `target`: (binding, dialect) -> what can be said there. `requested`: whom the client asks.
    """

    arrival: Arrival
    body: bytes
    dialect: Dialect
    stream: bool
    providers: Mapping[str, Provider]
    keys: Keys
    stages: Stages
    ask: Ask | None = None
    trace: str = ""
    why_not: Callable[[Binding, bool], str] | None = None
    lost: list[tuple[Binding, str]] = field(default_factory=list)
    second_key: bool = False
    cleaned: tuple[Change, ...] = ()
    target: Callable[[Binding, DialectName], Target] = target
    requested: Binding | None = None
    _made: list[Binding] = field(default_factory=list)
    _request: Request | None = None
    _prepared: dict[tuple[str, str], Written | UnsupportedError] = field(default_factory=dict)

    def attempts(self, order: tuple[Binding, ...]) -> Iterator[Attempt]:
        """Ours, best first. A binding that cannot carry it is passed over, with its reason."""
        made = 0
        for binding in order:
            own = uses_clients_key(self.providers[binding.provider], self.arrival)
            why = self.why_not(binding, own) if self.why_not else ""
            try:
                # with the client's own key it may be the client's own request: that always goes
                attempt = self._attempt(binding) if own or not why else None
            except UnsupportedError as e:
                attempt, why = None, str(e)
            if attempt is None or (why and not attempt.untouched):
                self.lost.append((binding, why))
                continue
            self._made.append(binding)
            yield attempt
            made += 1
            if self.second_key and attempt.clients_key and binding.provider in self.keys:
                self.second_key = False
                yield self._attempt(binding, own=False)
            if made == MAX_ATTEMPTS:
                return

    def prepare(self, order: tuple[Binding, ...]) -> None:
        """What is pure in the first attempt, and takes long with a large body: in any thread."""
        if len(self.body) < aside.LARGE:
            return
        for binding in order:
            key = binding.provider, binding.id
            try:
                self._prepared[key] = self._written(binding)
                return
            except UnsupportedError as e:
                self._prepared[key] = e

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
            signed=self._signed,
        )

    def mended(self) -> Attempt | None:
        """The client's own request without what others minted; None when that changes nothing."""
        if self.requested is None or self.requested in self._made or not self._signed:
            return None
        attempt = self._attempt(self.requested)
        return attempt if attempt.clients_key and not attempt.untouched else None

    def bare(self) -> Attempt | None:
        """The client's own request without opaque reasoning, for when its host refuses that.

        Whose it is nobody remembers: a client that was served by others cannot know it either, and
        would bring it again for ever.
        """
        if self.requested is None or not self._signed:
            return None
        gone: dict[str, None] = {}

        def nobodys(opaque: str) -> bool:
            gone[opaque] = None
            return False

        told = replace(self._told(self.requested, self.dialect), minted=nobodys)
        attempt = self._attempt(self.requested, told=told)
        return replace(attempt, gone=tuple(gone)) if gone and attempt.clients_key else None

    @property
    def _signed(self) -> bool:
        return self.ask is not None and self.ask.signed_thinking

    def _attempt(
        self, binding: Binding, *, own: bool = True, told: Target | None = None
    ) -> Attempt:
        """`own`: with the client's token, at its own host. `told`: what can be said there."""
        provider = self.providers[binding.provider]
        theirs = self._spoken(binding)
        with self.stages("translate"):
            written = None if told else self._prepared.pop((binding.provider, binding.id), None)
            if isinstance(written, UnsupportedError):
                raise written
            written = written or self._written(binding, told)
        own = own and uses_clients_key(provider, self.arrival)
        url = self._url(provider, theirs, binding, own=own)
        untouched = (
            own and not self.cleaned and written.body == self.body and url == self.arrival.url
        )
        headers, also = self._headers(
            binding, theirs, written.changes, own=own, touched=not untouched
        )
        return Attempt(
            provider=binding.provider,
            model=binding.model.id,
            url=url,
            headers=headers,
            body=self.arrival.raw if untouched else written.body,
            dialect=theirs,
            price=binding.price,
            changes=(*self.cleaned, *written.changes, *also),
            untouched=untouched,
            clients_key=own,
            signed=untouched and self._signed,
        )

    def _told(self, binding: Binding, theirs: Dialect) -> Target:
        """At home a model keeps the name that the client has for it."""
        told = self.target(binding, theirs.name)
        named = self.ask.model if self.ask else ""
        at_home = theirs is self.dialect and binding.provider == self.arrival.home
        return replace(told, model=named) if at_home and named in binding.names else told

    def _written(self, binding: Binding, told: Target | None = None) -> Written:
        theirs = self._spoken(binding)
        told = told or self._told(binding, theirs)
        if theirs is not self.dialect:
            return theirs.write_request(self.request(), told)
        if not self._named(binding):
            return theirs.splice(self.body, told)
        return theirs.mend(self.body, told) if theirs.mend else Written(self.body)

    def _spoken(self, binding: Binding) -> Dialect:
        provider = self.providers[binding.provider]
        return DIALECTS[spoken(provider, self.arrival, self.dialect.name)]

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
        binding: Binding,
        theirs: Dialect,
        changes: tuple[Change, ...],
        *,
        own: bool,
        touched: bool,
    ) -> tuple[Headers, tuple[Change, ...]]:
        """And what was changed in them."""
        kept = clean(self.arrival.headers)
        if not touched:
            return _replaced(kept, {"accept-encoding": "identity"}), ()
        told: tuple[Change, ...] = ()
        if theirs is not self.dialect:
            kept = tuple(pair for pair in kept if pair[0].lower() in KEPT_ABROAD)
        if theirs.name == "anthropic":
            changed = {change.what for change in changes}
            kept, told = betas.fitted(kept, changed, longer=self._longer(binding))
        if own:
            return _replaced(_plain(kept), {"accept-encoding": "identity"}), told
        return self._with_our_key(kept, binding.provider, theirs), told

    def _with_our_key(self, kept: Headers, provider: str, theirs: Dialect) -> Headers:
        key = self.keys.get(provider)
        ours = {
            **theirs.headers,
            **(theirs.auth(key) if key else {}),
            "accept-encoding": "identity",
            **self._traced(self.providers[provider]),
        }
        if theirs is not self.dialect:
            return _replaced(kept, {"content-type": "application/json", **ours})
        open_headers = tuple(
            pair
            for pair in _plain(kept)
            if not is_personal(pair[0]) and pair[0].lower() not in TRACE
        )
        return _replaced(betas.without(open_headers, (betas.OAUTH,)), ours)

    def _longer(self, binding: Binding) -> bool | None:
        """Has its long context to be asked for? See betas.fitted."""
        if self.ask is None:
            return None
        model, named = binding.model, self.ask.model
        marked, bare = named.endswith(LONG_CONTEXT), named.removesuffix(LONG_CONTEXT)
        if not binding.long_context:
            return None if bare in binding.names else False
        large = self.ask.input_tokens * model.token_ratio > betas.LARGE
        return True if (marked or large) and binding.provider == model.home else None

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


def _replaced(headers: Headers, ours: dict[str, str]) -> Headers:
    names = {name.lower() for name in ours}
    return (*(pair for pair in headers if pair[0].lower() not in names), *ours.items())


def _query(url: str) -> str:
    """The query without secrets in it."""
    pairs = [
        (name, value)
        for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)
        if not is_personal(name)
    ]
    return f"?{urlencode(pairs)}" if pairs else ""


def nothing() -> None:
    return None


def guarded(
    attempts: Iterator[Attempt],
    home: Callable[[], Attempt],
    *,
    forced: bool,
    mended: Maybe = nothing,
    bare: Maybe = nothing,
) -> Iterator[Attempt]:
    """Ours, then the client's own request: also when composing one of ours breaks.

    A forced model is never replaced; what is the client's own request already is not sent twice.
    `mended`, `bare`: see Composer; the latter is for a refusal of the very last.
    """
    sent_home = False
    try:
        for attempt in attempts:
            sent_home = sent_home or attempt.untouched
            yield attempt
    except TurnoutError as e:
        log.warning("fallback: %s", e)
    if not forced and not sent_home:
        yield from _perhaps(mended)
        yield home()
    yield from _perhaps(bare)


def _perhaps(compose: Maybe) -> Iterator[Attempt]:
    try:
        attempt = compose()
    except TurnoutError as e:
        log.warning("fallback: %s", e)
    else:
        yield from (attempt,) if attempt else ()
