"""GET /metrics, in Prometheus' exposition format. It needs the token, as everything does here."""

from aiohttp import web

from turnout.engine import Engine
from turnout.telemetry.prometheus import CONTENT_TYPE


def add(app: web.Application, engine: Engine) -> None:
    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=engine.prometheus.scrape(), headers={"content-type": CONTENT_TYPE})

    app.router.add_get("/metrics", metrics)
