"""Requests of Anthropic clients for OpenAI's dialect. Cases of conformance carry their number."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from turnout.errors import UnsupportedError
from turnout.wire.anthropic import request as anthropic
from turnout.wire.openai_chat import request as chat
from turnout.wire.request import Target

GOLDEN = Path(__file__).parents[1] / "golden" / "requests"
PLAIN = Target(model="t")
ABLE = Target(model="t", documents=True, stop=9)
REASONER = Target(model="t", reasoning="effort", efforts=("low", "medium", "high"))
NO_PATTERN = Target(model="t", pattern_in_schema=False)
HELLO = {"role": "user", "content": "Hello"}
ADD = {"name": "add", "input_schema": {"type": "object", "properties": {}}}


def text(said: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": said} | more


def picture(data: str = "iVBO") -> dict[str, Any]:
    source = {"type": "base64", "media_type": "image/png", "data": data}
    return {"type": "image", "source": source}


def use(id: str, **input: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": "add", "input": input}


def result(id: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": content} | more


def to_chat(target: Target = PLAIN, **fields: Any) -> dict[str, Any]:
    body = {"model": "s", "max_tokens": 99, "messages": [HELLO]} | fields
    request = anthropic.read(json.dumps(body).encode(), "/v1/messages")
    sent: dict[str, Any] = json.loads(chat.write(request, target).body)
    return sent


def called(*ids: str) -> dict[str, Any]:
    function = {"name": "add", "arguments": "{}"}
    calls = [{"id": made, "type": "function", "function": function} for made in ids]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def loop(*results: Any) -> dict[str, Any]:
    calls = [use(block["tool_use_id"]) for block in results if block["type"] == "tool_result"]
    said = {"role": "assistant", "content": calls}
    return {"messages": [HELLO, said, {"role": "user", "content": list(results)}], "tools": [ADD]}


def a_tool(schema: dict[str, Any]) -> dict[str, Any]:
    return {"tools": [{"name": "add", "description": "Adds.", "input_schema": schema}]}


BILLING = text("x-anthropic-billing-header: cc_version=2.1.197.abc; cch=0f1e2;")
PATTERN = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^a"}}}
THINKS = {"type": "thinking", "thinking": "hm", "signature": ""}
ONE_AT_A_TIME = {"disable_parallel_tool_use": True}

# what an Anthropic client sends, to which target -> keys of the body in OpenAI's dialect
TO_CHAT: dict[str, tuple[dict[str, Any], Target, dict[str, Any]]] = {
    "c29 one system message without the billing line": (
        {"system": [BILLING, text("You are"), text("an agent."), text("Be brief.")]},
        PLAIN,
        {
            "messages": [
                {"role": "system", "content": "You are\nan agent.\nBe brief."},
                {"role": "user", "content": "Hello"},
            ]
        },
    ),
    "system messages stay in their place": (
        {"messages": [HELLO, {"role": "system", "content": "Be brief."}]},
        PLAIN,
        {"messages": [HELLO, {"role": "system", "content": "Be brief."}]},
    ),
    "c30 an image of a result follows in a user message": (
        loop(
            result("t1", [text("A cat:"), picture()]),
            result("t2", "3", is_error=True),
            text("Well?"),
        ),
        PLAIN,
        {
            "messages": [
                HELLO,
                called("t1", "t2"),
                {"role": "tool", "tool_call_id": "t1", "content": "A cat:"},
                {"role": "tool", "tool_call_id": "t2", "content": "[tool error] 3"},
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "image_url",
                            "image_url": {"url": "data:image/png;base64,iVBO"},
                        },
                        {"type": "text", "text": "Well?"},
                    ],
                },
            ]
        },
    ),
    "c31 auto": ({"tools": [ADD], "tool_choice": {"type": "auto"}}, PLAIN, {"tool_choice": "auto"}),
    "c31 any": (
        {"tools": [ADD], "tool_choice": {"type": "any"}},
        PLAIN,
        {"tool_choice": "required"},
    ),
    "c31 none": ({"tools": [ADD], "tool_choice": {"type": "none"}}, PLAIN, {"tool_choice": "none"}),
    "c31 a named tool": (
        {"tools": [ADD], "tool_choice": {"type": "tool", "name": "add"}},
        PLAIN,
        {"tool_choice": {"type": "function", "function": {"name": "add"}}},
    ),
    "c31 one call at a time": (
        {"tools": [ADD], "tool_choice": {"type": "auto"} | ONE_AT_A_TIME},
        PLAIN,
        {"tool_choice": "auto", "parallel_tool_calls": False},
    ),
    "no choice without tools": (
        {"tools": [], "tool_choice": {"type": "auto"}},
        PLAIN,
        {"tools": None, "tool_choice": None},
    ),
    "c33 the description names the pattern": (
        a_tool(PATTERN),
        NO_PATTERN,
        {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "add",
                        "description": "Adds.",
                        "parameters": {
                            "type": "object",
                            "properties": {"a": {"type": "string", "description": "(pattern: ^a)"}},
                        },
                    },
                }
            ]
        },
    ),
    "c34 stops": ({"stop_sequences": ["A", "B"]}, PLAIN, {"stop": ["A", "B"]}),
    "c37 adaptive: the model's own level": (
        {"thinking": {"type": "adaptive"}},
        REASONER,
        {"reasoning_effort": None},
    ),
    "c37 an effort": (
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}},
        REASONER,
        {"reasoning_effort": "high"},
    ),
    "c37 a budget": (
        {"thinking": {"type": "enabled", "budget_tokens": 16384}},
        REASONER,
        {"reasoning_effort": "medium"},
    ),
    "c37 nobody asked: off where it can be": (
        {},
        replace(REASONER, efforts=("none", "low")),
        {"reasoning_effort": "none"},
    ),
    "c37 nobody asked, always on": (
        {},
        replace(REASONER, reasoning_required=True),
        {"reasoning_effort": None},
    ),
    "c37 switched off, always on": (
        {"thinking": {"type": "disabled"}},
        replace(REASONER, reasoning_required=True),
        {"reasoning_effort": "low"},
    ),
    "c37 a model that does not reason": (
        {"thinking": {"type": "enabled", "budget_tokens": 4096}},
        PLAIN,
        {"reasoning_effort": None},
    ),
    "thinking of the history is left out": (
        {"messages": [HELLO, {"role": "assistant", "content": [THINKS, text("Hi")]}, HELLO]},
        PLAIN,
        {"messages": [HELLO, {"role": "assistant", "content": "Hi"}, HELLO]},
    ),
    "a family that wants its thoughts back": (
        {
            "messages": [
                HELLO,
                {"role": "assistant", "content": [THINKS, use("t1")]},
                {"role": "user", "content": [result("t1", "3")]},
            ],
            "tools": [ADD],
        },
        replace(PLAIN, replays_reasoning=True),
        {
            "messages": [
                HELLO,
                called("t1") | {"reasoning_content": "hm"},
                {"role": "tool", "tool_call_id": "t1", "content": "3"},
            ]
        },
    ),
    "c35 a PDF, target with documents": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "document",
                            "title": "a.pdf",
                            "source": {
                                "type": "base64",
                                "media_type": "application/pdf",
                                "data": "JVBE",
                            },
                        }
                    ],
                }
            ]
        },
        ABLE,
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "file",
                            "file": {
                                "filename": "a.pdf",
                                "file_data": "data:application/pdf;base64,JVBE",
                            },
                        }
                    ],
                }
            ]
        },
    ),
    "a limit by the model's own name, within its cap": (
        {"max_tokens": 64000},
        Target(model="t", max_output=4096, max_tokens_name="max_completion_tokens"),
        {"max_tokens": None, "max_completion_tokens": 4096},
    ),
    "usage of a stream is always asked for": (
        {"stream": True},
        PLAIN,
        {"stream": True, "stream_options": {"include_usage": True}},
    ),
    "the session, for its cache": (
        {"metadata": {"user_id": '{"device_id":"d","session_id":"s-1"}'}},
        replace(PLAIN, cache_key=True),
        {"prompt_cache_key": "s-1", "user": None},
    ),
    "the session, of older clients": (
        {"metadata": {"user_id": "user_1_account_2_session_01234567-89ab-cdef-0123-456789abcdef"}},
        replace(PLAIN, cache_key=True),
        {"prompt_cache_key": "01234567-89ab-cdef-0123-456789abcdef"},
    ),
    "who the user is stays here": (
        {"metadata": {"user_id": "ann"}},
        replace(PLAIN, cache_key=True),
        {"prompt_cache_key": None, "user": None},
    ),
    "a format": (
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "string"}}}},
        PLAIN,
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": {"type": "string"}, "strict": True},
            }
        },
    ),
    "a format that cannot be strict here": (
        {"output_config": {"format": {"type": "json_schema", "schema": PATTERN}}},
        PLAIN,
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": PATTERN, "strict": False},
            }
        },
    ),
    "system messages between results follow them": (
        {
            "messages": [
                HELLO,
                {"role": "assistant", "content": [use("t1"), use("t2")]},
                {"role": "user", "content": [result("t1", "1")]},
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [result("", "2")]},
            ],
            "tools": [ADD],
        },
        PLAIN,
        {
            "messages": [
                HELLO,
                called("t1", "t2"),
                {"role": "tool", "tool_call_id": "t1", "content": "1"},
                {"role": "tool", "tool_call_id": "t2", "content": "2"},
                {"role": "system", "content": "Be brief."},
            ]
        },
    ),
}


@pytest.mark.parametrize(("fields", "target", "means"), TO_CHAT.values(), ids=TO_CHAT)
def test_to_chat(fields: dict[str, Any], target: Target, means: dict[str, Any]) -> None:
    sent = to_chat(target, **fields)
    assert {name: sent.get(name) for name in means} == means


KINDS = {"$defs": {"n": {"type": "array", "items": {"$ref": "#/$defs/n"}}}}
NOT_TO_CHAT: dict[str, tuple[dict[str, Any], Target, str]] = {
    "c32 140 tools": ({"tools": [ADD] * 140}, replace(PLAIN, max_tools=128), "too_many_tools"),
    "c34 a model that takes no stop": ({"stop_sequences": ["A"]}, replace(PLAIN, stop=0), "stop"),
    "c35 a PDF": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "document",
                            "source": {"type": "url", "url": "https://example.com/a.pdf"},
                        }
                    ],
                }
            ]
        },
        PLAIN,
        "files",
    ),
    "c36 a server tool": (
        {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        PLAIN,
        "server_tools",
    ),
    "c37 thoughts that the history does not hold": (
        loop(result("t1", "3")),
        replace(PLAIN, replays_reasoning=True),
        "reasoning_replay",
    ),
    "c10 an image inside a result": (
        loop(result("t1", [picture()])),
        replace(PLAIN, images=False),
        "images",
    ),
    "top_k": ({"top_k": 5}, PLAIN, "sampling"),
    "a recursive schema": (
        a_tool({"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}}} | KINDS),
        replace(PLAIN, schema_refs=False),
        "recursive_schema",
    ),
    "a tool's name that is too long": ({"tools": [{**ADD, "name": "a" * 65}]}, PLAIN, "schema"),
    "a model without tools": ({"tools": [ADD]}, replace(PLAIN, tools=False), "tools"),
    "a model without formats": (
        {"output_config": {"format": {"type": "json_schema", "schema": {}}}},
        replace(PLAIN, structured=False),
        "structured_output",
    ),
    "a prefill": (
        {"messages": [HELLO, {"role": "assistant", "content": "It"}]},
        replace(PLAIN, prefill=False),
        "prefill",
    ),
}


@pytest.mark.parametrize(("fields", "target", "reason"), NOT_TO_CHAT.values(), ids=NOT_TO_CHAT)
def test_not_to_chat(fields: dict[str, Any], target: Target, reason: str) -> None:
    with pytest.raises(UnsupportedError) as e:
        to_chat(target, **fields)
    assert e.value.reason == reason
