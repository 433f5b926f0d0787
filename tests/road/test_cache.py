"""The exact cache on the real road (c84): the same request again needs no model."""

import asyncio
from collections.abc import Mapping
from typing import Any

from road.test_road import text_of
from road.world import OpenRoad, Road, message, until
from turnout.demo.provider import Fault
from wire.grammar import check_anthropic

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
        await replayed(way)
        await missed(way)
        await failed(way)
        await together(way)


async def replayed(way: Road) -> None:
    first, came = await ask(way, question(stream=True))
    assert came == ""
    again, came = await ask(way, question(stream=True, metadata={"user_id": "another"}))
    assert came == "hit"
    assert text_of(again, stream=True) == text_of(first, stream=True)
    check_anthropic(again)
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
    "another temperature": ({"temperature": 0.1}, {}),
    "tools": ({"tools": [TOOL], "tool_choice": {"type": "none"}}, {}),
    "another client": ({}, {"x-api-key": "sk-ant-api03-somebody-elses"}),
    "told not to": ({}, {"x-turnout-cache": "off"}),
}


async def missed(way: Road) -> None:
    for name, (rest, headers) in OTHERS.items():
        assert (name, (await ask(way, question(**rest), headers))[1]) == (name, "")
    assert (await ask(way, question()))[1] == "hit"
    for name in ("another temperature", "tools", "told not to"):
        rest, headers = OTHERS[name]
        assert (name, (await ask(way, question(**rest), headers))[1]) == (name, "")


# count: every attempt fails
FAULTS = {
    "an error": Fault("status", status=500, count=99),
    "a cut answer": Fault("cut", events=3),
    "one without its end": Fault("eof", events=3),
    "an error event": Fault("error_event", events=3),
}


async def failed(way: Road) -> None:
    for name, fault in FAULTS.items():
        body = question(f"Say {name}.", stream=True)
        way.other.faults[:] = [fault]
        await way.send(body)
        way.other.faults.clear()
        assert (name, (await ask(way, body))[1]) == (name, "")
        assert (name, (await ask(way, body))[1]) == (name, "hit")


async def together(way: Road) -> None:
    """The second waits for the first; when that one's client leaves, it goes its own way."""
    for name, hits in (("well", 2), ("badly", 0)):
        way.other.seen.clear()
        way.other.faults[:] = [Fault("slow_headers", seconds=0.5)]
        body = question(f"It goes {name}.", stream=True)
        first = asyncio.create_task(way.send(body))
        await until(way.other.completions)
        others = [asyncio.create_task(way.send(body)) for _ in range(2)]
        if name == "badly":
            first.cancel()
        came = await asyncio.gather(*others)
        assert all(b"message_stop" in answer for _, answer, _ in came)
        found = [told.get("x-turnout-cache", "") for _, _, told in came]
        if name == "well":
            assert (found.count("hit"), len(way.other.completions())) == (hits, 1)
        else:
            assert len(way.other.completions()) > 1
        await asyncio.gather(first, return_exceptions=True)


async def test_off_by_default_and_what_broke_it(road: OpenRoad) -> None:
    """Switched on while it runs; a damaged file is moved aside and no request sees it."""
    async with road(FORCED) as way:
        file = way.served.data / "cache.db"
        file.write_bytes(b"This is no database." * 1000)
        for _ in range(2):
            assert (await ask(way, question()))[1] == ""
        assert not file.with_name("cache.db.damaged").exists()
        config = way.served.data.parent / "turnout.toml"
        config.write_text(config.read_text() + "\n[cache]\nexact = true\n")
        told = await way.served.api("POST", "/v1/reload")
        assert told == {"changed": ["cache.exact"], "needs_restart": []}
        assert (await ask(way, question()))[1] == ""
        assert (await ask(way, question()))[1] == "hit"
        await until(file.with_name("cache.db.damaged").exists)
        assert file.stat().st_mode & 0o777 == 0o600


async def test_c85_a_question_that_means_the_same(road: OpenRoad) -> None:
    """c85: with the real encoder and the committed admission model; one number apart is a miss."""
    async with road(FORCED, env={**ON, "TURNOUT_CACHE_SEMANTIC": "true"}) as way:
        asked = "Explain what a compiler does with 3 source files."
        await ask(way, question(asked))
        for text, came in (
            ("explain what a compiler does with 3 source files", "hit"),
            ("Explain what a compiler does with 4 source files.", ""),
            ("Explain what a compiler does not do with 3 source files.", ""),
            ("Explain what a compiler does with 3 source files now.", ""),
        ):
            assert (text, (await ask(way, question(text)))[1]) == (text, came)
        assert (await ask(way, question(asked, system="Be brief.")))[1] == ""
        row = next(r for r in await way.served.rows(6) if r["reason"] == "semantic_cache")
        facts = row["evidence"]["semantic_cache"]
        assert facts["cosine"] > 0.9 and facts["probability"] > 0.9
        assert row["cost_usd"] == 0
