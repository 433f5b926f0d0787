"""The JSON API: what a running turnout can be asked and told, with its token, by a local Host.

GET  /healthz               alive (no token)
GET  /v1/status             what `turnout status` shows
POST /v1/mode               {"mode": "route" | "shadow" | "off"}
POST /v1/route              a decision, without calling anyone
GET  /v1/decisions/{id}     one row of the log
GET  /v1/pins               which model each conversation is on
POST /v1/pins               {"model": exact name, "session": "" for every one}
DELETE /v1/pins             forget them; ?session=ID only that one's
POST /v1/feedback           {"id": a decision, "good": true or false}
POST /v1/reload             read the configuration again
GET  /v1/alarms             models that did worse than promised, in their classes
DELETE /v1/alarms           ?id=ID: route there again
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
    app.router.add_get("/v1/pins", api.pins)
    app.router.add_post("/v1/pins", api.pin)
    app.router.add_delete("/v1/pins", api.unpin)
    app.router.add_post("/v1/feedback", api.feedback)
    app.router.add_get("/v1/alarms", api.alarms)
    app.router.add_delete("/v1/alarms", api.release)
    app.router.add_post("/v1/reload", api.reload)


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

    async def reload(self, request: web.Request) -> web.Response:
        try:
            told = await self._engine.reload()
        except TurnoutError as e:
            return _error(400, str(e))
        return web.json_response({"changed": told.changed, "needs_restart": told.later})

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

    async def pins(self, request: web.Request) -> web.Response:
        return web.json_response({"pins": self._engine.sessions.listed()})

    async def pin(self, request: web.Request) -> web.Response:
        try:
            document = await request.json()
            model, session = document["model"], document.get("session") or ""
        except (ValueError, LookupError, TypeError, AttributeError):
            model = session = None
        if not isinstance(model, str) or not isinstance(session, str):
            return _error(400, 'the body must be {"model": "provider/model", "session": ""}')
        try:
            binding = self._engine.pin(model, session)
        except TurnoutError as e:
            return _error(400, str(e))
        return web.json_response({"pinned": f"{binding.provider}/{binding.id}", "session": session})

    async def unpin(self, request: web.Request) -> web.Response:
        session = request.query.get("session", "")
        return web.json_response({"dropped": self._engine.sessions.pins.clear(session)})

    async def feedback(self, request: web.Request) -> web.Response:
        """The row may be on its way to the log still: that is waited for, beside the loop."""
        try:
            document = await request.json()
            named, good = document["id"], document["good"]
        except (ValueError, LookupError, TypeError):
            named = good = None
        if not isinstance(named, str) or not isinstance(good, bool):
            return _error(400, 'the body must be {"id": "...", "good": true or false}')
        quality = self._engine.quality
        try:
            row = await asyncio.to_thread(quality.judged, named)
            return web.json_response(quality.feedback(row, good=good))
        except TurnoutError as e:
            return _error(400, str(e))

    async def alarms(self, request: web.Request) -> web.Response:
        return web.json_response({"alarms": self._engine.quality.listed()})

    async def release(self, request: web.Request) -> web.Response:
        try:
            self._engine.quality.release(request.query.get("id", ""))
        except TurnoutError as e:
            return _error(400, str(e))
        return web.json_response({"alarms": self._engine.quality.listed()})


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
