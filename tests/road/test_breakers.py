"""Breakers and learned refusals on the real road: the next request knows of the last one."""

import json
from typing import Any

from road.world import OpenRoad, Road, message
from turnout.demo.provider import Fault

MINIMAX = "openrouter/minimax-m3"
PIXEL = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
}


def _lost(row: dict[str, Any]) -> str:
    """Why the cheap model was passed over."""
    told = row["candidates"]
    told = json.loads(told) if isinstance(told, str) else told
    return next(str(one["lost"]) for one in told if one["model"] == "minimax-m3")


async def _twice(way: Road, body: bytes) -> list[dict[str, Any]]:
    for _ in range(2):
        status, _, _ = await way.send(body)
        assert status == 200
    return await way.served.rows(2)


async def test_c89_a_busy_binding_is_left_alone_by_every_session(road: OpenRoad) -> None:
    """The second request does not even try; the record and the status say why."""
    async with road() as way:
        limit = {"retry-after": "300"}
        way.other.faults.append(Fault("status", status=429, headers=limit, count=99))
        first, second = await _twice(way, message())
        asked = [one["model"] for one in first["attempts"]]
        assert asked[0] == "minimax-m3"
        assert "minimax-m3" not in [one["model"] for one in second["attempts"]]
        assert _lost(second) == "breaker_open"
        told = (await way.served.api("GET", "/v1/status"))["breakers"]
        (mine,) = [one for one in told if one["binding"] == MINIMAX]
        assert (mine["state"], mine["error"]) == ("open", "status 429")


async def test_what_a_model_refused_it_is_not_asked_again(road: OpenRoad) -> None:
    """A 400 that names the image, and home that takes it: remembered for this binding."""
    async with road() as way:
        refusal = Fault("status", status=400, message="image input is not supported", count=99)
        way.other.faults.append(refusal)
        content = [{"type": "text", "text": "What is it?"}, PIXEL]
        body = message(messages=[{"role": "user", "content": content}])
        first, second = await _twice(way, body)
        assert first["attempts"][0]["error"] == "status 400 (images)"
        assert _lost(second) == "refused_before: images"
        (told,) = [
            one
            for one in (await way.served.api("GET", "/v1/status"))["refused_before"]
            if one["binding"] == MINIMAX
        ]
        assert told["feature"] == "images"


async def test_a_forced_model_is_asked_whatever_its_breaker_says(road: OpenRoad) -> None:
    async with road(f'force = "{MINIMAX}"') as way:
        way.other.faults.append(Fault("status", status=529))
        assert (await way.send(message()))[0] == 529
        assert (await way.send(message()))[0] == 200
        assert way.home.completions() == []
