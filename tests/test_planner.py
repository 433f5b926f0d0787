"""What the engine leaves alone, and whom it asks for what only one vendor has."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from road import artifacts
from turnout import config
from turnout.engine import Engine
from turnout.options import imagined
from turnout.session.pins import Observed
from turnout.store import Store
from turnout.trip import Plan, Untouched
from turnout.wire.request import DialectName

KEYS = {"OPENROUTER_API_KEY": "ours", "OPENAI_API_KEY": "ours", "ANTHROPIC_API_KEY": "ours"}
SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
BASH = {"name": "Bash", "input_schema": {"type": "object", "properties": {}}}
CLAUDE: dict[str, Any] = {
    "model": "claude-opus-4-7",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "Search for turnout."}],
}
HI = {"type": "message", "role": "user", "content": "Mend the parser."}
TRIGGER = {"type": "compaction_trigger"}
SUMMED = {"type": "compaction", "encrypted_content": "only OpenAI can read it"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    found = config.load([], environ=KEYS, values={"policy.deadline_ms": 10_000})
    store = Store.open(tmp_path / "turnout.db")
    made = artifacts.made(tmp_path / "artifacts")
    engine = Engine(found, store=store, environ=KEYS, artifacts=made)
    yield engine
    engine.close()


async def planned(
    engine: Engine, dialect: DialectName, path: str, body: dict[str, Any], force: str = ""
) -> Plan | Untouched:
    headers = {"x-turnout-model": force} if force else {}
    sent = json.dumps(body).encode()
    return await engine.plan(imagined(engine.config, sent, dialect, headers, path), dialect)


@pytest.mark.parametrize("force", ["", "anthropic/claude-haiku-4-5"], ids=["", "forced"])
async def test_c36_a_nested_search_goes_home(engine: Engine, force: str) -> None:
    """It is the vendor's own from end to end: whichever model the client wants for it, it gets."""
    body = CLAUDE | {"tools": [SEARCH]}
    plan = await planned(engine, "anthropic", "/v1/messages", body, force)
    assert isinstance(plan, Untouched)
    assert plan.decision.reason == "native_only"


async def test_c36_a_search_beside_other_tools_stays_with_its_vendor(engine: Engine) -> None:
    plan = await planned(engine, "anthropic", "/v1/messages", CLAUDE | {"tools": [SEARCH, BASH]})
    assert isinstance(plan, Plan)
    assert plan.decision.provider == "anthropic"


STRUCK = {
    "chosen": ("openrouter/minimax-m3", True),
    "what was asked for": ("anthropic/claude-opus-4-7", False),
}


@pytest.mark.parametrize(("binding", "goes"), STRUCK.values(), ids=STRUCK)
async def test_what_makes_malformed_calls_is_left_out(
    engine: Engine, binding: str, goes: bool
) -> None:
    """But never what the client asked for: nothing could stand in for that."""
    plan = await planned(engine, "anthropic", "/v1/messages", CLAUDE)
    assert isinstance(plan, Plan)
    assert (plan.decision.provider, plan.decision.model) == ("openrouter", "minimax-m3")
    one = (plan.decision.provider, plan.decision.model)
    for _ in range(2):
        engine.sessions.pins.observe(plan.pin, Observed(planned=one, overloaded=(binding,)))
    again = await planned(engine, "anthropic", "/v1/messages", CLAUDE)
    offered = {f"{c.provider}/{c.model}" for c in again.decision.candidates}
    assert (binding not in offered) == goes


async def compacted(engine: Engine, *items: dict[str, Any], force: str = "") -> Plan | Untouched:
    body = {"model": "gpt-5", "input": [*items, TRIGGER]}
    return await planned(engine, "openai_responses", "/v1/responses", body, force)


async def test_c65_openai_is_asked_in_its_own_way_where_it_may(engine: Engine) -> None:
    plan = await compacted(engine, HI)
    assert plan.decision.kind == "compaction"
    assert plan.decision.provider == "openai"


async def test_c65_another_is_asked_in_words(engine: Engine) -> None:
    plan = await compacted(engine, HI, force="openrouter/minimax-m3")
    assert isinstance(plan, Plan)
    assert (plan.decision.provider, plan.decision.reason) == ("openrouter", "forced")
    assert "compaction" in [change.what for change in plan.decision.changes]


async def test_c65_what_only_openai_can_read_goes_home(engine: Engine) -> None:
    plan = await compacted(engine, SUMMED, HI, force="openrouter/minimax-m3")
    assert isinstance(plan, Untouched)
    assert plan.decision.reason == "no_target"
