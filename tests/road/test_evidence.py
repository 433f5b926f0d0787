"""Evidence end to end: a session that struggles goes home, is seen to, and is not sent back."""

import json
from typing import Any

from road.world import OpenRoad, Road, message

SESSION = {"x-claude-code-session-id": "session-1", "user-agent": "claude-cli/2.1.197"}
TOOL = {"name": "Bash", "description": "Runs it.", "input_schema": {"type": "object"}}
FAILED = "E   assert 1 == 2\n=========== 1 failed, 3 passed in 0.31s ===========\n"
PASSED = "=========== 4 passed in 0.31s ===========\n"
CHEAP, HOME = "openrouter/minimax-m3", "anthropic/claude-opus-4-7"


def history(results: list[str], said: str = "") -> bytes:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Fix the test."}]
    for n, result in enumerate(results):
        call = {"type": "tool_use", "id": f"t{n}", "name": "Bash", "input": {"command": "pytest"}}
        back = {"type": "tool_result", "tool_use_id": f"t{n}", "content": result}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [back]}]
    if said:
        messages += [{"role": "assistant", "content": "Done."}, {"role": "user", "content": said}]
    return message(messages=messages, tools=[TOOL])


async def step(way: Road, results: list[str], said: str = "") -> str:
    status, _, answered = await way.send(history(results, said), SESSION)
    assert status == 200
    return str(answered["x-turnout-model"])


async def test_a_struggling_session_goes_home_and_stays(road: OpenRoad) -> None:
    async with road() as way:
        models = [await step(way, [FAILED] * n) for n in range(8)]
        assert models[:3] == [CHEAP] * 3
        first = models.index(HOME)
        assert models[first:] == [HOME] * (8 - first), "sticky"
        rows = await way.served.rows(8)
        row = rows[first]
        assert row["reason"] == "escalated"
        told = row["evidence"]["struggle"]
        assert told["verdict"] == "escalated"
        assert told["signals"]["tests_failed"] > 0
        assert told["gain"] * told["value_usd"] > told["extra_usd"]
        for later in rows[first + 1 :]:
            assert later["evidence"]["struggle"]["verdict"] in (
                "stays_escalated",
                "struggles_on_strongest",
            )


async def test_a_session_that_goes_well_stays_cheap(road: OpenRoad) -> None:
    async with road() as way:
        models = [await step(way, [PASSED] * n) for n in range(6)]
        assert models == [CHEAP] * 6


async def test_it_survives_a_restart(road: OpenRoad) -> None:
    async with road() as way:
        assert await step(way, [FAILED] * 2) == CHEAP
        (row,) = await way.served.rows(1)
    async with road() as way:
        await step(way, [FAILED] * 3)
        rows = await way.served.rows(2)
        before, after = (r["evidence"]["struggle"]["score"] for r in (row, rows[1]))
        assert after > before


async def test_a_persons_word_over_the_api(road: OpenRoad) -> None:
    async with road() as way:
        await step(way, [])
        (row,) = await way.served.rows(1)
        api = way.served.api
        for _ in range(3):
            said = await api("POST", "/v1/feedback", json={"id": row["id"], "good": False})
            assert (said["decision"], said["model"], said["good"]) == (row["id"], "minimax-m3", 0)
        (alarm,) = (await api("GET", "/v1/alarms"))["alarms"]
        assert alarm["model"] == "minimax-m3"
        assert any(
            "minimax-m3 is not routed to" in w for w in (await api("GET", "/v1/status"))["warnings"]
        )
        assert await step(way, [PASSED]) != CHEAP, "un-routed by itself"
        assert (await api("DELETE", f"/v1/alarms?id={alarm['id']}"))["alarms"] == []
        for bad in ({"id": row["id"]}, {"id": 1, "good": True}, [], {"id": "zz", "good": True}):
            assert "error" in await api("POST", "/v1/feedback", json=bad)
    assert json.loads(json.dumps(said)) == said
