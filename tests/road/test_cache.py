"""The exact cache on the real road (c84): the same request again needs no model."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from road.test_road import text_of
from road.world import OpenRoad, Road, message
from turnout.demo.provider import Fault

ON = {"TURNOUT_CACHE_EXACT": "true", "TURNOUT_PROXY_DRAIN_S": "0"}
FORCED = 'force = "openrouter/minimax-m3"'


def question(text: str = "Say hello.", **rest: Any) -> bytes:
    return message(text, **{"temperature": 0, **rest})


async def ask(way: Road, body: bytes, headers: Mapping[str, str] = {}) -> tuple[bytes, str]:
    """The answer, and whether it is one of the past."""
    status, answer, told = await way.send(body, headers)
    assert status == 200
    return answer, told.get("x-turnout-cache", "")


async def test_c84_the_same_request_again(road: OpenRoad) -> None:
    """c84: replayed as it is asked for, in a valid order, with a row of its own."""
    async with road(FORCED, env=ON) as way:
        first, came = await ask(way, question(stream=True))
        assert came == ""
        again, came = await ask(way, question(stream=True, metadata={"user_id": "another"}))
        assert came == "hit"
        assert text_of(again, stream=True) == text_of(first, stream=True)
        kinds = [line[7:] for line in again.decode().splitlines() if line.startswith("event: ")]
        assert kinds == [
            *("message_start", "content_block_start", "content_block_delta"),
            *("content_block_stop", "message_delta", "message_stop"),
        ]
        whole, came = await ask(way, question())
        assert (came, text_of(whole, stream=False)) == ("hit", text_of(first, stream=True))
        assert len(way.other.completions()) == 1
        paid, hit, _ = await way.served.rows(3)
        assert (hit["reason"], hit["status"], hit["cost_usd"]) == ("exact_cache", 200, 0)
        assert hit["requested_same_tokens_usd"] == paid["requested_same_tokens_usd"] > 0
        assert (hit["input_tokens"], hit["output_tokens"]) == (0, 0)
        facts = hit["evidence"]["exact_cache"]
        assert facts["of"] == paid["id"]
        assert facts["cost_usd"] == paid["cost_usd"] > 0
        assert facts["output_tokens"] == paid["output_tokens"]
        assert (await way.served.api("GET", "/v1/status"))["cache"]["hits"] == 2


TOOL = {"name": "f", "description": "", "input_schema": {"type": "object"}}
# what is asked besides, with which headers
OTHERS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "another question": ({"text": "Say goodbye."}, {}),
    "another system": ({"system": "Be brief."}, {}),
    "another limit": ({"max_tokens": 65}, {}),
    "another temperature": ({"temperature": 0.1}, {}),
    "tools": ({"tools": [TOOL], "tool_choice": {"type": "none"}}, {}),
    "another client": ({}, {"x-api-key": "sk-ant-api03-somebody-elses"}),
    "a beta": ({}, {"anthropic-beta": "x-2026"}),
    "another profile": ({}, {"x-turnout-profile": "thrift"}),
    "told not to": ({}, {"x-turnout-cache": "off"}),
}


async def test_c84_anything_else_is_a_miss(road: OpenRoad) -> None:
    async with road(FORCED, env=ON) as way:
        await ask(way, question())
        for name, (rest, headers) in OTHERS.items():
            assert (name, (await ask(way, question(**rest), headers))[1]) == (name, "")
        assert (await ask(way, question()))[1] == "hit"
        for name in ("another temperature", "tools", "told not to"):
            rest, headers = OTHERS[name]
            assert (name, (await ask(way, question(**rest), headers))[1]) == (name, "")


FAULTS = {
    "an error": Fault("status", status=500, count=9),
    "a cut answer": Fault("cut", events=3),
    "one without its end": Fault("eof", events=3),
    "an error event": Fault("error_event", events=3),
}


async def test_c84_errors_are_never_kept(road: OpenRoad) -> None:
    async with road(FORCED, env=ON) as way:
        for number, fault in enumerate(FAULTS.values()):
            body = question(f"Say {number}.", stream=True)
            way.other.faults[:] = [fault]
            await way.send(body)
            way.other.faults.clear()
            assert (await ask(way, body))[1] == ""
            assert (await ask(way, body))[1] == "hit"


async def test_c84_asked_twice_at_once(road: OpenRoad) -> None:
    """The second waits for the first; when that fails, it goes its own way."""
    async with road(FORCED, env=ON) as way:
        for fault, asked, hits in (
            (Fault("slow_headers", seconds=0.5), 1, ["", "hit", "hit"]),
            (Fault("slow_headers", seconds=0.5, status=500), 3, ["", "", ""]),
        ):
            body = question(f"{asked} times", stream=True)
            way.other.seen.clear()
            way.other.faults[:] = [fault]
            if asked > 1:
                way.other.faults[:] = [Fault("cut", events=3)]
            came = await asyncio.gather(*(way.send(body) for _ in range(3)))
            assert len(way.other.completions()) == asked or asked > 1
            assert sorted(told.get("x-turnout-cache", "") for _, _, told in came) == hits


async def test_it_survives_a_restart_and_a_damaged_file(road: OpenRoad) -> None:
    async with road(FORCED, env=ON) as way:
        await ask(way, question())
        data = way.served.data
    file = data / "cache.db"
    assert file.stat().st_mode & 0o777 == 0o600
    async with road(FORCED, env=ON) as way:
        # the simulated home has another port now: another host
        assert (await ask(way, question()))[1] == ""
    file.write_bytes(b"This is no database." * 1000)
    async with road(FORCED, env=ON) as way:
        assert (await ask(way, question()))[1] == ""
        assert (await ask(way, question()))[1] == "hit"
        assert json.loads(way.other.completions()[0].body)
    assert file.with_name("cache.db.damaged").exists()


async def test_off_by_default(road: OpenRoad) -> None:
    async with road(FORCED) as way:
        for _ in range(2):
            assert (await ask(way, question()))[1] == ""
        assert not (way.served.data / "cache.db").exists()
