"""Attempts with breakers, watchdogs and hedges, against simulated providers on real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from road.test_upstream import attempt
from turnout.config.settings import Hedge
from turnout.demo.provider import Fault, Latency, SimProvider
from turnout.health.health import Health
from turnout.health.pace import ENOUGH
from turnout.record import Decision, Tried
from turnout.relay import tries
from turnout.relay.upstream import Answer, NoAnswerError, Upstream
from turnout.route.model import Price
from turnout.stages import Stages
from turnout.trip import Arrival, Plan
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import Ask, Request

PRICE = Price(input=Decimal(1), output=Decimal(2))
ASK = Ask(dialect="anthropic", model="m", stream=True, input_tokens=1000)
EAGER = Hedge(enabled=True, budget_share=1.0)


def request() -> Request:
    raise AssertionError("nothing is translated here")


def plan(**rest: Any) -> Plan:
    url = "http://x.example/v1/messages"
    home = attempt("http://x.example", untouched=True, clients_key=True)
    facts: dict[str, Any] = {
        "decision": Decision(id="i", at=0.0),
        "arrival": Arrival(method="POST", url=url, path="/v1/messages", headers=(), raw=b""),
        "ask": ASK,
        "dialect": DIALECTS["anthropic"],
        "body": b"",
        "attempts": iter(()),
        "home": home,
        "request": request,
        "requested_price": PRICE,
    }
    return Plan(**facts | rest)


@dataclass
class World:
    client: Upstream
    health: Health
    slow: SimProvider
    fast: SimProvider

    async def first(self, *names: str, **rest: Any) -> Answer:
        sims = {"slow": self.slow, "fast": self.fast}
        ours = [attempt(sims[name].url, name, body=STREAM, price=PRICE) for name in names]
        return await self.client.first(ours, stream=True, plan=plan(**rest))

    def known(self, provider: str, seconds: float, count: int = ENOUGH) -> None:
        for _ in range(count):
            self.health.pace.saw(f"{provider}/m", seconds)


STREAM = b'{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}'


@asynccontextmanager
async def world(hedge: Hedge | None = None) -> AsyncIterator[World]:
    health = Health(hedge)
    client = Upstream(stages=Stages(), health=health)
    slow = SimProvider("anthropic", strict=False, latency={"*": Latency(30.0)})
    fast = SimProvider("anthropic", strict=False)
    try:
        async with slow, fast:
            yield World(client, health, slow, fast)
    finally:
        await client.close()


async def body(answer: Answer) -> bytes:
    return b"".join([piece async for piece in answer.body])


# -- breakers and watchdogs of the beginning


async def test_a_provider_that_is_busy_is_left_alone_by_the_next_request() -> None:
    async with world() as way:
        way.slow.faults.append(Fault("status", status=429, headers={"retry-after": "30"}))
        for _ in range(2):
            (await way.first("slow", "fast")).close()
        assert (len(way.slow.seen), len(way.fast.seen)) == (1, 2)


async def test_what_a_breaker_holds_back_goes_when_there_is_nothing_else() -> None:
    async with world() as way:
        way.fast.faults.append(Fault("status", status=529))
        with pytest.raises(NoAnswerError):
            await way.first("fast")
        assert (await way.first("fast")).status == 200
        assert len(way.fast.seen) == 2


async def test_our_own_fault_is_not_the_providers() -> None:
    async with world() as way:

        def broken() -> None:
            raise RuntimeError("ours")

        way.client._stages.faults["connect"] = broken
        for _ in range(5):
            with pytest.raises(NoAnswerError):
                await way.first("fast")
        assert list(way.health.breakers.items()) == []


async def test_headers_without_an_event_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "FIRST_TIMEOUT", 0.05)
    async with world() as way:
        way.fast.faults.append(Fault("stall", events=0))
        answer = await way.first("fast", "fast")
        first, second = answer.tried
        assert "no event within" in first.error
        assert second.error == ""
        answer.close()


async def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """After it no other attempt of ours is begun: the client's own request goes."""
    monkeypatch.setattr(tries, "PATIENCE", 0.0)
    async with world() as way:
        way.fast.faults.append(Fault("status", status=500))
        ours = [attempt(way.fast.url, str(i), body=STREAM) for i in range(3)]
        home = attempt(way.fast.url, "home", body=STREAM, untouched=True, clients_key=True)
        answer = await way.client.first([*ours, home], stream=True)
        assert [one.provider for one in answer.tried] == ["0", "home"]
        answer.close()


# -- hedges


