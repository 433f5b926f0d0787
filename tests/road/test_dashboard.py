"""The dashboard and the API where people find them: on the base port, and by name in the proxy."""

import json

import pytest

from road.world import OpenRoad, message
from turnout.demo.provider import Fault
from turnout.web.guard import TOKEN_HEADER


async def test_the_link_of_status_signs_in(road: OpenRoad) -> None:
    """The whole way through mitmproxy: the cookie that is set is the cookie that opens."""
    async with road() as way:
        await way.send(message())
        await way.served.rows()
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


async def test_events_through_the_proxy(road: OpenRoad) -> None:
    """They come as they happen: mitmproxy streams what the API streams."""
    async with road() as way:
        headers = {TOKEN_HEADER: way.served.facts["token"]}
        async with way.served.session.get(f"{way.served.base}/v1/events", headers=headers) as got:
            assert (await got.content.readline()) == b": hello\n"
            await way.send(message())
            async for line in got.content:
                if line.startswith(b"data: "):
                    assert json.loads(line[6:])["requested_model"] == "claude-opus-4-7"
                    break


@pytest.mark.parametrize("place", ["base", "internal"])
async def test_models_are_ours_with_our_token(road: OpenRoad, place: str) -> None:
    async with road() as way:
        headers = {TOKEN_HEADER: way.served.facts["token"]}
        through = {"proxy": way.served.proxy} if place == "internal" else {}
        where = way.served.base if place == "base" else "http://turnout.internal"
        async with way.served.session.get(f"{where}/v1/models", headers=headers, **through) as got:
            told = await got.json()
        assert "minimax-m3" in {one["model"] for one in told["models"]}


async def test_without_it_they_are_the_providers(road: OpenRoad) -> None:
    """As they came: the simulator has no such path, and says so itself."""
    async with road() as way:
        headers = {"anthropic-version": "2023-06-01", "x-api-key": "sk-ant-api03-the-clients-own"}
        url = f"{way.served.base}/v1/models"
        async with way.served.session.get(url, headers=headers) as got:
            text = await got.text()
        assert "wins" not in text
        assert way.home.seen[-1].path == "/v1/models"


async def test_a_provider_may_set_cookies(road: OpenRoad) -> None:
    """What is hidden from who looks at flows is not hidden from the client."""
    async with road('deny = ["*/*"]') as way:
        way.home.faults.append(Fault("status", status=400, headers={"set-cookie": "a=b; path=/"}))
        _, _, headers = await way.send(message())
        assert headers["set-cookie"] == "a=b; path=/"
