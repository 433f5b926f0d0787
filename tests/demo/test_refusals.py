"""What a strict simulator refuses, as the real provider would."""

from typing import Any

import aiohttp
import pytest

from demo.asking import A_HEADERS, BODIES, DIALECTS, PATHS, a_body, c_body, post
from turnout.demo.provider import SimProvider
from turnout.demo.speech import signature

USE = {"type": "tool_use", "id": "t1", "name": "Read", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "ok"}
CALL = {"id": "c1", "type": "function", "function": {"name": "Read", "arguments": "{}"}}
MARK = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}


def said(role: str, *blocks: Any) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}


def thought(by: str) -> dict[str, Any]:
    return said("assistant", {"type": "thinking", "thinking": "hm", "signature": by})


# id -> (dialect, body, a piece of the message; "" when it is taken)
CASES: dict[str, tuple[str, Any, str]] = {
    "a: a call and its result": (
        "anthropic",
        a_body(said("assistant", USE), said("user", RESULT)),
        "",
    ),
    "a: a call without a result": (
        "anthropic",
        a_body(said("assistant", USE), said("user", MARK)),
        "messages.2: `tool_use`",
    ),
    "a: a result without a call": ("anthropic", a_body(said("user", RESULT)), "`tool_result`"),
    "a: an unknown key": ("anthropic", a_body(n=2), "n: Extra inputs"),
    "a: no max_tokens": ("anthropic", a_body(max_tokens=None), "max_tokens"),
    "a: no messages": ("anthropic", a_body(messages=[]), "messages"),
    "a: four cache marks": ("anthropic", a_body(said("user", MARK, MARK, MARK, MARK)), ""),
    "a: five cache marks": (
        "anthropic",
        a_body(said("user", *[MARK] * 4), system=[MARK]),
        "maximum of 4",
    ),
    "a: signed thinking": ("anthropic", a_body(thought(signature("hm"))), ""),
    "a: unsigned thinking": ("anthropic", a_body(thought("")), "Invalid `signature`"),
    "a: stream is a text": ("anthropic", a_body(stream="yes"), "boolean"),
    "a: a list": ("anthropic", [], "not a JSON object"),
    "a: a message is a number": ("anthropic", a_body(3), "cannot be read"),
    "c: a call and its result": (
        "openai_chat",
        c_body(
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "ok"},
        ),
        "",
    ),
    "c: a call without a result": (
        "openai_chat",
        c_body(
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "user", "content": "and?"},
        ),
        "without a response: c1",
    ),
    "c: a result without a call": (
        "openai_chat",
        c_body({"role": "tool", "tool_call_id": "c1", "content": "ok"}),
        "answers no tool_call",
    ),
    "c: an unknown key": ("openai_chat", c_body(system="x"), "supplied: system"),
    "c: a choice without tools": ("openai_chat", c_body(tools=[], tool_choice="auto"), "tools"),
    "c: no messages": ("openai_chat", c_body(messages=None), "messages"),
}


@pytest.mark.parametrize(("dialect", "body", "message"), CASES.values(), ids=CASES)
async def test_strict(dialect: str, body: Any, message: str) -> None:
    async with SimProvider(dialect, strict=True) as sim:
        status, answer = await post(sim, body, dialect)
        assert status == (400 if message else 200)
        assert message in answer.get("error", {}).get("message", "")


async def test_lenient() -> None:
    async with SimProvider("anthropic", strict=False) as sim:
        assert (await post(sim, a_body(thought(""), n=2)))[0] == 200


async def ask(sim: SimProvider, path: str, headers: dict[str, str], body: Any) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as http:
        method = "GET" if body is None else "POST"
        async with http.request(method, sim.url + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json()


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_key_must_be_there(dialect: str) -> None:
    async with SimProvider(dialect) as sim:
        status, answer = await ask(sim, "/v1" + PATHS[dialect], {}, BODIES[dialect]())
        assert (status, "API key" in answer["error"]["message"]) == (401, True)


async def test_only_its_own_keys() -> None:
    async with SimProvider("openai_chat", keys=["sk-mine"]) as sim:
        for key, expected in (("sk-mine", 200), ("sk-other", 401)):
            headers = {"authorization": f"Bearer {key}"}
            got = await ask(sim, "/api/v1/chat/completions", headers, c_body())
            assert got[0] == expected


async def test_only_its_own_models_and_paths() -> None:
    async with SimProvider("anthropic", models=["claude-x"]) as sim:
        status, answer = await post(sim, a_body(model="claude-y"))
        assert (status, answer["error"]) == (
            404,
            {"type": "not_found_error", "message": "model: claude-y"},
        )
        status, answer = await ask(sim, "/v1/models", A_HEADERS, None)
        assert [model["id"] for model in answer["data"]] == ["claude-x"]
        assert (await ask(sim, "/api/event_logging", A_HEADERS, {}))[0] == 404
        assert (await ask(sim, "/v1/chat/completions", A_HEADERS, {}))[0] == 404
        assert len(sim.seen) == 4 and len(sim.completions()) == 1


async def test_count_tokens() -> None:
    async with SimProvider("anthropic") as sim:
        counted = await ask(sim, "/v1/messages/count_tokens?beta=true", A_HEADERS, a_body())
        _, answer = await post(sim, a_body())
        assert counted == (200, {"input_tokens": answer["usage"]["input_tokens"]})


async def test_the_version_header_must_be_there() -> None:
    async with SimProvider("anthropic") as sim:
        status, answer = await ask(sim, "/v1/messages", {"x-api-key": "k"}, a_body())
        assert (status, "anthropic-version" in answer["error"]["message"]) == (400, True)
