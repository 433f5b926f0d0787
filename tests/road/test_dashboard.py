"""The dashboard and the API where people find them: on the base port, and by name in the proxy."""

import json

from road.world import HOME_KEY, OpenRoad, Road, message
from turnout.demo.provider import Fault
from turnout.web.guard import TOKEN_HEADER


async def test_through_mitmproxy(road: OpenRoad) -> None:
    """One road for all of it: it takes a second to open."""
    async with road() as way:
        await way.send(message())
        await way.served.rows()
        await _link(way)
        await _events(way)
        await _models(way)


async def _link(way: Road) -> None:
    """The cookie that is set is the cookie that opens."""
    base, session = way.served.base, way.served.session
    link = f"{base}/ui/?token={way.served.facts['token']}"
    async with session.get(link, allow_redirects=False) as got:
        assert got.status == 303
        cookie = got.headers["set-cookie"].partition(";")[0]
    async with session.get(f"{base}/ui/decisions", headers={"cookie": cookie}) as got:
        text = await got.text()
        assert got.status == 200
        assert "minimax-m3" in text
    async with session.get(f"{base}/ui/decisions") as got:
        assert got.status == 401


async def _events(way: Road) -> None:
    """They come as they happen: mitmproxy streams what the API streams."""
    headers = {TOKEN_HEADER: way.served.facts["token"]}
    async with way.served.session.get(f"{way.served.base}/v1/events", headers=headers) as got:
        assert (await got.content.readline()) == b": hello\n"
        await way.send(message())
        async for line in got.content:
            if line.startswith(b"data: "):
                assert json.loads(line[6:])["requested_model"] == "claude-opus-4-7"
                break


async def _models(way: Road) -> None:
    """Ours with our token, by either door; without it the provider's own."""
    ours = {TOKEN_HEADER: way.served.facts["token"]}
    doors: dict[str, dict[str, str]] = {
        way.served.base: {},
        "http://turnout.internal": {"proxy": way.served.proxy},
    }
    for where, through in doors.items():
        url = f"{where}/v1/models"
        async with way.served.session.get(url, headers=ours, proxy=through.get("proxy")) as got:
            told = await got.json()
        assert "minimax-m3" in {one["model"] for one in told["models"]}
    theirs = {"anthropic-version": "2023-06-01", "x-api-key": HOME_KEY}
    async with way.served.session.get(f"{way.served.base}/v1/models", headers=theirs) as got:
        assert "wins" not in await got.text()
    assert way.home.seen[-1].path == "/v1/models"


async def test_a_provider_may_set_cookies(road: OpenRoad) -> None:
    """What is hidden from who looks at flows is not hidden from the client."""
    async with road('deny = ["*/*"]') as way:
        way.home.faults.append(Fault("status", status=400, headers={"set-cookie": "a=b; path=/"}))
        _, _, headers = await way.send(message())
        assert headers["set-cookie"] == "a=b; path=/"
