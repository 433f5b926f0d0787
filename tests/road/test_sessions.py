"""Sessions end to end: one model over tool turns, after a restart, and for each agent its own."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from road.world import OpenRoad, Road, message

SESSION = {"x-claude-code-session-id": "session-1", "user-agent": "claude-cli/2.1.197"}
TOOL = {"name": "Bash", "description": "Runs it.", "input_schema": {"type": "object"}}
LONG = "What this project is about, told at length. " * 400  # enough for a cache
SYSTEM = [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}]
PLAN = {"authorization": "Bearer sk-ant-oat01-plan", "anthropic-beta": "oauth-2025-04-20"}


def turn(number: int, first: str = "Fix the test.", **rest: Any) -> bytes:
    """The request of a step: the whole history again, with one more tool result."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": first}]
    for n in range(number):
        call = {"type": "tool_use", "id": f"toolu_{n}", "name": "Bash", "input": {"n": n}}
        result = {"type": "tool_result", "tool_use_id": f"toolu_{n}", "content": f"ok {n} " * 50}
        messages += [
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ]
    body: dict[str, Any] = {"messages": messages, "system": SYSTEM, "tools": [TOOL], **rest}
    return message(**body)


async def step(way: Road, number: int, headers: Mapping[str, str] = SESSION, **rest: Any) -> str:
    status, _, answered = await way.send(turn(number, **rest), headers)
    assert status == 200
    return str(answered["x-turnout-model"])


async def test_a_session_stays_on_its_model_over_tool_turns(road: OpenRoad) -> None:
    async with road() as way:
        models = [await step(way, number) for number in range(4)]
        assert models == ["openrouter/minimax-m3"] * 4
        first, *others = await way.served.rows(4)
        assert (first["reason"], first["stay_usd"]) == ("cheapest_at_parity", None)
        assert first["switch_usd"] > 0
        for row in others:
            assert (row["reason"], row["fresh_model"]) == ("same_model", "minimax-m3")
            assert 0 < row["stay_usd"] == row["switch_usd"]
        assert [row["evidence"]["session"]["step"] for row in (first, *others)] == [1, 2, 3, 4]
        (pin,) = (await way.served.api("GET", "/v1/pins"))["pins"]
        assert (pin["session"], pin["steps"], pin["model"]) == ("session-1", 4, "minimax-m3")
        assert pin["cached_tokens"] > 4_000, "as the simulated provider counted them"


async def test_a_warm_cache_at_home_is_not_left_for_little(road: OpenRoad) -> None:
    """Begun on what was asked for, by hand; then free to go, which pays only over many steps."""
    async with road() as way:
        home = {**SESSION, "x-turnout-model": "anthropic/claude-opus-4-7"}
        assert await step(way, 0, home) == "anthropic/claude-opus-4-7"
        await step(way, 1)
        row = (await way.served.rows(2))[1]
        assert row["reason"] in ("ev_positive", "ev_negative")
        told = row["evidence"]["session"]
        assert told["cached_tokens"] > 4_000
        assert told["pinned"] == "anthropic/claude-opus-4-7"
        switched = row["stay_usd"] - row["switch_usd"] > told["margin_usd"]
        assert told["switched"] is switched is (row["provider"] == "openrouter")


async def test_c61_c62_a_switch_sends_the_whole_history_and_asks_nobody_else(
    road: OpenRoad,
) -> None:
    """turnout sums nothing up: there is no request of its own that could fail or use a key."""
    async with road() as way:
        home = {**SESSION, "x-turnout-model": "anthropic/claude-opus-4-7"}
        await step(way, 2, home)
        await step(way, 3, {**SESSION, "x-turnout-model": "openrouter/minimax-m3"})
        (sent,) = way.other.completions()
        messages = json.loads(sent.body)["messages"]
        told = [m for m in messages if m["role"] == "tool"]
        assert [m["content"] for m in told] == [f"ok {n} " * 50 for n in range(3)]
        assert messages[-1] == told[-1]
        assert len(way.home.seen) + len(way.other.seen) == 2


async def test_a_restart_keeps_the_pin(road: OpenRoad) -> None:
    """The second turnout would choose otherwise by itself: its fresh choice is not the pin."""
    async with road() as way:
        other = {**SESSION, "x-turnout-model": "anthropic/claude-haiku-4-5"}
        assert await step(way, 0, other) == "anthropic/claude-haiku-4-5"
        await way.served.rows(1)
    async with road() as way:
        (pin,) = (await way.served.api("GET", "/v1/pins"))["pins"]
        assert (pin["session"], pin["model"], pin["steps"]) == ("session-1", "claude-haiku-4-5", 1)
        await step(way, 1)
        _, row = await way.served.rows(2)
        assert row["evidence"]["session"]["step"] == 2
        assert row["reason"] == "tier_upgrade", "below parity for this, so it is not kept"


async def test_parallel_actions_of_one_session(road: OpenRoad) -> None:
    async with road() as way:
        models = await asyncio.gather(*(step(way, number) for number in range(5)))
        assert set(models) == {"openrouter/minimax-m3"}
        await way.served.rows(5)
        (pin,) = (await way.served.api("GET", "/v1/pins"))["pins"]
        assert (pin["steps"], pin["model"]) == (5, "minimax-m3")
        assert pin["cached_tokens"] > 4_000
        await step(way, 5)
        assert (await way.served.rows(6))[5]["reason"] == "same_model"


