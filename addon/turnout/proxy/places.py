"""Whose request a flow is, and where it belongs: at a provider, at the API, or nowhere of ours."""

from typing import Literal
from urllib.parse import urlsplit

from mitmproxy import http
from mitmproxy.proxy.mode_specs import ReverseMode

from turnout.attempts import OWN_HEADERS
from turnout.engine import Engine
from turnout.proxy import steering
from turnout.proxy.door import PROVED, TENANT
from turnout.relay import Relay
from turnout.trip import Arrival
from turnout.web import api
from turnout.wire.recognise import base_home, is_responses_upgrade
from turnout.wire.request import DialectName

INTERNAL = "turnout.internal"  # the API, through the proxy


class Places:
    """`opened`: hosts whose TLS is opened."""

    def __init__(self, engine: Engine, relay: Relay) -> None:
        self._engine, self._relay = engine, relay
        self.opened: frozenset[str] = frozenset()
        self.open()

    def open(self) -> None:
        """Again, when the configuration was read again."""
        self.opened = self._engine.opened() | {INTERNAL}

    # -- what it is

    def recognised(self, flow: http.HTTPFlow) -> DialectName | Literal["count"] | None:
        request = flow.request
        if not on_base_port(flow) and request.host.lower() not in self.opened:
            return None
        return self._engine.recognise(request.method, request.path)

    def is_api(self, flow: http.HTTPFlow) -> bool:
        """The API: by its own name, or what is no provider's path on the base port.

        Both have /v1/models: who shows turnout's token means turnout's.
        """
        if flow.request.pretty_host == INTERNAL:
            return True
        ours = api.holds(self._relay.token, flow.request.headers)
        return on_base_port(flow) and (ours or not _base_home(flow))

    def is_stranger(self, flow: http.HTTPFlow) -> bool:
        """On the base port, by a Host or Origin that is not of this machine, and proved nothing."""
        proved = flow.metadata.get(PROVED) or api.is_from_here(flow.request.headers)
        return on_base_port(flow) and not proved

    def is_refused_upgrade(self, flow: http.HTTPFlow) -> bool:
        """codex falls back to POST at once after a 426; other answers cost it seconds."""
        request = flow.request
        return (
            self._engine.mode == "route"
            and not self._engine.broken
            and request.host in self.opened
            and is_responses_upgrade(request.method, request.path, request.headers)
        )

    # -- where it belongs

    def arrival(self, flow: http.HTTPFlow) -> Arrival:
        request = flow.request
        home, url = self._home(flow)
        return Arrival(
            method=request.method,
            url=url,
            path=request.path,
            headers=tuple(request.headers.items(multi=True)),
            raw=request.raw_content or b"",
            home=home,
            tenant=flow.metadata.get(TENANT, ""),
        )

    def go_home(self, flow: http.HTTPFlow) -> None:
        """The client's own request to its own host; only turnout's own headers are taken off."""
        request = flow.request
        for name in [name for name in request.headers if name.lower().startswith(OWN_HEADERS)]:
            del request.headers[name]
        if on_base_port(flow):
            _, request.url = self._home(flow)
        if base := self._engine.config.proxy.upstream.get(request.host):
            parts = urlsplit(base)
            steering.point(flow, parts.port or 80, host=parts.hostname or "", scheme=parts.scheme)

    def _home(self, flow: http.HTTPFlow) -> tuple[str, str]:
        """The provider a client means, and the full URL there."""
        if not on_base_port(flow):
            provider = self._engine.config.provider_of(flow.request.host)
            return (provider.name if provider else ""), flow.request.url
        provider = self._engine.config.providers[_base_home(flow)]
        return provider.name, provider.below(flow.request.path)


def on_base_port(flow: http.HTTPFlow) -> bool:
    return isinstance(flow.client_conn.proxy_mode, ReverseMode)


def _base_home(flow: http.HTTPFlow) -> str:
    return base_home(flow.request.path, flow.request.headers) or ""
