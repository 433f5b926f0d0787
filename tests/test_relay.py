"""The relay in this process: its tokens, and a whole answer that is none."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from road import artifacts
from road.world import message
from turnout import config
from turnout.account import Meter
from turnout.demo.provider import SimProvider
from turnout.engine import Engine
from turnout.errors import TurnoutError
from turnout.relay import DISPATCH, PLAN_HEADER, Relay, back
from turnout.relay.upstream import Answer
from turnout.store import Store
from turnout.trip import Arrival, Plan
from turnout.wire.dialect import Hints
from turnout.wire.dialects import DIALECTS
from turnout.wire.tools import Repair

FORCED = {"policy.force": "openrouter/minimax-m3", "policy.deadline_ms": 10_000}
KEYS = {"OPENROUTER_API_KEY": "ours"}


@pytest.fixture
async def relay(
    tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Relay, Engine, SimProvider]]:
    """`indirect`: more of the policy."""
    policy = getattr(request, "param", {})
    async with (
        SimProvider("openai_chat", strict=False) as sim,
        opened(tmp_path, sim, policy) as engine,
    ):
        relay = Relay(engine)
        await relay.start()
        yield relay, engine, sim
        await relay.close()


@asynccontextmanager
async def opened(
    folder: Path, sim: SimProvider, policy: Mapping[str, str]
) -> AsyncIterator[Engine]:
    file = folder / "turnout.toml"
    file.write_text(f'[providers.openrouter]\nbase_url = "{sim.base_url}"\n')
    found = config.load([file], environ=KEYS, values=FORCED | dict(policy))
    store = Store.open(folder / "turnout.db")
    engine = Engine(
        found, store=store, environ=KEYS, artifacts=artifacts.made(folder / "artifacts")
    )
    yield engine
    engine.close()


async def planned(engine: Engine) -> Plan:
    url = "https://api.anthropic.com/v1/messages"
    headers = (("x-api-key", "sk-ant-api03-x"),)
    arrival = Arrival(
        method="POST",
        url=url,
        path="/v1/messages",
        headers=headers,
        raw=message(),
        home="anthropic",
    )
    plan = await engine.plan(arrival, "anthropic")
    assert isinstance(plan, Plan)
    return plan


async def test_a_plans_token_is_good_once(relay: tuple[Relay, Engine, SimProvider]) -> None:
    there, engine, sim = relay
    token = there.expect(await planned(engine))
    url = f"http://127.0.0.1:{there.port}{DISPATCH}"
    async with aiohttp.ClientSession() as session:
        for status in (200, 404):
            async with session.post(url, headers={PLAN_HEADER: token}) as answer:
                assert answer.status == status
                await answer.read()
    assert len(sim.completions()) == 1


async def test_c9_a_whole_answer_that_failed_is_none(
    relay: tuple[Relay, Engine, SimProvider],
) -> None:
    """A 200 whose body reports an error: it is raised, so that the request can go home."""
    _, engine, _ = relay
    plan = await planned(engine)
    attempt = replace(next(iter(plan.attempts)), dialect=DIALECTS["gemini"])
    body = b'{"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]}'
    answer = Answer(attempt, 200, (), pieces(body), lambda: None)
    hints = Hints(id="a", model="m")
    came = back.translated(answer, plan, Meter(lambda: 0.0), hints, Repair({}, lambda _: None))
    with pytest.raises(TurnoutError):
        await anext(came)


async def pieces(*body: bytes) -> AsyncIterator[bytes]:
    for piece in body:
        yield piece


@pytest.mark.parametrize(
    ("relay", "named"),
    [({}, "minimax-m3"), ({"policy.answer_model": "requested"}, "claude-opus-4-7")],
    indirect=["relay"],
    ids=["served", "requested"],
)
async def test_whose_name_an_answer_bears(
    relay: tuple[Relay, Engine, SimProvider], named: str
) -> None:
    """The catalogue's, not its alias there; or the one that was asked for."""
    there, engine, _ = relay
    token = there.expect(await planned(engine))
    url = f"http://127.0.0.1:{there.port}{DISPATCH}"
    headers = {PLAN_HEADER: token}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, headers=headers) as answer,
    ):
        assert json.loads(await answer.read())["model"] == named
