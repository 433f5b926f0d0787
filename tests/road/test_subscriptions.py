"""Plan tokens under `subscription = "route"`, by how much of the plan is used (conformance 81)."""

import json
from typing import Any

import pytest

from road.test_sessions import PLAN, turn
from road.world import OpenRoad, Road
from turnout.demo.provider import Fault

ROUTE = 'subscription = "route"'
OWN_KEY = "sk-ant-api03-turnouts-own"


def used(share: str, **rest: Any) -> Fault:
    """An answer that tells how much of the plan is used."""
    name = "anthropic-ratelimit-unified-5h-utilization"
    return Fault("headers", headers={name: share}, **rest)


async def begun(way: Road, share: str) -> None:
    """The first request of a plan goes home untouched; its answer tells the share."""
    way.home.faults = [used(share)]
    await way.send(turn(0), PLAN)
    await way.served.rows(1)


def crossed(way: Road) -> bool:
    """The plan's token was seen where it does not belong."""
    return "sk-ant-oat01" in repr([(s.path, s.headers, s.body) for s in way.other.seen])


async def test_c81_a_cold_start_passes_it_by_and_then_enough_is_left(road: OpenRoad) -> None:
    """c42: nothing is known, no bonus. Below 0.95 what was asked for is asked, at any price."""
    async with road(ROUTE) as way:
        await begun(way, "0.94")
        sent = turn(1)
        status, _, _ = await way.send(sent, PLAN)
        first, second = way.home.completions()
        assert (status, first.body, second.body) == (200, turn(0), sent)
        assert {one.header("authorization") for one in (first, second)} == {PLAN["authorization"]}
        cold, row = await way.served.rows(2)
        assert (cold["reason"], cold["cost_usd"]) == ("subscription_unknown", 0.0)
        assert (row["reason"], row["provider"]) == ("subscription", "anthropic")
        assert row["evidence"]["subscription"] == {"used": 0.94, "factor": 0.0}
        assert row["candidates"][0]["model"] == row["requested_model"]
        assert not way.other.completions()


async def test_c81_little_is_left(road: OpenRoad) -> None:
    """c56: at 0.99 a token of the plan is worth 80 % of its list price, and the row shows that."""
    async with road(ROUTE) as way:
        await begun(way, "0.99")
        _, _, headers = await way.send(turn(1), PLAN)
        assert headers["x-turnout-model"] == "openrouter/minimax-m3"
        row = (await way.served.rows(2))[1]
        assert row["evidence"]["subscription"]["factor"] == pytest.approx(0.8)
        plain = {**PLAN, "authorization": "Bearer nobody", "anthropic-beta": "none"}
        await way.send(turn(1), plain)
        listed = (await way.served.rows(3))[2]
        paid, full = (
            {(c["provider"], c["model"]): c["cost_usd"] for c in one["candidates"]}
            for one in (row, listed)
        )
        share = {"anthropic": 0.8, "openrouter": 1.0}
        told = [one for one in paid if one[1] != "minimax-m3" and full.get(one)]  # that one is warm
        assert {one[0] for one in told} == {*share}
        for one in told:
            assert paid[one] == pytest.approx(share[one[0]] * full[one])
        assert not crossed(way)


async def test_c81_refused_it_is_tried_with_a_key(road: OpenRoad) -> None:
    """turnout's own key of the same provider comes before another model."""
    async with road(ROUTE, env={"ANTHROPIC_API_KEY": OWN_KEY}) as way:
        await begun(way, "0.5")
        way.home.faults = [Fault("status", status=429)]
        sent = turn(1)
        status, _, _ = await way.send(sent, PLAN)
        assert status == 200
        _, refused, ours = way.home.completions()
        assert refused.header("authorization") == PLAN["authorization"]
        assert (ours.header("x-api-key"), ours.header("authorization")) == (OWN_KEY, None)
        assert "oauth" not in (ours.header("anthropic-beta") or "")
        assert json.loads(ours.body)["model"] == json.loads(sent)["model"]
        row = (await way.served.rows(2))[1]
        assert [one["status"] for one in row["attempts"]] == [429, 200]
        assert row["cost_usd"] > 0, "the key pays, not the plan"
        assert OWN_KEY not in repr(row)


async def test_c81_refused_it_goes_elsewhere(road: OpenRoad) -> None:
    """Without such a key another model at parity; and the next one is routed at once."""
    async with road(ROUTE) as way:
        await begun(way, "0.5")
        way.home.faults = [Fault("status", status=429)]
        status, _, headers = await way.send(turn(1), PLAN)
        assert (status, headers["x-turnout-model"]) == (200, "openrouter/minimax-m3")
        row = (await way.served.rows(2))[1]
        assert [one["status"] for one in row["attempts"]] == [429, 200]
        await way.send(turn(2), PLAN)
        row = (await way.served.rows(3))[2]
        assert row["evidence"]["subscription"]["used"] == 1.0
        assert len(way.home.completions()) == 2, "it is left in peace"
        assert not crossed(way)
