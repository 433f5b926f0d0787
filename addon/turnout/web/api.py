"""The JSON API: what a running turnout can be asked and told. Its table is turnout.web.routes.

The same server shows the dashboard below /ui/ (turnout.web.ui).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import asdict
from functools import partial
from typing import Any

import msgspec
from aiohttp import web
from msgspec import UNSET

from turnout import history, record
from turnout.engine import Engine
from turnout.errors import TurnoutError
from turnout.history import NoDecisionError
from turnout.record import JSON_COLUMNS, Outcome
from turnout.telemetry.prometheus import CONTENT_TYPE
from turnout.web import rows, shapes
from turnout.web.feed import Feed
from turnout.web.guard import TOKEN_HEADER, error, guard, holds, is_from_here, is_local
from turnout.web.log import Log
from turnout.web.offered import Offered
from turnout.web.openapi import document
from turnout.web.routes import EVENTS, JSON, NDJSON, ROUTES, Route
from turnout.why.explain import rationale
from turnout.wire.recognise import guess

__all__ = ["TOKEN_HEADER", "add", "holds", "is_from_here", "is_local"]

PATHS = {
    "anthropic": "/v1/messages",
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "gemini": "/v1beta/models/{model}:generateContent",
}
CHUNK = 500  # rows read at once for a stream

type Handler = Callable[[web.Request, Any], Awaitable[web.StreamResponse]]


def add(app: web.Application, engine: Engine, token: str) -> "Api":
    """Adds it to the relay's application."""
    api = Api(engine)
    app.middlewares.append(guard(token))
    for route in ROUTES:
        app.router.add_route(route.method, route.path, _asked(route, getattr(api, route.handler)))
    app.on_shutdown.append(api.close)
    return api


def _asked(route: Route, handler: Handler) -> Callable[[web.Request], Awaitable[Any]]:
    """Checks query and body against the route's types; what is wrong is told in one sentence."""

    async def asked(request: web.Request) -> web.StreamResponse:
        try:
            ask = await _read(route, request)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as e:
            return error(400, f"{request.method} {route.path}: {rows.plainly(e)}")
        try:
            return await handler(request, ask)
        except NoDecisionError as e:
            return error(404, str(e))
        except TurnoutError as e:
            return error(503 if 400 not in route.errors or request.method == "GET" else 400, str(e))

    return asked


async def _read(route: Route, request: web.Request) -> Any:
    if route.body not in (None, Any):
        return msgspec.json.decode(await request.read(), type=route.body)
    query = dict(request.query)
    if route.query is None:
        return None
    if len(query) < len(request.query):
        raise msgspec.ValidationError("a parameter is there more than once")
    return msgspec.convert(query, route.query, strict=False)


def answer(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type=JSON, status=status)


