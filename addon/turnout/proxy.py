"""INTERCEPT: the mitmproxy addon, and the only file that imports mitmproxy.

    tls_clienthello    open the TLS of provider hosts, tunnel everything else unread
    requestheaders     stream what is not ours to read
    request            ask the engine; point a routed flow at the relay
    responseheaders    give the flow its own request back; stream the answer
    response, error    account for what went home untouched

Whatever fails in here, the client gets what it would have got without us.
"""

import asyncio
import logging
import os
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from mitmproxy import connection, ctx, exceptions, http, options, tls
from mitmproxy.addonmanager import Loader
from mitmproxy.addons import (
    core,
    disable_h2c,
    errorcheck,
    next_layer,
    proxyserver,
    tlsconfig,
    upstream_auth,
)
from mitmproxy.master import Master
from mitmproxy.proxy.mode_specs import ReverseMode
from mitmproxy.tools.web.master import WebMaster

from turnout import config as configuration
from turnout import control, lifecycle, runfile
from turnout.attempts import OWN_HEADERS
from turnout.books import Passed
from turnout.engine import Engine
from turnout.errors import ConfigError
from turnout.native import Eavesdropper
from turnout.relay import DISPATCH, PLAN_HEADER, Relay
from turnout.relay.tls import client_context
from turnout.trip import Arrival, Plan, Untouched, comment
from turnout.web import api
from turnout.wire.recognise import base_home, is_responses_upgrade
from turnout.wire.request import DialectName

log = logging.getLogger(__name__)

INTERNAL = "turnout.internal"  # the API, through the proxy
# mitmproxy allows 5 to one address for a client: too few for HTTP/2 clients
UPSTREAM_CONNECTIONS = 256
TRAIL = "turnout"
CA_NAME = "mitmproxy-ca-cert.pem"

type Announce = Callable[[Relay, dict[str, str]], None]


@dataclass(slots=True)
class Trail:
    """What turnout did to a flow. `request`: the client's own, while the flow wears the relay's."""

    plan: Plan | Untouched
    request: http.Request | None = None
    heard: Eavesdropper | None = None


