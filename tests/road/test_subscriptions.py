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


class Client:
    """One with a plan of its own; its first request tells how much of that is used."""

    count = 0  # of all requests, by all of them

    def __init__(self, way: Road, name: str) -> None:
        self.way, self.token = way, f"Bearer sk-ant-oat01-{name}"
        self.headers = PLAN | {"authorization": self.token, "x-claude-code-session-id": name}

    async def send(self, number: int, **headers: str) -> tuple[int, str, dict[str, Any]]:
        """-> status, who served it, its row"""
        status, _, told = await self.way.send(turn(number), self.headers | headers)
        Client.count += 1
        row = (await self.way.served.rows(Client.count))[-1]
        return status, told.get("x-turnout-model", ""), row

    async def begin(self, share: str) -> dict[str, Any]:
        self.way.home.faults = [used(share)]
        return (await self.send(0))[2]

    def at_home(self) -> list[Any]:
        """Its requests that arrived there with its token."""
        seen = self.way.home.completions()
        return [one for one in seen if one.header("authorization") == self.token]

    def crossed(self) -> bool:
        """The plan's token was seen where it does not belong."""
        seen = [(s.path, s.headers, s.body) for s in self.way.other.seen]
        return "sk-ant-oat01" in repr(seen)


@pytest.fixture(autouse=True)
def _from_the_start() -> None:
    Client.count = 0


async def test_c81_by_how_much_of_a_plan_is_left(road: OpenRoad) -> None:
    async with road(ROUTE) as way:
        await enough(Client(way, "enough"))
        await little(Client(way, "little"))
        await refused(Client(way, "refused"))


async def enough(client: Client) -> None:
    """c42: nothing is known, no bonus. Below 0.95 what was asked for is asked, at any price."""
    cold = await client.begin("0.94")
    assert (cold["reason"], cold["cost_usd"]) == ("subscription_unknown", 0.0)
    status, _, row = await client.send(1)
    assert (status, [one.body for one in client.at_home()]) == (200, [turn(0), turn(1)])
    assert (row["reason"], row["provider"]) == ("subscription", "anthropic")
    assert row["evidence"]["subscription"] == {"used": 0.94, "factor": 0.0}
    assert row["candidates"][0]["model"] == row["requested_model"]
    assert not client.way.other.completions()


async def little(client: Client) -> None:
    """c56: at 0.99 a token of the plan is worth 80 % of its list price, and the row shows that."""
    await client.begin("0.99")
    _, served, row = await client.send(1)
    assert served == "openrouter/minimax-m3"
    assert row["evidence"]["subscription"]["factor"] == pytest.approx(0.8)
    plain = {"authorization": "Bearer nobody", "anthropic-beta": "none"}
    _, _, listed = await client.send(1, **plain)
    paid, full = (
        {(c["provider"], c["model"]): c["cost_usd"] for c in one["candidates"]}
        for one in (row, listed)
    )
    share = {"anthropic": 0.8, "openrouter": 1.0}
    told = [one for one in paid if one[1] != "minimax-m3" and full.get(one)]  # that one is warm
    assert {one[0] for one in told} == {*share}
    for one in told:
        assert paid[one] == pytest.approx(share[one[0]] * full[one])
    assert not client.crossed()


async def refused(client: Client) -> None:
    """Without a key another model at parity; and the next one is routed at once."""
    await client.begin("0.5")
    client.way.home.faults = [Fault("status", status=429)]
    status, served, row = await client.send(1)
    assert (status, served) == (200, "openrouter/minimax-m3")
    assert [one["status"] for one in row["attempts"]] == [429, 200]
    _, _, row = await client.send(2)
    assert row["evidence"]["subscription"]["used"] == 1.0
    assert len(client.at_home()) == 2, "it is left in peace"
    assert not client.crossed()


async def test_c81_refused_it_is_tried_with_a_key(road: OpenRoad) -> None:
    """turnout's own key of the same provider comes before another model."""
    async with road(ROUTE, env={"ANTHROPIC_API_KEY": OWN_KEY}) as way:
        client = Client(way, "mine")
        await client.begin("0.5")
        way.home.faults = [Fault("status", status=429)]
        status, _, row = await client.send(1)
        assert status == 200
        _, refused, ours = way.home.completions()
        assert refused.header("authorization") == client.token
        assert (ours.header("x-api-key"), ours.header("authorization")) == (OWN_KEY, None)
        assert "oauth" not in (ours.header("anthropic-beta") or "")
        assert json.loads(ours.body)["model"] == row["requested_model"]
        assert [one["status"] for one in row["attempts"]] == [429, 200]
        assert row["cost_usd"] > 0, "the key pays, not the plan"
        assert OWN_KEY not in repr(row)