class Api:
    """One method a route. `ask`: its query or body, checked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.log, self.feed = Log(engine.store_path), Feed()
        self.offered = Offered(engine)
        engine.books.listeners.append(self.feed.publish)

    async def close(self, app: web.Application) -> None:
        self.feed.close()
        self.log.close()

    # -- how it is

    async def health(self, request: web.Request, ask: None) -> web.Response:
        return answer({"status": "ok", "mode": self._engine.mode})

    async def ready(self, request: web.Request, ask: None) -> web.Response:
        reasons = [one for one in (self._engine.broken, self._engine.store.warning) if one]
        return answer({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    async def status(self, request: web.Request, ask: None) -> web.Response:
        return answer(self._engine.status())

    async def mode(self, request: web.Request, ask: shapes.ModeAsked) -> web.Response:
        self._engine.mode = ask.mode
        return answer(self._engine.status())

    async def reload(self, request: web.Request, ask: None) -> web.Response:
        told = await self._engine.reload()
        return answer({"changed": told.changed, "needs_restart": told.later})

    async def metrics(self, request: web.Request, ask: None) -> web.Response:
        told = self._engine.prometheus.scrape()
        return web.Response(body=told, headers={"content-type": CONTENT_TYPE})

    async def openapi(self, request: web.Request, ask: None) -> web.Response:
        return answer(document())

    # -- decisions

    async def route(self, request: web.Request, ask: shapes.RouteAsked) -> web.Response:
        body = await request.read()
        dialect = ask.dialect or guess(body)
        path = PATHS[dialect].format(model=ask.model or _model(body))
        decision = await self._engine.decide(body, dialect, _own(request.headers), path)
        plain = record.row(decision, Outcome())
        decoded = {name: msgspec.json.decode(str(plain[name])) for name in JSON_COLUMNS}
        found = msgspec.json.decode(record.as_json(decision))
        return answer(found | {"rationale": rationale(plain | decoded)})

    async def decisions(self, request: web.Request, ask: rows.Wanted) -> web.StreamResponse:
        streamed = ask.format == "ndjson" or (
            ask.format is UNSET and NDJSON in request.headers.get("accept", "")
        )
        if streamed:
            return await self._stream(request, ask)
        most = ask.limit or rows.PAGE
        found, after = await self.log.ask(partial(rows.page, wanted=ask, most=most))
        return answer({"decisions": found, "next": after})

    async def _stream(self, request: web.Request, ask: rows.Wanted) -> web.StreamResponse:
        """Without a limit every row there is: a chunk at a time, each a query of its own."""
        response = web.StreamResponse(headers={"content-type": NDJSON})
        left = ask.limit or float("inf")
        while True:
            most = int(min(CHUNK, left))
            found, after = await self.log.ask(partial(rows.page, wanted=ask, most=most))
            if not response.prepared:  # the first chunk may fail, with a status
                await response.prepare(request)
            await response.write(_lines(found))
            left -= len(found)
            if after is None or left <= 0:
                return response
            ask.cursor = after

    async def decision(self, request: web.Request, ask: None) -> web.Response:
        """What was just answered has a row, too: it is settled, and waited for beside the loop."""
        ref = request.match_info["id"]
        self._engine.books.finish()
        await asyncio.to_thread(self._engine.store.flush)
        return answer(await self.log.ask(lambda reader: reader.decision(ref)))

    async def events(self, request: web.Request, ask: None) -> web.StreamResponse:
        if self.feed.full:
            return error(503, "too many listeners")
        response = web.StreamResponse(headers={"content-type": EVENTS, "cache-control": "no-store"})
        await response.prepare(request)
        with self.feed.listening() as events:
            async with aclosing(events) as each:
                async for event in each:
                    await response.write(event)
        return response

    async def stats(self, request: web.Request, ask: shapes.StatsAsked) -> web.Response:
        since = rows.moment(ask.since)
        groups, moves = await self.log.ask(
            lambda reader: (reader.audit(since, ask.by), reader.moves(since))
        )
        return answer(
            {
                "since": since,
                "by": ask.by,
                "groups": [_facts(group) for group in groups],
                "total": _facts(history.total(groups)),
                "moves": [asdict(move) for move in moves],
            }
        )

    # -- models, pins, quality

    async def profile(self, request: web.Request, ask: shapes.ProfileAsked) -> web.Response:
        self._engine.dial(ask.profile)
        return answer(self._engine.status())

    async def models(self, request: web.Request, ask: None) -> web.Response:
        lines, report = await self.offered.lines()
        return answer({"models": lines, "report": report})

    async def switch(self, request: web.Request, ask: shapes.SwitchAsked) -> web.Response:
        self.offered.switch(ask.model, on=ask.on)
        return answer({"model": ask.model, "on": ask.on})

    async def pins(self, request: web.Request, ask: None) -> web.Response:
        return answer({"pins": self._engine.sessions.listed()})

    async def pin(self, request: web.Request, ask: shapes.PinAsked) -> web.Response:
        binding = self._engine.pin(ask.model, ask.session)
        return answer({"pinned": f"{binding.provider}/{binding.id}", "session": ask.session})

    async def unpin(self, request: web.Request, ask: shapes.SessionAsked) -> web.Response:
        return answer({"dropped": self._engine.sessions.pins.clear(ask.session)})

    async def feedback(self, request: web.Request, ask: shapes.FeedbackAsked) -> web.Response:
        """The row may be on its way to the log still: that is waited for, beside the loop."""
        quality = self._engine.quality
        row = await asyncio.to_thread(quality.judged, ask.id)
        return answer(quality.feedback(row, good=ask.good))

    async def alarms(self, request: web.Request, ask: None) -> web.Response:
        return answer({"alarms": self._engine.quality.listed()})

    async def release(self, request: web.Request, ask: shapes.AlarmAsked) -> web.Response:
        self._engine.quality.release(ask.id)
        return answer({"alarms": self._engine.quality.listed()})


def _own(headers: Mapping[str, str]) -> dict[str, str]:
    """Without turnout's token; and the body is no longer encoded."""
    gone = (TOKEN_HEADER, "content-encoding")
    return {name: value for name, value in headers.items() if name.lower() not in gone}


def _model(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body)["model"])
    except (msgspec.DecodeError, LookupError, TypeError):
        return "unknown"


def _facts(group: history.Group) -> dict[str, Any]:
    shares = {"saved_share": group.saved_share, "cache_hit_rate": group.cache_hit_rate}
    return asdict(group) | shares


def _lines(found: Iterable[rows.Row]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in found)
