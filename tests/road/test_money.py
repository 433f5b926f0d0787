"""Money on the real road: what a row says of it, and shadow, which costs a request nothing."""

import time

from road.test_sessions import SESSION, turn
from road.world import OpenRoad, message
from turnout.demo.provider import Fault


async def test_c93_shadow_takes_no_time_and_touches_nothing(road: OpenRoad) -> None:
    """Deciding takes three seconds: the answer is over before, byte for byte the provider's own."""
    async with road(more='mode = "shadow"', env={"TURNOUT_FAULT": "embed:sleep:3"}) as way:
        sent = message(stream=True)
        began = time.monotonic()
        status, answer, headers = await way.send(sent)
        took_ms = 1000 * (time.monotonic() - began)
        assert status == 200
        assert answer.count(b"event: message_stop") == 1
        assert not [name for name in headers if name.lower().startswith("x-turnout")]
        assert [seen.body for seen in way.home.completions()] == [sent]
        assert way.other.seen == []
        (row,) = await way.served.rows()
        assert row["reason"] == "shadow"
        assert row["fresh_model"] == "openrouter/minimax-m3"
        assert row["route_ms"] >= 3000 > row["total_ms"] >= row["ttft_ms"]
        assert took_ms < row["route_ms"], "the client did not wait for it"


async def test_shadow_says_what_routing_would_have_cost(road: OpenRoad) -> None:
    """Exactly what it cost, and a guess of the other; it switches as often as routing would."""
    async with road(more='mode = "shadow"') as way:
        for number in range(3):
            await way.send(turn(number), SESSION)
            rows = await way.served.rows(number + 1)
        for row in rows:
            alone = [row[f"requested_counterfactual{end}_usd"] for end in ("", "_low", "_high")]
            assert alone == [row["cost_usd"]] * 3
            assert row["routed_low_usd"] < row["routed_usd"] < row["routed_high_usd"]
            assert row["routed_usd"] < row["cost_usd"]
        assert [row["evidence"]["session"]["step"] for row in rows] == [1, 2, 3]
        assert (await way.served.api("GET", "/v1/pins"))["pins"] == []


async def test_c87_one_row_holds_it_all(road: OpenRoad) -> None:
    """Pinned and fresh decision, scores, the planner's numbers, kind, times, every attempt."""
    async with road() as way:
        await way.send(turn(0, stream=True), SESSION)
        await way.served.rows(1)
        way.other.faults.append(Fault("status", status=529, count=1))
        await way.send(turn(1, stream=True), SESSION)
        _, row = await way.served.rows(2)
    assert (row["reason"], row["fresh_model"], row["kind"]) == (
        "same_model",
        "minimax-m3",
        "tool_result",
    )
    assert {one["model"]: one["quality"] for one in row["candidates"]}["minimax-m3"] == 0.8
    assert row["evidence"]["session"]["stay"]["now"] > 0
    assert 0 < row["stay_usd"] == row["switch_usd"]
    assert 0 < row["ttft_ms"] <= row["total_ms"]
    assert [one["status"] for one in row["attempts"]] == [529, 200]
    refused = row["attempts"][0]
    assert (refused["cost_usd"], refused["usage"]["output"], row["tries"]) == (0, 0, 2)
    assert (row["attempts_usd"], row["estimated"]) == (0, 0)


async def test_an_answer_that_broke_is_paid_for(road: OpenRoad) -> None:
    """It cannot be read, so that the client's own request goes; the provider bills both."""
    async with road() as way:
        way.other.faults.append(Fault("html", status=200, count=1))
        status, _, _ = await way.send(message())
        assert status == 200
        (row,) = await way.served.rows()
    assert row["model"] == "claude-opus-4-7"
    broken = row["attempts"][0]
    assert (broken["status"], broken["usage"]) == (200, None)
    assert 0 < broken["cost_usd"] == row["attempts_usd"] < row["cost_usd"]
    assert row["estimated"] == 1


async def test_a_refusal_costs_nothing(road: OpenRoad) -> None:
    """Not unknown: no provider bills an error."""
    async with road('force = "anthropic/claude-opus-4-7"') as way:
        way.home.faults.append(Fault("status", status=400, count=9))
        status, _, _ = await way.send(message())
        assert status == 400
        (row,) = await way.served.rows()
    assert (row["cost_usd"], row["input_tokens"]) == (0, None)
