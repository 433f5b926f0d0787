"""c12 through clients of every dialect: what only an answer's maker can read comes back to it, byte
for byte, where the client's dialect can carry it; and reaches nobody else, in no disguise.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from turnout.wire.dialect import Hints
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import DialectName, Target

type Json = dict[str, Any]

MADE = {  # by whom in each dialect, and what of it only that model reads
    "anthropic": ("claude-b", ("U0lHTkVE", "SElEREVO")),
    "openai_chat": ("deepseek-v4", ()),
    "openai_responses": ("gpt-5", ("gAAASECRET",)),
    "gemini": ("gemini-3-b", ("U0lHTkVECALL",)),
}
SIGNED_TEXT = "U0lHTkVEVEVYVA"
SAID: dict[str, Json] = {
    "anthropic": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-b",
        "content": [
            {"type": "thinking", "thinking": "so", "signature": "U0lHTkVE"},
            {"type": "redacted_thinking", "data": "SElEREVO"},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 1},
    },
    "openai_chat": {
        "id": "c", "object": "chat.completion", "model": "deepseek-v4",
        "choices": [{
            "index": 0, "finish_reason": "tool_calls",
            "message": {
                "role": "assistant", "content": "I look.", "reasoning_content": "so",
                "tool_calls": [{"id": "call_1", "type": "function",
                                "function": {"name": "f", "arguments": '{"a":1}'}}],
            },
        }],
    },
    "openai_responses": {
        "id": "resp_1", "object": "response", "status": "completed", "model": "gpt-5",
        "output": [
            {"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAASECRET",
             "summary": [{"type": "summary_text", "text": "so"}]},
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f",
             "arguments": '{"a":1}', "status": "completed"},
        ],
    },
    "gemini": {
        "responseId": "r", "modelVersion": "gemini-3-b",
        "candidates": [{"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [
            {"text": "I look.", "thoughtSignature": SIGNED_TEXT},
            {"functionCall": {"name": "f", "args": {"a": 1}, "id": "fn1"},
             "thoughtSignature": "U0lHTkVECALL"},
        ]}}],
    },
}  # fmt: skip
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def anthropic(message: Json | None) -> Json:
    ran: list[Json] = []
    if message:
        ids = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        results = [{"type": "tool_result", "tool_use_id": one, "content": "ok"} for one in ids]
        said = {"role": "assistant", "content": message["content"]}
        ran = [said, {"role": "user", "content": results}]
    tools = [{"name": "f", "input_schema": SCHEMA}]
    asked = [{"role": "user", "content": "hi"}, *ran]
    return {"model": "claude-a", "max_tokens": 9999, "messages": asked, "tools": tools}


def chat(message: Json | None) -> Json:
    ran: list[Json] = []
    if message:
        said = message["choices"][0]["message"]
        ids = [call["id"] for call in said["tool_calls"]]
        ran = [said, *({"role": "tool", "tool_call_id": one, "content": "ok"} for one in ids)]
    tools = [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}]
    return {"model": "gpt-a", "messages": [{"role": "user", "content": "hi"}, *ran], "tools": tools}


def responses(message: Json | None) -> Json:
    ran: list[Json] = []
    if message:
        out = message["output"]
        ids = [item["call_id"] for item in out if item["type"] == "function_call"]
        ok = ({"type": "function_call_output", "call_id": one, "output": "ok"} for one in ids)
        ran = [*out, *ok]
    tools = [{"type": "function", "name": "f", "parameters": SCHEMA}]
    asked = [{"type": "message", "role": "user", "content": "hi"}, *ran]
    return {"model": "gpt-5.5", "input": asked, "tools": tools, "store": False}


def gemini(message: Json | None) -> Json:
    ran: list[Json] = []
    if message:
        said = message["candidates"][0]["content"]
        calls = [part["functionCall"] for part in said["parts"] if "functionCall" in part]
        ok = [
            {"functionResponse": {"id": call["id"], "name": call["name"], "response": {}}}
            for call in calls
        ]
        ran = [said, {"role": "user", "parts": ok}]
    tools = [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": SCHEMA}]}]
    return {"contents": [{"role": "user", "parts": [{"text": "hi"}]}, *ran], "tools": tools}


CLIENTS: dict[DialectName, tuple[Callable[[Json | None], Json], str, str]] = {
    "anthropic": (anthropic, "/v1/messages", "claude-a"),
    "openai_chat": (chat, "/v1/chat/completions", "gpt-a"),
    "openai_responses": (responses, "/v1/responses", "gpt-5.5"),
    "gemini": (gemini, "/v1beta/models/gemini-3-a:generateContent", "gemini-3-a"),
}


def brought(maker: DialectName, client: DialectName) -> bytes:
    """What the client sends after an answer that `maker`'s dialect gave."""
    body, path, asked = CLIENTS[client]
    answer = json.dumps(SAID[maker]).encode()
    if maker != client:
        request = DIALECTS[client].read_request(json.dumps(body(None)).encode(), path)
        hints = Hints(id="x", model=MADE[maker][0], asked=asked, request=request)
        answer = DIALECTS[client].write_answer(DIALECTS[maker].read_answer(answer), hints)
    return json.dumps(body(json.loads(answer))).encode()


def sent(client: DialectName, body: bytes, to: DialectName, target: Target) -> str:
    dialect = DIALECTS[client]
    if to == client:
        return dialect.splice(body, target).body.decode()
    request = dialect.read_request(body, CLIENTS[client][1])
    return DIALECTS[to].write_request(request, target).body.decode()


NAMES = tuple(DIALECTS)
PAIRS = [(maker, client) for maker in NAMES for client in NAMES]
THINKS: Json = {"reasoning": "effort", "efforts": ("low", "medium", "high")}


@pytest.mark.parametrize("to", NAMES)
@pytest.mark.parametrize(("maker", "client"), PAIRS)
@pytest.mark.parametrize("asked", [True, False])
def test_c12_it_reaches_nobody_else(
    maker: DialectName, client: DialectName, to: DialectName, asked: bool
) -> None:
    """Not a model of the same name at another provider either."""
    model = MADE[to][0]
    told = sent(
        client,
        brought(maker, client),
        to,
        Target(model=model, asked=asked, minted=lambda _: False, **THINKS),
    )
    assert not [secret for secret in (*MADE[maker][1], SIGNED_TEXT) if secret in told]
    assert "turnout_" not in told, "nor in an envelope"
    assert "I look." in told or maker == "openai_responses"


# clients whose dialect carries nothing of this maker's reasoning back
LOST = {("anthropic", "openai_chat"), ("anthropic", "gemini"), ("openai_responses", "openai_chat"),
        ("openai_responses", "gemini")}  # fmt: skip


@pytest.mark.parametrize(("maker", "client"), [p for p in PAIRS if p[0] != "openai_chat"])
def test_c12_it_comes_back_to_its_maker(maker: DialectName, client: DialectName) -> None:
    model, secrets = MADE[maker]
    told = sent(
        client,
        brought(maker, client),
        maker,
        Target(model=model, asked=False, minted=lambda _: True, **THINKS),
    )
    assert "turnout_" not in told
    for secret in secrets:
        assert (f'"{secret}"' in told) is ((maker, client) not in LOST)
