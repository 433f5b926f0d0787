"""OpenAI Responses: what routing is told of a body."""

import json
from typing import Any

import pytest

from turnout.errors import WireError
from turnout.session.kind import kind
from turnout.wire.openai_responses.peek import peek
from turnout.wire.request import Ask

ADD = {"type": "function", "name": "add", "parameters": {}}
AGENTS = {"type": "namespace", "name": "agents", "tools": [ADD, {"type": "custom", "name": "x"}]}
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64," + "iVBO" * 5000}
FILE = {"type": "input_file", "filename": "a.pdf", "file_data": "JVBE" * 5000}
ENVIRONMENT = "<environment_context>\n<cwd>/a</cwd>\n</environment_context>"
TRIGGER = {"type": "compaction_trigger"}


def said(role: str, *texts: Any) -> dict[str, Any]:
    parts = [{"type": "input_text", "text": t} if isinstance(t, str) else t for t in texts]
    return {"type": "message", "role": role, "content": parts}


CALL = {"type": "function_call", "call_id": "c1", "name": "add", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "3"}


def ask(*items: Any, **more: Any) -> Ask:
    body = {"model": "gpt-5", "input": list(items)} | more
    return peek(json.dumps(body).encode(), "/v1/responses")


FACTS: dict[str, tuple[Ask, dict[str, Any]]] = {
    "the plain facts": (
        ask(said("user", "hello"), stream=True, max_output_tokens=9, store=False),
        {
            "dialect": "openai_responses",
            "model": "gpt-5",
            "stream": True,
            "max_tokens": 9,
            "messages": 1,
            "humans": ("hello",),
            "first_human": "hello",
            "system": "",
            "tools": (),
            "structured": False,
            "server_tools": False,
            "forced_tool": False,
            "effort": None,
            "session_hint": "",
            "compaction": False,
            "last_is_tool_result": False,
        },
    ),
    "a string": (
        peek(b'{"model":"m","input":"hello","instructions":"You are"}', "/"),
        {"humans": ("hello",), "first_human": "hello", "messages": 1, "system": "You are"},
    ),
    "the latest human first, without what the client injects": (
        ask(
            {"role": "user", "content": ENVIRONMENT},
            said("user", ENVIRONMENT, "one"),
            said("assistant", "a"),
            {"role": "user", "content": "two"},
        ),
        {"humans": ("two", "one"), "first_human": "one"},
    ),
    "instructions and developers": (
        ask(said("developer", "an agent."), said("user", "x"), instructions="You are"),
        {"system": "You are\nan agent."},
    ),
    "tools wherever they stand": (
        ask({"type": "additional_tools", "tools": [AGENTS]}, said("user", "x"), tools=[ADD]),
        {"tools": ("add", "agents__add", "agents__x"), "server_tools": False},
    ),
    "a tool that OpenAI runs": (
        ask(said("user", "x"), tools=[ADD, {"type": "file_search"}]),
        {"tools": ("add",), "server_tools": True},
    ),
    "a search that OpenAI offers beside others": (
        ask(said("user", "x"), tools=[ADD, {"type": "web_search"}]),
        {"tools": ("add",), "server_tools": False},
    ),
    "a search and nothing else": (
        ask(said("user", "x"), tools=[{"type": "web_search"}]),
        {"tools": (), "server_tools": True},
    ),
    "what OpenAI keeps": (
        ask(said("user", "x"), previous_response_id="resp_1"),
        {"server_tools": True},
    ),
    "in the background": (ask(said("user", "x"), background=True), {"server_tools": True}),
    "an item that only it can read": (
        ask({"type": "item_reference", "id": "a"}),
        {"server_tools": True, "humans": ()},
    ),
    "nulls": (
        ask(said("user", "x"), previous_response_id=None, conversation=None, tool_choice=None),
        {"server_tools": False, "forced_tool": False},
    ),
    "a forced tool": (
        ask(said("user", "x"), tools=[ADD], tool_choice={"type": "function", "name": "add"}),
        {"forced_tool": True},
    ),
    "a required one": (ask(said("user", "x"), tool_choice="required"), {"forced_tool": True}),
    "c10 images and files, in results too": (
        ask(said("user", IMAGE), CALL, OUTPUT | {"output": [FILE]}),
        {"images": True, "documents": True},
    ),
    "c14 a result comes last": (
        ask(said("user", "x"), CALL, OUTPUT, said("developer", "Go on.")),
        {"last_is_tool_result": True, "humans": ("x",)},
    ),
    "c65 compaction": (
        ask(said("user", "x"), CALL, OUTPUT, TRIGGER),
        {"compaction": True, "server_tools": True},
    ),
    "effort": (ask(said("user", "x"), reasoning={"effort": "high"}), {"effort": "high"}),
    "an update of the effort": (
        ask({"type": "configuration_update", "reasoning": {"effort": "low"}}, said("user", "x"),
            reasoning={"effort": "high"}),
        {"effort": "low"},
    ),
    "a schema": (
        ask(
            said("user", "x"),
            text={"format": {"type": "json_schema", "schema": {"properties": {"title": {}}}}},
        ),
        {"structured": True, "schema_keys": ("title",)},
    ),
    "no schema": (ask(said("user", "x"), text={"format": {"type": "text"}}), {"structured": False}),
    "sealed reasoning": (
        ask(said("user", "x"), {"type": "reasoning", "summary": [], "encrypted_content": "g"}),
        {"signed_thinking": True},
    ),
    "the session": (ask(said("user", "x"), prompt_cache_key="s1"), {"session_hint": "s1"}),
}  # fmt: skip


@pytest.mark.parametrize(("got", "facts"), FACTS.values(), ids=FACTS)
def test_facts(got: Ask, facts: dict[str, Any]) -> None:
    assert {name: getattr(got, name) for name in facts} == facts


def test_tokens_do_not_count_base64() -> None:
    assert 1400 < ask(said("user", IMAGE)).input_tokens < 1700
    assert 900 < ask(said("user", FILE)).input_tokens < 1200
    text = ask(said("user", "word " * 800), tools=[ADD], instructions="x" * 400).input_tokens
    assert 1100 < text < 1250


def test_c65_a_compaction_trigger_is_a_compaction() -> None:
    assert kind(ask(said("user", "x"), TRIGGER), {}) == "compaction"
    assert kind(ask(said("user", "x")), {}) == "main"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"model":7,"input":"a"}',
        b'{"model":"m","model":"m"}',
        b'{"model":"m","stream":"yes"}',
        b'{"model":"m","input":[7]}',
        b'{"model":"m","input":[{"role":"user","content":[7]}]}',
        b'{"model":"m\xff"}',
    ],
)
def test_what_is_no_request(body: bytes) -> None:
    with pytest.raises(WireError):
        peek(body, "/v1/responses")
