"""The dashboard below /ui/: pages of what turnout does, and the few switches it has."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any, get_args

import msgspec
from aiohttp import web

from turnout.config.settings import Mode
from turnout.engine import Engine
from turnout.errors import TurnoutError
from turnout.history import NoDecisionError
from turnout.web import chart, found, rows, summary, wiring
from turnout.web.api import Api
from turnout.web.dials import Dials
from turnout.web.door import SIGNED_IN, Door
from turnout.web.guard import UI
from turnout.web.pages import HERE, page
from turnout.web.routes import EVENTS
from turnout.web.summary import Summary
from turnout.web.tidy import tidied, tidy
from turnout.why.explain import explained

# a span: hours, and hours to a bar
SPANS = {"24h": (24, 1), "7d": (168, 6), "30d": (720, 24)}
LIVE = 12  # decisions on the overview
PAGE = 50
MODES: dict[str, Mode] = {mode: mode for mode in get_args(Mode)}

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add(app: web.Application, engine: Engine, api: Api, token: str) -> None:
    ui = Ui(engine, api, token)
    below = web.Application(middlewares=[Door(token, ui.sign_in).guard])
    for method, path, handler in (
        ("GET", "/", ui.overview),
        ("GET", "/decisions", ui.decisions),
        ("GET", "/decisions/{id}", ui.decision),
        ("GET", "/sessions", ui.sessions),
        ("GET", "/session", ui.session),
        ("GET", "/quality", ui.quality),
        ("GET", "/models", ui.models),
        ("GET", "/providers", ui.providers),
        ("GET", "/connect", ui.connect),
        ("GET", "/events", ui.events),
        ("POST", "/session", ui.overview),  # the door answers
        ("POST", "/mode", ui.set_mode),
        ("POST", "/models", ui.switch),
        ("POST", "/profile", ui.set_profile),
        ("POST", "/alarms", ui.release),
        ("POST", "/keys", ui.set_key),
        ("POST", "/feedback", ui.feedback),
    ):
        below.router.add_route(method, path, _shown(ui, handler))
    below.router.add_static("/static/", HERE / "static")
    app.add_subapp(UI, below)
    app.router.add_get("/", _home)
    app.on_shutdown.append(ui.close)


async def _home(_: web.Request) -> web.Response:
    return web.Response(status=303, headers={"location": UI})


def _shown(ui: "Ui", handler: Handler) -> Handler:
    async def shown(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except NoDecisionError as e:
            return await ui.show(request, "problem.html", 404, said=str(e))
        except TurnoutError as e:
            return await ui.show(request, "problem.html", 400, said=rows.plainly(e))

    return shown


class Ui:
    def __init__(self, engine: Engine, api: Api, token: str) -> None:
        self._engine, self._api, self._token = engine, api, token
        self._log = api.log
        self._summary = Summary(api.log)
        self._dials = Dials(engine)

    async def close(self, app: web.Application) -> None:
        self._summary.close()

    async def show(
        self, request: web.Request, name: str, code: int = 200, **facts: Any
    ) -> web.Response:
        """With what every page needs."""
        status = self._engine.status()
        told = set(self._engine.quality.warnings())  # alarms are shown with a link
        common = {
            "path": request.path,
            "alarms": self._engine.quality.listed(),
            "warnings": [one for one in status["warnings"] if one not in told],
            "csrf": request.get(SIGNED_IN, ""),
            "status": status,
            "modes": list(MODES),
        }
        return await page(name, code, **common | facts)

    async def sign_in(self, request: web.Request, said: str) -> web.Response:
        return await page("sign_in.html", 401, said=said)

    # -- pages

    async def overview(self, request: web.Request) -> web.Response:
        span = request.query.get("span", "")
        hours, step = SPANS.get(span, SPANS["24h"])
        first = int(time.time() // summary.HOUR) - hours + 1
        window, latest, spreads, left = await asyncio.gather(
            self._summary.window(hours),
            self._log.ask(partial(rows.page, wanted=rows.Wanted(), most=LIVE)),
            self._log.ask(summary.spreads),
            self._log.ask(partial(found.left, since=first * summary.HOUR)),
        )
        bars = chart.bars(window.sums, first, hours, step)
        return await self.show(
            request,
            "overview.html",
            span=span if span in SPANS else "24h",
            spans=list(SPANS),
            missing=window.missing,
            total=summary.total(window.sums),
            models=summary.by_model(window.sums),
            bars=bars,
            chart=chart.drawn(bars),
            latest=tidied(latest[0]),
            spreads=spreads,
            left=left,
        )

    async def decisions(self, request: web.Request) -> web.Response:
        asked = {name: value for name, value in request.query.items() if value}
        try:
            wanted = msgspec.convert(asked, rows.Wanted, strict=False)
        except msgspec.ValidationError as e:
            return await self.show(request, "problem.html", 400, said=rows.plainly(e))
        most = wanted.limit or PAGE
        rows_, after = await self._log.ask(partial(rows.page, wanted=wanted, most=most))
        kept = {name: value for name, value in asked.items() if name != "cursor"}
        return await self.show(
            request, "decisions.html", rows=tidied(rows_), after=after, asked=asked, kept=kept
        )

    async def decision(self, request: web.Request) -> web.Response:
        ref = request.match_info["id"]
        row = tidy(await self._log.ask(lambda reader: reader.decision(ref)))
        told = await asyncio.to_thread(lambda: list(explained(row)))  # prices are read from disk
        return await self.show(request, "decision.html", row=row, told=told)

    async def sessions(self, request: web.Request) -> web.Response:
        listed = await self._log.ask(found.sessions)
        pins = {pin["session"]: pin for pin in self._engine.sessions.listed()}
        return await self.show(request, "sessions.html", rows=listed, pins=pins)

    async def session(self, request: web.Request) -> web.Response:
        name = request.query.get("id", "")
        sums, steps = await self._log.ask(partial(found.session, name=name))
        if sums is None:
            return await self.show(request, "problem.html", 404, said=f"no session {name!r}")
        pins = [pin for pin in self._engine.sessions.listed() if pin["session"] == name]
        return await self.show(
            request,
            "session.html",
            sums=sums,
            steps=found.marked(tidied(steps)),
            pins=pins,
            most=found.STEPS,
        )

    async def quality(self, request: web.Request) -> web.Response:
        evidence = await self._log.ask(found.quality)
        road = self._engine.road
        labels = dict(enumerate(road.brain.bundle.labels))
        return await self.show(
            request,
            "quality.html",
            rows=evidence,
            labels=labels,
            version=road.brain.bundle.version,
        )

    async def models(self, request: web.Request) -> web.Response:
        lines, report = await self._api.offered.lines()
        keyed = [one for one in lines if one["key"] == "present"]
        every = "all" in request.query
        return await self.show(
            request,
            "models.html",
            rows=sorted(lines if every else keyed, key=_rank),
            every=every,
            hidden=len(lines) - len(keyed),
            report=report,
            dials=await self._dials.shown(),
            profiles=list(self._engine.road.brain.bundle.profiles),
        )

    async def providers(self, request: web.Request) -> web.Response:
        health = await self._log.ask(found.health)
        return await self.show(
            request,
            "providers.html",
            health=health,
            providers=wiring.providers(self._engine),
            vault=self._engine.vault is not None,
            kept=await asyncio.to_thread(wiring.kept, self._engine),
        )

    async def connect(self, request: web.Request) -> web.Response:
        found = await asyncio.to_thread(wiring.addresses, self._engine, self._token, request.host)
        return await self.show(request, "connect.html", **found)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """As /v1/events; in words, as the pages have them."""
        if self._api.feed.full:
            return web.Response(status=503)
        response = web.StreamResponse(headers={"content-type": EVENTS, "cache-control": "no-store"})
        await response.prepare(request)
        with self._api.feed.listening() as events:
            async with aclosing(events) as each:
                async for event in each:
                    await response.write(event)
        return response

    # -- switches

    async def set_mode(self, request: web.Request) -> web.Response:
        form = await _form(request)
        mode = form.get("mode", "")
        if mode not in MODES:
            return await self.show(request, "problem.html", 400, said=f"{mode!r} is no mode")
        self._engine.mode = MODES[mode]
        return _back(form)

    async def set_profile(self, request: web.Request) -> web.Response:
        form = await _form(request)
        self._engine.dial(form.get("profile", ""))
        return _back(form)

    async def switch(self, request: web.Request) -> web.Response:
        form = await _form(request)
        self._api.offered.switch(form.get("model", ""), on=form.get("on") == "yes")
        return _back(form)

    async def set_key(self, request: web.Request) -> web.Response:
        """Sealing one takes a file and perhaps the system's keyring: beside the loop."""
        form = await _form(request)
        if name := form.get("remove"):
            await asyncio.to_thread(wiring.remove, self._engine, name)
        else:
            name, secret = form.get("name", ""), form.get("secret", "").strip()
            await asyncio.to_thread(wiring.put, self._engine, name, secret)
        self._engine.keys.refresh()
        return _back({"back": "/ui/providers"})

    async def release(self, request: web.Request) -> web.Response:
        form = await _form(request)
        self._engine.quality.release(form.get("id", ""))
        return _back(form)

    async def feedback(self, request: web.Request) -> web.Response:
        form = await _form(request)
        row = await asyncio.to_thread(self._engine.quality.judged, form.get("id", ""))
        self._engine.quality.feedback(row, good=form.get("good") == "yes")
        return _back(form)


def _rank(line: Mapping[str, Any]) -> tuple[Any, ...]:
    """What wins most first, then what may be chosen at all."""
    return line["key"] != "present", -line["wins"], line["why"] not in ("", "dominated"), line["id"]


async def _form(request: web.Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.post()).items()}


def _back(form: Mapping[str, str]) -> web.Response:
    """To the page it came from: one of ours, never another site's."""
    to = form.get("back", "")
    safe = to.startswith(UI) and "\\" not in to and to.isprintable()
    return web.Response(status=303, headers={"location": to if safe else UI})