async def test_a_sub_agent_is_separate(road: OpenRoad) -> None:
    async with road() as way:
        agent = {**SESSION, "x-claude-code-agent-id": "agent-7"}
        await step(way, 0)
        await step(way, 0, agent, first="Look for the file.")
        await step(way, 1)
        rows = await way.served.rows(3)
        assert [row["kind"] for row in rows] == ["main", "sub_agent", "tool_result"]
        assert {row["session"] for row in rows} == {"session-1"}
        assert [row["evidence"]["session"]["step"] for row in rows] == [1, 1, 2]
        pins = (await way.served.api("GET", "/v1/pins"))["pins"]
        assert [(pin["agent"], pin["steps"]) for pin in pins] == [("", 2), ("agent-7", 1)]


async def test_a_pin_by_hand(road: OpenRoad) -> None:
    async with road() as way:
        api = way.served.api
        named = {"model": "openrouter/claude-haiku-4-5", "session": "session-1"}
        assert "pinned" in await api("POST", "/v1/pins", json=named)
        assert await step(way, 0) == "openrouter/claude-haiku-4-5"
        free = {**SESSION, "x-claude-code-session-id": "session-2"}
        assert await step(way, 0, free) == "openrouter/minimax-m3"
        assert await api("DELETE", "/v1/pins?session=session-1") == {"dropped": 2}
        assert await step(way, 0) == "openrouter/minimax-m3"


async def test_pins_on_a_provider_whose_key_is_gone(road: OpenRoad) -> None:
    """c55: both the session's own pin and one made by hand."""
    async with road() as way:
        assert await step(way, 0) == "openrouter/minimax-m3"
        named = {"model": "openrouter/minimax-m3", "session": ""}
        await way.served.api("POST", "/v1/pins", json=named)
        assert await step(way, 1) == "openrouter/minimax-m3"
        await way.served.rows(2)
    async with road(env={"OPENROUTER_API_KEY": ""}) as way:
        assert len((await way.served.api("GET", "/v1/pins"))["pins"]) == 2
        assert await step(way, 2) == "anthropic/claude-opus-4-7"
        assert (await way.served.rows(3))[2]["reason"] == "pin_unavailable"


REFUSED = {
    "a near miss": ({"model": "anthropic/claude-opus-4.7"}, "did you mean claude-opus-4-7"),
    "a near miss without provider": ({"model": "claude-opus-47"}, "claude-opus-4-7"),
    "no key for it": ({"model": "groq/llama-3.3-70b-versatile"}, "key"),
    "no model": ({"session": "s"}, "missing required field `model`"),
    "not text": ({"model": 5}, "Expected `str`"),
    "not an object": ([], "Expected `object`"),
}


async def test_what_cannot_be_pinned_is_refused(road: OpenRoad) -> None:
    async with road() as way:
        for named, why in REFUSED.values():
            refused = await way.served.api("POST", "/v1/pins", json=named)
            assert why in refused["error"]["message"], named
        assert (await way.served.api("GET", "/v1/pins"))["pins"] == []


async def test_the_project_is_in_the_log(road: OpenRoad) -> None:
    async with road(env={"TURNOUT_PROJECT": "turnout"}) as way:
        await step(way, 0)
        (row,) = await way.served.rows()
        assert row["project"] == "turnout"


async def test_a_near_miss_in_the_header_goes_home_and_is_told(road: OpenRoad) -> None:
    """c41: passing through, never a guess; the row names what was probably meant."""
    async with road() as way:
        sent = turn(0)
        status, _, _ = await way.send(sent, {"x-turnout-model": "openrouter/minimax-m33"})
        assert status == 200
        assert [seen.body for seen in way.home.completions()] == [sent]
        (row,) = await way.served.rows()
        assert row["reason"] == "refused_header"
        assert "did you mean" in row["error"] and "minimax-m3" in row["error"]


# -- subscriptions


async def test_plan_tokens_go_home_and_cost_nothing_more(road: OpenRoad) -> None:
    async with road() as way:
        sent = turn(0)
        await way.send(sent, PLAN)
        assert [seen.body for seen in way.home.completions()] == [sent]
        (row,) = await way.served.rows()
        assert (row["reason"], row["cost_usd"]) == ("subscription", 0.0)
        assert row["requested_same_tokens_usd"] == 0.0
        assert row["output_tokens"] > 0


async def test_plan_tokens_that_are_forced_away_never_cross_hosts(road: OpenRoad) -> None:
    """By quota: test_subscriptions.py."""
    async with road('subscription = "route"\nforce = "openrouter/minimax-m3"') as way:
        _, _, headers = await way.send(turn(0), PLAN)
        assert headers["x-turnout-model"] == "openrouter/minimax-m3"
        (seen,) = way.other.completions()
        assert "sk-ant-oat01" not in repr((seen.path, seen.headers, seen.body))
        assert "oauth-2025-04-20" not in repr(seen.headers)
        (row,) = await way.served.rows()
        assert row["cost_usd"] > 0, "turnout's own key pays for this"


async def test_a_plan_token_at_its_own_host_is_free_whatever_serves_it(road: OpenRoad) -> None:
    policy = 'subscription = "route"\nforce = "anthropic/claude-haiku-4-5"'
    async with road(policy) as way:
        await way.send(turn(0), PLAN)
        (seen,) = way.home.completions()
        assert seen.header("authorization") == PLAN["authorization"]
        assert json.loads(seen.body)["model"] == "claude-haiku-4-5"
        (row,) = await way.served.rows()
        assert (row["model"], row["cost_usd"]) == ("claude-haiku-4-5", 0.0)
