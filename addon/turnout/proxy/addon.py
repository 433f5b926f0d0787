"""The addon: hooks only, what they decide is decided elsewhere.

    tls_clienthello    open the TLS of provider hosts, tunnel everything else unread
    requestheaders     stream what is not ours to read
    request            ask the engine; point a routed flow at the relay
    responseheaders    give the flow its own request back; stream the answer
    response, error    account for what went home untouched

Whatever fails in here, the client gets what it would have got without us.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mitmproxy import connection, ctx, exceptions, http, tls
from mitmproxy.addonmanager import Loader
from mitmproxy.proxy.mode_specs import ReverseMode
from mitmproxy.tools.web.master import WebMaster

from turnout import config as configuration
from turnout import control, lifecycle, runfile
from turnout.counting import NO_KEY, Counted
from turnout.engine import Engine
from turnout.errors import ConfigError
from turnout.guard import logs
from turnout.later import Later
from turnout.native import Eavesdropper
from turnout.proxy import masks, steering
from turnout.proxy.flows import Flows
from turnout.proxy.places import INTERNAL, Places
from turnout.relay import Relay
from turnout.relay.tls import client_context
from turnout.session import quota
from turnout.trip import Arrival, Plan, Untouched
from turnout.wire.request import DialectName

log = logging.getLogger(__name__)

# mitmproxy allows 5 to one address for a client: too few for HTTP/2 clients
UPSTREAM_CONNECTIONS = 256
JSON = {"content-type": "application/json"}
CA_NAME = "mitmproxy-ca-cert.pem"

type Announce = Callable[[Relay, dict[str, str]], None]


@dataclass(slots=True)
class Trail:
    """What turnout did to a flow. `request`: the client's own, while the flow wears the relay's.

    `later`: in shadow, what is decided when the answer is over; until then there is no plan.
    """

    plan: Plan | Untouched | None
    request: http.Request | None = None
    heard: Eavesdropper | None = None
    later: Later | None = None


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
        self._places: Places | None = None  # until it runs
        self._running: lifecycle.Running[http.HTTPFlow] = lifecycle.Running()
        # by the flow's id: its metadata may be copied and saved
        self._trails: dict[str, Trail] = {}
        self._counted: dict[str, Counted] = {}
        self._flows = Flows()
        self.addons = [self._flows]

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
        logs.scrub(self._engine.hide)
        ctx.options.update(connection_strategy="lazy")
        self._relay = self._relay or Relay(self._engine)
        self._places = Places(self._engine, self._relay)
        self._engine.on_reload.append(self._places.open)
        self._flows.attach(self._engine)
        await self._relay.start(_tls())
        # straight to the relay: no door stands before it but the token
        own = {"api": f"http://127.0.0.1:{self._relay.port}"}
        self._announce(self._relay, _addresses() | own)

    def busy(self) -> int:
        """How many requests run, or are sent to a slow client."""
        return self._running.busy(ctx.master.addons.get("proxyserver").connections.values())

    def _write_run_file(self, relay: Relay, addresses: dict[str, str]) -> None:
        """`mitmdump -s`: commands find it as they find a serve. Its API is the relay's port."""
        assert self._engine
        ca = Path(ctx.options.confdir).expanduser() / CA_NAME
        where = {"base": f"http://127.0.0.1:{relay.port}", **addresses}
        try:
            write = partial(
                runfile.write, addresses=where, token=relay.token, ca=ca, db=self._engine.store_path
            )
            self._run_file = control.announced(write)
        except (ConfigError, OSError) as e:
            log.warning("`turnout status` will not find this: %s", e)
        log.info("turnout: %s", self._engine.destinations())

    async def done(self) -> None:
        runfile.remove(self._run_file)
        if self._relay:
            await self._relay.close()
        for flow in self._running.left():
            self._settle(flow, None, "turnout was stopped")
        await Later.over()
        if self._engine:
            await asyncio.to_thread(self._engine.close)

    # -- connections

    def client_connected(self, client: connection.Client) -> None:
        server = ctx.master.addons.get("proxyserver")
        if handler := server.connections.get(client.id):
            handler.max_conns.default_factory = partial(asyncio.Semaphore, UPSTREAM_CONNECTIONS)

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        address = data.context.server.address
        names = {(address[0] if address else "").lower(), (data.client_hello.sni or "").lower()}
        on = self._engine is not None and self._engine.mode != "off"
        opened = self._places.opened if self._places else frozenset[str]()
        wanted = opened if on else {INTERNAL}
        if not names & wanted:
            data.ignore_connection = True

    # -- requests

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        self._running.began(flow)
        places, relay = self._places, self._relay
        if places is None or relay is None or not relay.ready:
            return
        if flow.response:
            return  # it was refused at the door
        if places.is_stranger(flow):
            flow.response = http.Response.make(403, b"turnout: Host or Origin is not local")
        elif places.is_api(flow):
            self._running.ended(flow)  # a dashboard that listens is nothing to wait for
            steering.point(flow, relay.port)
        elif places.is_refused_upgrade(flow):
            flow.response = http.Response.make(426, b"use HTTPS POST", {"connection": "close"})
        elif not places.recognised(flow):
            places.go_home(flow)
            flow.request.stream = True

    async def request(self, flow: http.HTTPFlow) -> None:
        places, relay = self._places, self._relay
        if self._engine is None or places is None or relay is None:
            return
        if flow.response or flow.request.stream or places.is_api(flow):
            return
        dialect = places.recognised(flow)
        if dialect is None or not relay.ready:
            return
        arrival = places.arrival(flow)
        if dialect == "count":
            self._count(flow, arrival)
            return
        if self._engine.shadows(arrival):
            self._watch(flow, arrival, dialect)
            return
        plan = await self._engine.plan(arrival, dialect)
        if isinstance(plan, Plan):
            self._trails[flow.id] = Trail(plan, request=flow.request.copy())
            steering.dispatch(flow, relay.port, relay.expect(plan))
        else:
            heard = Eavesdropper(plan.dialect, self._engine.books.meter())
            self._trails[flow.id] = Trail(plan, heard=heard)
            places.go_home(flow)
            if plan.refusal and plan.dialect:
                steering.refuse(flow, plan.refusal, plan.dialect, plan.decision.id)
        self._flows.planned(flow, plan)

    def _watch(self, flow: http.HTTPFlow, arrival: Arrival, dialect: DialectName) -> None:
        """Shadow: the request goes home now, the decision is made when its answer is over."""
        assert self._engine and self._places
        later = Later(self._engine, arrival, dialect, partial(self._flows.planned, flow))
        heard = Eavesdropper(later.dialect, self._engine.books.meter())
        self._trails[flow.id] = Trail(None, heard=heard, later=later)
        self._places.go_home(flow)
        flow.comment = "turnout: shadow"

    def _count(self, flow: http.HTTPFlow, arrival: Arrival) -> None:
        assert self._engine and self._places
        counted = self._counted[flow.id] = self._engine.counter.count(arrival)
        if counted.here:
            flow.response = http.Response.make(200, counted.estimate(), JSON)
        elif counted.body != arrival.raw:
            flow.request.content = counted.body
        self._places.go_home(flow)

    # -- answers

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        trail = self._trails.get(flow.id)
        if not flow.response:
            return
        if trail and trail.request:
            flow.request = trail.request  # the flow list shows what the client asked, and of whom
        masks.hide(flow)
        if trail and trail.heard:
            headers = flow.response.headers
            trail.heard.answered(
                headers.get("content-type", ""), headers.get("content-encoding", "")
            )
            if trail.plan and trail.plan.account:
                trail.heard.limits = quota.told(headers.items(multi=True))
            flow.response.stream = trail.heard.tap
        elif flow.response.status_code != 101:  # a WebSocket begins, with messages of its own
            flow.response.stream = not self._estimate(flow)

    def response(self, flow: http.HTTPFlow) -> None:
        if estimate := self._estimate(flow):
            flow.response = http.Response.make(200, estimate, JSON)
        masks.hide_answer(flow)
        self._settle(flow, flow.response.status_code if flow.response else None)

    def error(self, flow: http.HTTPFlow) -> None:
        trail = self._trails.get(flow.id)
        if trail and trail.request:
            flow.request = trail.request
        masks.hide(flow)
        self._settle(flow, None)

    def _estimate(self, flow: http.HTTPFlow) -> bytes:
        """What is said instead of home's answer, when home does not know the client's key."""
        counted = self._counted.get(flow.id)
        refused = flow.response is not None and flow.response.status_code == NO_KEY
        return counted.estimate() if counted and refused else b""

    def _settle(self, flow: http.HTTPFlow, status: int | None, error: str = "") -> None:
        self._running.ended(flow)
        self._counted.pop(flow.id, None)
        trail = self._trails.pop(flow.id, None)
        if trail and trail.heard and self._engine:
            heard = trail.heard
            passed = replace(heard.passed(status), error=error)
            if trail.later:
                trail.later.begin(passed)
            elif trail.plan:
                self._engine.books.settle(trail.plan, passed)


def _tls() -> ssl.SSLContext:
    """Trusts what mitmproxy was told to trust: its options hold for our own connections too."""
    return client_context(
        ctx.options.ssl_verify_upstream_trusted_ca,
        ctx.options.ssl_verify_upstream_trusted_confdir,
        insecure=ctx.options.ssl_insecure,
    )


def _addresses() -> dict[str, str]:
    """Where this process listens: "proxy", "base" in reverse mode, "web" with its password."""
    web = {"web": ctx.master.web_url} if isinstance(ctx.master, WebMaster) else {}
    return web | {
        "base" if isinstance(server.mode, ReverseMode) else "proxy": runfile.url(address)
        for server in ctx.master.addons.get("proxyserver").servers
        for address in server.listen_addrs
    }


addons = [Turnout()]