class Turnout:
    """With a configuration (`turnout serve`), or finding its own (`mitmdump -s addon/mitm.py`)."""

    def __init__(
        self,
        engine: Engine | None = None,
        relay: Relay | None = None,
        announce: Announce | None = None,
    ) -> None:
        self._engine, self._relay = engine, relay
        self._announce = announce or self._write_run_file
        self._run_file = Path()
        self._opened: frozenset[str] = frozenset()
        self._running: lifecycle.Running[http.HTTPFlow] = lifecycle.Running()

    # -- start and end

    def load(self, loader: Loader) -> None:
        loader.add_option(
            "turnout_config", str, "", "Path of turnout.toml; empty: the usual places."
        )

    def configure(self, updated: set[str]) -> None:
        if self._engine is not None or "turnout_config" not in updated:
            return
        chosen = ctx.options.turnout_config
        try:
            read = partial(configuration.load, [Path(chosen).expanduser()] if chosen else [])
            self._engine = Engine.open(read())
            self._engine.read_again_with(read)
        except ConfigError as e:
            raise exceptions.OptionsError(f"turnout_config: {e}") from e

    async def running(self) -> None:
        if self._engine is None:
            return
        ctx.options.update(connection_strategy="lazy")
        self._engine.on_reload.append(self._open)
        self._open()
        self._relay = self._relay or Relay(self._engine)
        await self._relay.start(_tls())
        self._announce(self._relay, _addresses())

    def _open(self) -> None:
        assert self._engine
        self._opened = self._engine.opened() | {INTERNAL}

    def busy(self) -> int:
        """How many requests run, or are sent to a slow client."""
        return self._running.busy(ctx.master.addons.get("proxyserver").connections.values())

    def _write_run_file(self, relay: Relay, addresses: dict[str, str]) -> None:
        """`mitmdump -s`: commands find it as they find a serve. Its API is the relay's port."""
        assert self._engine
        ca = Path(ctx.options.confdir).expanduser() / CA_NAME
        where = {"base": f"http://127.0.0.1:{relay.port}", **addresses}
        try:
            self._run_file = control.free_run_file()
            runfile.write(
                self._run_file, where, token=relay.token, ca=ca, db=self._engine.store_path
            )
        except (ConfigError, OSError) as e:
            log.warning("`turnout status` will not find this: %s", e)
        log.info("turnout: %s", self._engine.destinations())

    async def done(self) -> None:
        runfile.remove(self._run_file)
        if self._relay:
            await self._relay.close()
        for flow in self._running.left():
            self._settle(flow, None, "turnout was stopped")
        if self._engine:
            await asyncio.to_thread(self._engine.close)

    # -- connections

    def client_connected(self, client: connection.Client) -> None:
        server = ctx.master.addons.get("proxyserver")
        if handler := server.connections.get(client.id):
            handler.max_conns.default_factory = _many

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        address = data.context.server.address
        names = {(address[0] if address else "").lower(), (data.client_hello.sni or "").lower()}
        on = self._engine is not None and self._engine.mode != "off"
        wanted = self._opened if on else {INTERNAL}
        if not names & wanted:
            data.ignore_connection = True

    # -- requests

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        self._running.began(flow)
        if self._engine is None or self._relay is None or not self._relay.ready:
            return
        if _on_base_port(flow) and not api.is_from_here(flow.request.headers):
            flow.response = http.Response.make(403, b"turnout: Host or Origin is not local")
        elif self._is_api(flow):
            _point(flow, self._relay.port)
        elif self._is_refused_upgrade(flow):
            flow.response = http.Response.make(426, b"use HTTPS POST", {"connection": "close"})
        elif not self._recognised(flow):
            self._go_home(flow)
            flow.request.stream = True

    async def request(self, flow: http.HTTPFlow) -> None:
        if self._engine is None or flow.response or flow.request.stream or self._is_api(flow):
            return
        dialect = self._recognised(flow)
        if dialect is None or self._relay is None or not self._relay.ready:
            return
        arrival = self._arrival(flow)
        plan = await self._engine.plan(arrival, dialect)
        if isinstance(plan, Plan):
            flow.metadata[TRAIL] = Trail(plan, request=flow.request.copy())
            _dispatch(flow, self._relay.port, self._relay.expect(plan))
        else:
            flow.metadata[TRAIL] = Trail(plan, heard=Eavesdropper(plan))
            self._go_home(flow)
        flow.comment = comment(plan)

    def _is_api(self, flow: http.HTTPFlow) -> bool:
        """The API: by its own name, or what is no provider's path on the base port."""
        if flow.request.pretty_host == INTERNAL:
            return True
        return _on_base_port(flow) and not self._base_home(flow)

    def _is_refused_upgrade(self, flow: http.HTTPFlow) -> bool:
        """codex falls back to POST at once after a 426; other answers cost it seconds."""
        assert self._engine
        request = flow.request
        return (
            self._engine.mode == "route"
            and not self._engine.broken
            and request.host in self._opened
            and is_responses_upgrade(request.method, request.path, request.headers)
        )

    def _recognised(self, flow: http.HTTPFlow) -> DialectName | None:
        assert self._engine
        request = flow.request
        if not _on_base_port(flow) and request.host.lower() not in self._opened:
            return None
        return self._engine.recognise(request.method, request.path)

    # -- where a request belongs

    def _base_home(self, flow: http.HTTPFlow) -> str:
        return base_home(flow.request.path, flow.request.headers) or ""

    def _home(self, flow: http.HTTPFlow) -> tuple[str, str]:
        """The provider a client means, and the full URL there."""
        assert self._engine
        if not _on_base_port(flow):
            provider = self._engine.config.provider_of(flow.request.host)
            return (provider.name if provider else ""), flow.request.url
        provider = self._engine.config.providers[self._base_home(flow)]
        return provider.name, provider.below(flow.request.path)

    def _arrival(self, flow: http.HTTPFlow) -> Arrival:
        request = flow.request
        home, url = self._home(flow)
        return Arrival(
            method=request.method,
            url=url,
            path=request.path,
            headers=tuple(request.headers.items(multi=True)),
            raw=request.raw_content or b"",
            home=home,
        )

    def _go_home(self, flow: http.HTTPFlow) -> None:
        """The client's own request to its own host; only turnout's own headers are taken off."""
        assert self._engine and self._relay
        request = flow.request
        for name in [name for name in request.headers if name.lower().startswith(OWN_HEADERS)]:
            del request.headers[name]
        if _on_base_port(flow):
            _, request.url = self._home(flow)
        if base := self._engine.config.proxy.upstream.get(request.host):
            parts = urlsplit(base)
            _point(flow, parts.port or 80, host=parts.hostname or "", scheme=parts.scheme)

    # -- answers

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        trail = _trail(flow)
        if not flow.response:
            return
        if trail and trail.request:
            flow.request = trail.request  # the flow list shows what the client asked, and of whom
        if trail and trail.heard:
            headers = flow.response.headers
            trail.heard.answered(
                headers.get("content-type", ""), headers.get("content-encoding", "")
            )
            flow.response.stream = trail.heard.tap
        elif flow.response.status_code != 101:  # a WebSocket begins, with messages of its own
            flow.response.stream = True

    def response(self, flow: http.HTTPFlow) -> None:
        self._settle(flow, flow.response.status_code if flow.response else None)

    def error(self, flow: http.HTTPFlow) -> None:
        trail = _trail(flow)
        if trail and trail.request:
            flow.request = trail.request
        self._settle(flow, None)

    def _settle(self, flow: http.HTTPFlow, status: int | None, error: str = "") -> None:
        self._running.ended(flow)
        trail = flow.metadata.pop(TRAIL, None)
        if isinstance(trail, Trail) and trail.heard and self._engine:
            heard = trail.heard
            passed = Passed(meter=heard.meter, began=heard.began, status=status, error=error)
            self._engine.books.settle(trail.plan, passed)


