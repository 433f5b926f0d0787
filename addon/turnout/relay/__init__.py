"""DISPATCH: the loopback server inside mitmproxy's own event loop that executes plans.

    addon ── expect(plan) = token ──▶ flow points here with that token ──▶ Passage ──▶ upstream

The token is random, used once and forgotten after a minute: nobody else can dispatch here.
The same server carries the API (turnout.web).
"""

import asyncio
import secrets
import socket
import ssl
from collections.abc import Callable, Mapping

import yarl
from aiohttp import web

from turnout.engine import Engine
from turnout.relay.passage import Passage
from turnout.relay.replay import Replay
from turnout.relay.upstream import Upstream
from turnout.trip import Plan
from turnout.web import api, ui

PLAN_HEADER = "x-turnout-plan"
PLAN_SECONDS = 60.0
DISPATCH = "/dispatch"
GRACE = 0.5  # seconds for streams that run when we are told to end; aiohttp takes it twice


class Relay:
    """Made before the event loop runs (its port is needed early), started inside it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._plans: dict[str, Plan] = {}
        self._upstream: Upstream | None = None
        self._runner: web.AppRunner | None = None
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self.socket.getsockname()[1]
        self.token = secrets.token_urlsafe(32)

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        engine = self._engine
        self._upstream = Upstream(
            stages=engine.stages,
            health=engine.health,
            redirect=redirect(engine.config.proxy.upstream),
            tls=tls,
        )
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post(DISPATCH, self._dispatch)
        ui.add(app, engine, api.add(app, engine, self.token), self.token)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        await self._runner.setup()
        await web.SockSite(self._runner, self.socket, shutdown_timeout=GRACE).start()

    async def close(self) -> None:
        if self._runner:
            await self._runner.cleanup()
        self._engine.books.finish()
        if self._upstream:
            await self._upstream.close()
        self.socket.close()

    @property
    def ready(self) -> bool:
        return self._runner is not None

    def expect(self, plan: Plan) -> str:
        """The token with which this plan can be fetched, once."""
        token = secrets.token_urlsafe(24)
        self._plans[token] = plan
        asyncio.get_running_loop().call_later(PLAN_SECONDS, self._plans.pop, token, None)
        return token

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        plan = self._plans.pop(request.headers.get(PLAN_HEADER, ""), None)
        if plan is None or self._upstream is None:
            return web.Response(status=404, text="turnout: no such plan")
        upstream, engine = self._upstream, self._engine
        return await Replay(request, plan, engine).run(
            lambda: Passage(request, plan, upstream, engine).run()
        )


def redirect(table: Mapping[str, str]) -> Callable[[yarl.URL], yarl.URL]:
    """For labs and tests: a URL whose host is in `table` goes to that base instead, same path."""
    bases = {host: yarl.URL(base) for host, base in table.items()}

    def redirected(url: yarl.URL) -> yarl.URL:
        base = bases.get(url.host or "")
        if base is None:
            return url
        return yarl.URL(f"{base.origin()}{url.raw_path_qs}", encoded=True)

    return redirected
