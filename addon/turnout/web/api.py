"""The JSON API: what a running turnout can be asked and told, with its token, by a local Host.

GET  /healthz               alive (no token)
GET  /v1/status             what `turnout status` shows
POST /v1/mode               {"mode": "route" | "shadow" | "off"}
POST /v1/route              a decision, without calling anyone
GET  /v1/decisions/{id}     one row of the log
"""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from aiohttp import web

from turnout import history
from turnout.config.settings import Mode
from turnout.engine import Engine
from turnout.errors import TurnoutError
from turnout.record import as_json

TOKEN_HEADER = "x-turnout-token"  # noqa: S105  a header, not a token
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", "turnout.internal"})
OPEN = frozenset({"/healthz", "/dispatch"})  # dispatch has a token of its own

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add(app: web.Application, engine: Engine, token: str) -> None:
    """Adds the API to the relay's application."""
    api = _Api(engine)
    app.middlewares.append(_guard(token))
    app.router.add_get("/healthz", api.health)
    app.router.add_get("/v1/status", api.status)
    app.router.add_post("/v1/mode", api.mode)
    app.router.add_post("/v1/route", api.route)
    app.router.add_get("/v1/decisions/{id}", api.decision)


def is_local(host: str) -> bool:
    """A Host header of another name means a page that rebound its DNS name to this machine."""
    name = host.lower()
    return (name if name.endswith("]") else name.rsplit(":", 1)[0]) in HOSTS


def is_from_here(headers: Mapping[str, str]) -> bool:
    """A browser says with Origin whose page asks; what is no browser's page says none."""
    page = urlsplit(headers.get("origin", ""))
    foreign = page.path == "null" or (
        page.scheme in ("http", "https") and not is_local(page.netloc)
    )
    return is_local(headers.get("host", "")) and not foreign


def _guard(token: str):  # type: ignore[no-untyped-def]
    """A foreign Host means DNS rebinding, a missing token anybody's page: both are refused."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != "/dispatch" and not is_from_here(request.headers):
            return _error(403, f"Host {request.host!r} or Origin is not local")
        given = request.headers.get(TOKEN_HEADER, "")
        if request.path not in OPEN and not hmac.compare_digest(given.encode(), token.encode()):
            return _error(401, f"{TOKEN_HEADER} is missing or wrong; `turnout status` has it")
        return await handler(request)

    return guard


class _Api:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "mode": self._engine.mode})

    async def status(self, request: web.Request) -> web.Response:
        return web.json_response(self._engine.status())

    async def mode(self, request: web.Request) -> web.Response:
        try:
            mode = (await request.json())["mode"]
        except (ValueError, LookupError, TypeError):
            mode = None
        if mode not in get_args(Mode):
            return _error(400, f'the body must be {{"mode": one of {", ".join(get_args(Mode))}}}')
        self._engine.mode = mode
        return web.json_response(self._engine.status())

    async def route(self, request: web.Request) -> web.Response:
        try:
            decision = await self._engine.decide(
                await request.read(), None, dict(request.headers), request.path
            )
        except TurnoutError as e:
            return _error(400, str(e))
        return web.Response(body=as_json(decision), content_type="application/json")

    async def decision(self, request: web.Request) -> web.Response:
        path = self._engine.store_path
        row = await asyncio.to_thread(_row, path, request.match_info["id"])
        return web.json_response(row) if row else _error(404, "no such decision")


def _row(path: Path, id: str) -> dict[str, object] | None:
    try:
        with history.read(path) as log:
            return log.decision(id)
    except TurnoutError:
        return None


def _error(status: int, message: str) -> web.Response:
    return web.Response(
        status=status,
        text=json.dumps({"error": {"message": message}}),
        content_type="application/json",
    )