def _trail(flow: http.HTTPFlow) -> Trail | None:
    trail = flow.metadata.get(TRAIL)
    return trail if isinstance(trail, Trail) else None


def _on_base_port(flow: http.HTTPFlow) -> bool:
    return isinstance(flow.client_conn.proxy_mode, ReverseMode)


def _point(
    flow: http.HTTPFlow, port: int, *, host: str = "127.0.0.1", scheme: str = "http"
) -> None:
    """Sends the flow to another address; its Host header stays what the client wrote."""
    data = flow.request.data
    data.host, data.port, data.scheme = host, port, scheme.encode()


def _dispatch(flow: http.HTTPFlow, port: int, token: str) -> None:
    """The relay has the client's request already: only the token travels."""
    request = flow.request
    request.trailers = None
    # mitmproxy reads here whether the client's connection ends with the answer
    kept = [field for field in request.headers.fields if field[0].lower() == b"connection"]
    request.headers = http.Headers(kept, host=f"127.0.0.1:{port}")
    request.headers[PLAN_HEADER] = token
    request.raw_content = b""
    request.path = DISPATCH
    if request.authority:
        request.authority = f"127.0.0.1:{port}"
    _point(flow, port)


def _many() -> asyncio.Semaphore:
    return asyncio.Semaphore(UPSTREAM_CONNECTIONS)


def _tls() -> ssl.SSLContext:
    """Trusts what mitmproxy was told to trust: its options hold for our own connections too."""
    return client_context(
        ctx.options.ssl_verify_upstream_trusted_ca,
        ctx.options.ssl_verify_upstream_trusted_confdir,
        insecure=ctx.options.ssl_insecure,
    )


# -- `turnout serve`


class Headless(Master):
    """mitmdump without what rewrites, replays and saves: each hook asks each of 31 addons."""

    def __init__(self, chosen: options.Options) -> None:
        super().__init__(chosen, with_termlog=True)
        self.addons.add(
            core.Core(),
            disable_h2c.DisableH2C(),
            proxyserver.Proxyserver(),
            next_layer.NextLayer(),
            tlsconfig.TlsConfig(),
            upstream_auth.UpstreamAuth(),
            errorcheck.ErrorCheck(),
        )


async def serve(engine: Engine, confdir: Path, *, web: int | None, announce: Announce) -> None:
    """Runs until SIGINT or SIGTERM, and until what ran then has ended (lifecycle.py).

    `web`: the port of mitmweb, None without. `announce` gets relay and addresses, once they listen.
    """
    proxy = engine.config.proxy
    relay = Relay(engine)
    chosen = options.Options(
        confdir=str(confdir),
        mode=[
            f"regular@{proxy.listen}",
            f"reverse:http://127.0.0.1:{relay.port}@{proxy.base_listen}",
        ],
        ssl_verify_upstream_trusted_ca=os.environ.get("SSL_CERT_FILE"),  # a company's, say
    )
    master = Headless(chosen) if web is None else WebMaster(chosen)
    addon = Turnout(engine, relay, announce)
    master.addons.add(addon)
    master.options.update(
        connection_strategy="lazy",
        keep_host_header=True,
        store_streamed_bodies=web is not None,
        termlog_verbosity="warn",
    )
    if web is not None:
        master.options.update(web_port=web, web_open_browser=sys.stderr.isatty())
    close = partial(master.options.update, mode=[])
    ending = lifecycle.Ending(engine.patience, close=close, busy=addon.busy, end=master.shutdown)
    lifecycle.listen(ending, engine.reload)
    await master.run()


def _addresses() -> dict[str, str]:
    """Where this process listens: "proxy", "base" in reverse mode, "web" with its password."""
    web = {"web": ctx.master.web_url} if isinstance(ctx.master, WebMaster) else {}
    return web | {
        "base"
        if isinstance(server.mode, ReverseMode)
        else "proxy": f"http://{runfile.shown(address)}"
        for server in ctx.master.addons.get("proxyserver").servers
        for address in server.listen_addrs
    }


addons = [Turnout()]
