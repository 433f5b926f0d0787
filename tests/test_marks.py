"""Whose answers may bear the routing mark, and that nothing but people ever meets it (c88)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from road import artifacts
from turnout import config
from turnout.config.settings import Limit
from turnout.draft import Draft
from turnout.engine import Engine
from turnout.guard.limits import Limits
from turnout.options import imagined
from turnout.store import Store
from turnout.trip import Plan, Untouched
from turnout.wire.request import DialectName

KEYS = {"OPENROUTER_API_KEY": "ours", "OPENAI_API_KEY": "ours", "ANTHROPIC_API_KEY": "ours"}
PATHS: dict[DialectName, str] = {
    "anthropic": "/v1/messages",
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
}
MARK = "[turnout: openrouter/minimax-m3]\n\n"
TOOL = {"name": "Bash", "input_schema": {"type": "object", "properties": {}}}
FUNCTION = {"type": "function", "name": "shell", "parameters": {"type": "object"}}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    values = {"policy.deadline_ms": 10_000, "policy.mark": True}
    found = config.load([], environ=KEYS, values=values)
    store = Store.open(tmp_path / "turnout.db")
    made = artifacts.made(tmp_path / "artifacts")
    engine = Engine(found, store=store, environ=KEYS, artifacts=made)
    yield engine
    engine.close()


async def planned(
    engine: Engine,
    body: Mapping[str, Any],
    dialect: DialectName = "anthropic",
    headers: Mapping[str, str] = {},
) -> Plan | Untouched:
    sent = json.dumps(body).encode()
    arrival = imagined(engine.config, sent, dialect, headers, PATHS[dialect])
    return await engine.plan(arrival, dialect)


def claude(*texts: Any, **rest: Any) -> dict[str, Any]:
    roles = ("user", "assistant") * len(texts)
    turns = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
    return {"model": "claude-opus-4-7", "max_tokens": 64, "messages": turns} | rest


def chat(system: str, text: str = "Mend it.", **rest: Any) -> dict[str, Any]:
    turns = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return {"model": "gpt-5", "messages": turns} | rest


def codex(**rest: Any) -> dict[str, Any]:
    return {"model": "gpt-5", "input": "Hi"} | rest


CODE = {"user-agent": "claude-cli/2.1.0 (external, cli)"}
CODEX = {"originator": "codex_cli_rs", "session-id": "s", "thread-id": "s"}
AIDER = {"x-title": "Aider"}
TITLE = {"format": {"type": "json_schema", "schema": {"properties": {"title": {}}}}}
ASKED: dict[str, tuple[DialectName, dict[str, Any], dict[str, str], bool]] = {
    "an SDK": ("anthropic", claude("Hi"), {}, True),
    "Claude Code": ("anthropic", claude("Hi", tools=[TOOL]), CODE, True),
    "Claude Code, a page summed up": ("anthropic", claude("Sum up."), CODE, False),
    "its sub-agent": (
        "anthropic",
        claude("Hi", tools=[TOOL]),
        CODE | {"x-claude-code-agent-id": "a"},
        False,
    ),
    "a title": ("anthropic", claude("Hi", output_config=TITLE), {}, False),
    "a probe": ("anthropic", claude("Hi", max_tokens=1), {}, False),
    "a compaction": (
        "anthropic",
        claude("Your task is to create a detailed summary of the conversation so far"),
        {},
        False,
    ),
    "a forced tool": (
        "anthropic",
        claude("Hi", tools=[TOOL], tool_choice={"type": "tool", "name": "Bash"}),
        {},
        False,
    ),
    "codex": ("openai_responses", codex(tools=[FUNCTION]), CODEX, True),
    "codex, in another thread": (
        "openai_responses",
        codex(tools=[FUNCTION]),
        CODEX | {"thread-id": "t"},
        False,
    ),
    "codex, without tools": ("openai_responses", codex(), CODEX, False),
    "aider": ("openai_chat", chat("Act as an expert software developer."), AIDER, True),
    "aider's commit message": ("openai_chat", chat("You write commit messages."), AIDER, False),
    "JSON": ("openai_chat", chat("", response_format={"type": "json_object"}), {}, False),
    "told not to": ("anthropic", claude("Hi"), {"x-turnout-mark": "off"}, False),
}  # fmt: skip


@pytest.mark.parametrize("case", ASKED.values(), ids=[f"c88 {case}" for case in ASKED])
async def test_whose_answer_may_bear_it(
    engine: Engine, case: tuple[DialectName, dict[str, Any], dict[str, str], bool]
) -> None:
    """What a program makes something else of (a commit, a title) has none."""
    dialect, body, headers, there = case
    plan = await planned(engine, body, dialect, headers)
    assert isinstance(plan, Plan), plan.decision
    assert (plan.marking is not None) == there


async def test_c88_nothing_but_people_meets_it(engine: Engine) -> None:
    """Embedded words, the session's name, evidence and the price of the prompt are the same."""
    with_mark = claude("Hi", MARK + "Yes.", f"You said: {MARK}Yes. Why?")
    without = claude("Hi", "Yes.", "You said: Yes. Why?")
    seen = []
    for body in (with_mark, without):
        arrival = imagined(
            engine.config, json.dumps(body).encode(), "anthropic", {}, "/v1/messages"
        )
        draft = Draft(arrival, "anthropic", lambda: 1.0)
        await engine.planner.plan(draft)
        seen.append((draft.words, draft.who, draft.ask, draft.known, draft.body, draft.place))
    assert seen[0] == seen[1]
    assert "turnout" not in repr(seen)


async def test_c88_the_clients_own_model_reads_it_no_more(engine: Engine) -> None:
    """What was cleaned is no request as it came; where nothing was, it is."""
    mine = {"x-turnout-model": "anthropic/claude-opus-4-7", "x-api-key": "sk-ant-api03-mine"}
    for text, changed in ((MARK + "Yes.", True), ("Yes.", False)):
        body = claude("Hi", text, "Why?")
        arrival = imagined(
            engine.config, json.dumps(body).encode(), "anthropic", mine, "/v1/messages"
        )
        plan = await engine.plan(arrival, "anthropic")
        assert isinstance(plan, Plan), plan.decision
        first = next(plan.attempts)
        assert first.model == "claude-opus-4-7"
        assert b"turnout" not in first.body
        assert [change.what for change in first.changes] == ["messages"] * changed
        assert plan.home.body == arrival.raw


async def test_c88_off_reads_nothing(engine: Engine) -> None:
    engine.config = replace(engine.config, policy=replace(engine.config.policy, mark=False))
    plan = await planned(engine, claude("Hi", MARK + "Yes.", "Why?"))
    assert isinstance(plan, Plan), plan.decision
    assert plan.marking is None
    assert MARK.strip().encode() in plan.body
    assert "messages" not in [change.what for change in plan.decision.changes]


async def test_c88_a_mark_lifts_no_limit(engine: Engine) -> None:
    """A history that cannot be cleaned goes home, but it counts like any other."""
    engine.limits = Limits((Limit(requests_per_minute=1),), engine.tenants.line, lambda: 1.0)
    body = claude("Hi", [{"type": "thinking", "thinking": MARK, "signature": "x"}], "Why?")
    first, second = await planned(engine, body), await planned(engine, body)
    assert (first.decision.reason, second.decision.reason) == ("marked_history", "limit")
    wrong = await planned(engine, claude("Hi"), headers={"x-turnout-mark": "maybe"})
    assert wrong.decision.reason == "limit"