async def test_c90_the_first_answer_wins_and_the_loser_is_called_off() -> None:
    async with world(EAGER) as way:
        way.known("slow", 0.02)
        answer = await way.first("slow", "fast")
        loser, winner = answer.tried
        assert (winner.provider, winner.hedge, winner.status) == ("fast", True, 200)
        assert (loser.provider, loser.hedge, loser.status) == ("slow", False, None)
        assert loser.error
        assert b"message_stop" in await body(answer)
        assert await way.slow.seen[0].sent.ended() == "gone"


async def test_a_loser_that_had_begun_tells_what_it_used() -> None:
    """Its input is billed: message_start says how much."""
    async with world() as way:
        plain = await way.first("fast")
        record = tries.Try(plain.attempt, way.health)
        record.answer = plain
        told: Tried = record.record("lost")
        assert told.usage and told.usage.fresh_input > 0
        plain.close()


async def test_a_hedge_that_fails_leaves_the_first_to_answer() -> None:
    async with world(EAGER) as way:
        way.known("slow", 0.02)
        way.slow._desk.latency = {"*": Latency(0.3)}
        way.fast.faults.append(Fault("status", status=500))
        answer = await way.first("slow", "fast")
        assert [(one.provider, one.status) for one in answer.tried] == [
            ("fast", 500),
            ("slow", 200),
        ]
        answer.close()


DOLLAR_CAP = Hedge(enabled=True, budget_share=1.0, usd_per_day=Decimal("0.000001"))
NO_SHARE = Hedge(enabled=True, budget_share=0.0)
# why nothing is hedged: the settings, the plan, samples
NEVER: dict[str, tuple[Hedge, dict[str, Any], int]] = {
    "off": (Hedge(), {}, ENOUGH),
    "a subscription pays": (EAGER, {"plan_token": True}, ENOUGH),
    "a person named the model": (EAGER, {"forced": True}, ENOUGH),
    "too little is known of its pace": (EAGER, {}, ENOUGH - 1),
    "it costs too much": (DOLLAR_CAP, {}, ENOUGH),
    "no share": (NO_SHARE, {}, ENOUGH),
}


@pytest.mark.parametrize(("hedge", "rest", "samples"), NEVER.values(), ids=NEVER)
async def test_no_hedge(hedge: Hedge, rest: dict[str, Any], samples: int) -> None:
    async with world(hedge) as way:
        way.slow._desk.latency = {"*": Latency(0.15)}
        way.known("slow", 0.02, samples)
        answer = await way.first("slow", "fast", **rest)
        assert [one.provider for one in answer.tried] == ["slow"]
        assert way.fast.seen == []
        answer.close()


async def test_a_price_nobody_knows_is_not_hedged() -> None:
    async with world(EAGER) as way:
        way.known("slow", 0.02)
        way.slow._desk.latency = {"*": Latency(0.15)}
        ours = [attempt(sim.url, name, body=STREAM) for sim, name in
                ((way.slow, "slow"), (way.fast, "fast"))]  # fmt: skip
        (await way.client.first(ours, stream=True, plan=plan())).close()
        assert way.fast.seen == []


async def test_the_share_is_kept() -> None:
    """Of a hundred requests at one in fifty, two."""
    async with world(Hedge(enabled=True, budget_share=0.02)) as way:
        hedging = way.health.hedging
        ours = attempt("http://x.example", price=PRICE)
        allowed = []
        for _ in range(100):
            hedging.asked()
            allowed.append(hedging.spend(plan(), ours))
        assert sum(allowed) == 2


# -- the client leaves


async def test_c5_everything_is_called_off() -> None:
    """Both attempts of a hedged request: no task and no connection is left.

    How long that takes, scripts/chaos measures: a busy machine would make a limit here a gamble.
    """
    async with world(EAGER) as way:
        way.known("slow", 0.02)
        before = asyncio.all_tasks()
        tried: list[Tried] = []
        ours = [attempt(way.slow.url, name, body=STREAM, price=PRICE) for name in ("slow", "other")]
        asked = asyncio.create_task(way.client.first(ours, stream=True, plan=plan(), tried=tried))
        while len(way.slow.seen) < 2:  # noqa: ASYNC110  the other end of the wire makes it happen
            await asyncio.sleep(0.01)
        asked.cancel()
        await asyncio.wait([asked])
        assert [await seen.sent.ended() for seen in way.slow.seen] == ["gone", "gone"]
        assert {task for task in asyncio.all_tasks() - before if "_try" in repr(task)} == set()
        assert [one.hedge for one in tried] == [False, True]
        assert list(way.health.breakers.items()) == [], "no strike against the model"
