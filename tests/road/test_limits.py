"""Limits on the real road: a 429 in the client's dialect, cheaper, or home; written in the log."""

import json

import pytest

from road.world import HOME_KEY, OpenRoad, message

ONE = "[[limits]]\nrequests_per_minute = 1\n"


async def test_beyond_a_limit_the_client_hears_it_in_its_dialect(road: OpenRoad) -> None:
    """With retry-after, and with the row; nobody upstream is asked. Every dialect has its shape."""
    chat = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}]}
    async with road(more=ONE) as way:
        assert (await way.send(message()))[0] == 200
        before = len(way.home.seen) + len(way.other.seen)
        status, answer, headers = await way.send(message(stream=True))
        assert status == 429 and 1 <= int(headers["retry-after"]) <= 61
        error = json.loads(answer)["error"]
        assert error["type"] == "rate_limit_error"
        assert error["message"] == "turnout: 1 requests a minute are used up"
        url = f"{way.served.base}/v1/chat/completions"
        async with way.served.session.post(
            url, json=chat, headers={"authorization": f"Bearer {HOME_KEY}"}
        ) as foreign:
            assert foreign.status == 429 and foreign.headers["retry-after"]
            assert (await foreign.json())["error"]["message"].startswith("turnout: 1 requests")
        assert len(way.home.seen) + len(way.other.seen) == before
        first, *refused = await way.served.rows(3)
        assert first["status"] == 200
        assert {(row["reason"], row["status"]) for row in refused} == {("limit", 429)}


@pytest.mark.parametrize("then", ["home", "cheaper"])
async def test_or_it_goes_home_or_somewhere_cheaper(road: OpenRoad, then: str) -> None:
    async with road("profile = 'strict'", more=f'{ONE}then = "{then}"\n') as way:
        await way.send(message())
        status, _, _ = await way.send(message())
        assert status == 200
        row = (await way.served.rows(2))[-1]
        assert "1 requests a minute" in row["evidence"]["limit"]
        if then == "home":
            assert (row["reason"], row["provider"]) == ("limit", "anthropic")
            assert way.home.completions()[-1].body == message()
        else:
            assert row["provider"] == "openrouter" and row["evidence"]["profile"] == "cheapest"


async def test_what_was_used_is_known_after_a_restart(road: OpenRoad) -> None:
    async with road(more=ONE) as way:
        await way.send(message())
        await way.served.rows()
    async with road(more=ONE) as way:
        assert (await way.send(message()))[0] == 429
