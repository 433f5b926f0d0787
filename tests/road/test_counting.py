"""c70: counting tokens goes home natively; without a key for it the answer is our own estimate."""

import json
from collections.abc import Mapping
from math import inf

import aiohttp

from road.world import HOME_KEY, OpenRoad, Road, message
from turnout.demo.provider import Fault, SimProvider
from turnout.route.catalog import Catalog

COUNT = "/v1/messages/count_tokens"
BODY = b'{"model": "claude-opus-4-7",\n "messages": [{"role": "user", "content": "Count me."}]}'
PLAN = {"authorization": "Bearer sk-ant-oat01-plan", "anthropic-beta": "oauth-2025-04-20"}


async def counted(
    way: Road, headers: Mapping[str, str], body: bytes = BODY
) -> tuple[int, dict[str, object]]:
    """Through the base port, so that a client may have no key at all."""
    async with way.served.session.post(
        way.served.base + COUNT, data=body, headers={"anthropic-version": "x", **headers}
    ) as answer:
        return answer.status, await answer.json()


def refusing(home: SimProvider) -> None:
    home.faults.append(Fault("status", status=401, count=inf))


async def test_c70_a_client_with_its_own_key(road: OpenRoad) -> None:
    """Its bytes pass; only fields that the endpoint refuses are taken out."""
    async with road() as way:
        status, said = await counted(way, {"x-api-key": HOME_KEY})
        assert (status, [seen.body for seen in way.home.seen]) == (200, [BODY])
        assert isinstance(said["input_tokens"], int)
        status, _ = await counted(way, {"x-api-key": HOME_KEY}, message(stream=True))
        assert status == 200
        heard = json.loads(way.home.seen[-1].body)
        assert heard.keys() == {"messages", "model"}


async def test_c70_without_a_key_the_estimate_is_of_the_requested_model(road: OpenRoad) -> None:
    """Also while another model serves: clients compact by these numbers."""
    async with road('force = "openrouter/minimax-m3"') as way:
        long = message("word " * 4000)
        status, said = await counted(way, {}, long)
        assert (status, way.home.seen, way.other.seen) == (200, [], [])
        catalog = Catalog.load(way.served.data.parent / "artifacts" / "catalog.json")
        asked = catalog.find("anthropic", "claude-opus-4-7")
        assert asked
        estimate = len("word " * 4000) / 4 * asked.model.token_ratio
        assert abs(float(str(said["input_tokens"])) - estimate) < 30


async def test_c70_a_key_that_home_does_not_know(road: OpenRoad) -> None:
    """A made-up key is what base-URL clients send to a turnout that has keys of its own."""
    async with road() as way:
        refusing(way.home)
        status, said = await counted(way, {"x-api-key": "made-up"})
        assert status == 200
        assert said.keys() == {"input_tokens"}
        assert len(way.home.seen) == 1


async def test_c70_home_has_the_last_word(road: OpenRoad) -> None:
    """A subscription is renewed after a 401; what is switched off is not there; as is no JSON."""
    async with road() as way:
        refusing(way.home)
        for headers in (PLAN, {"x-api-key": "made-up", "x-turnout-mode": "off"}):
            status, _ = await counted(way, headers)
            assert status == 401, headers
        status, _ = await counted(way, {}, b"{")
        assert status == 401
        await way.served.api("POST", "/v1/mode", json={"mode": "off"})
        status, _ = await counted(way, {})
        assert status == 401


async def test_c70_without_other_providers_home_says_what_is_wrong(road: OpenRoad) -> None:
    async with road(env={"OPENROUTER_API_KEY": ""}) as way:
        refusing(way.home)
        status, said = await counted(way, {"x-api-key": "made-up"})
        assert status == 401
        assert "error" in said


async def test_through_the_proxy(road: OpenRoad) -> None:
    async with road() as way:
        refusing(way.home)
        status, answer, _ = await way.send(BODY, path=COUNT)
        assert (status, json.loads(answer).keys()) == (200, {"input_tokens"})
        url = f"https://localhost:{way.home.port}{COUNT}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=BODY, proxy=way.served.proxy, ssl=way.served.tls()) as keyless,
        ):
            assert keyless.status == 200
        assert len(way.home.seen) == 1
