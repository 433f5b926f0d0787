"""Anthropic Messages: what routing is told of a body."""

import json
from typing import Any

import pytest

from turnout.errors import WireError
from turnout.wire import excerpt
from turnout.wire.anthropic.peek import peek
from turnout.wire.request import Ask

BILLING = "x-anthropic-billing-header: cc_version=2; cc_entrypoint=sdk-cli; cch=0a1b2;"
REMINDER = "<system-reminder>\nMind the todo list.\n</system-reminder>"
PNG = {"type": "base64", "media_type": "image/png", "data": "iVBO" * 5000}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBE" * 5000}
LONG = "ä" * 40_000  # 80 kB


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def said(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def text(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text} | more


def result(*content: Any, **more: Any) -> dict[str, Any]:
    inside = content[0] if content and isinstance(content[0], str) else list(content)
    return {"type": "tool_result", "tool_use_id": "t1", "content": inside} | more


def call(**more: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": "t1", "name": "Bash", "input": {}} | more


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def ask(*messages: dict[str, Any], **more: Any) -> Ask:
    body = {"model": "claude-x", "max_tokens": 100, "messages": list(messages)} | more
    return peek(json.dumps(body).encode(), "/v1/messages")


IMAGE = {"type": "image", "source": PNG}
DOCUMENT = {"type": "document", "source": PDF}
MARK = {"cache_control": {"type": "ephemeral"}}
MARK_1H = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
LOOP = [said("fix it"), assistant(call()), user(result("done"))]


def schema(*keys: str) -> dict[str, Any]:
    made = {"type": "object", "properties": {key: {"type": "string"} for key in keys}}
    return {"output_config": {"format": {"type": "json_schema", "schema": made}}}


FACTS: dict[str, tuple[Ask, dict[str, Any]]] = {
    "the plain facts": (
        ask(said("hello"), stream=True),
        {
            "dialect": "anthropic",
            "model": "claude-x",
            "stream": True,
            "max_tokens": 100,
            "messages": 1,
            "humans": ("hello",),
            "first_human": "hello",
            "system": "",
            "tools": (),
            "images": False,
            "cache_ttl": None,
            "effort": None,
            "session_hint": "",
            "last_is_tool_result": False,
        },
    ),
    "unknown fields and blocks": (
        ask(user({"type": "hologram", "content": 3}, text("hello")), new_field={"a": [1]}),
        {"humans": ("hello",)},
    ),
    "latest first, at most four": (
        ask(*[said(f"h{i}") for i in range(6)]),
        {"humans": ("h5", "h4", "h3", "h2"), "first_human": "h0", "messages": 6},
    ),
    "the texts of one turn are one": (
        ask(user(text("a"), IMAGE, text("b"))),
        {"humans": ("a\nb",)},
    ),
    "c14 only tool results": (ask(*LOOP), {"last_is_tool_result": True, "humans": ("fix it",)}),
    "c14 a reminder beside the results": (
        ask(*LOOP[:2], user(result("done"), text(REMINDER))),
        {"last_is_tool_result": True, "humans": ("fix it",)},
    ),
    "c14 a system message after the results": (
        ask(*LOOP, {"role": "system", "content": "be brief"}),
        {"last_is_tool_result": True, "humans": ("fix it",)},
    ),
    "c14 a human beside the results": (
        ask(*LOOP[:2], user(result("done"), text("and now?"))),
        {"last_is_tool_result": False, "humans": ("and now?", "fix it")},
    ),
    "reminders do not crowd out the human": (
        ask(said("fix it"), *[user(result("ok"), text(REMINDER)) for _ in range(9)]),
        {"humans": ("fix it",), "first_human": "fix it"},
    ),
    "a reminder before the human stays out": (
        ask(user(text(REMINDER + "\n" + REMINDER), text("fix it"))),
        {"humans": ("fix it",), "first_human": "fix it"},
    ),
    "a human may talk about reminders": (
        ask(said("<system-reminder> is a tag")),
        {"humans": ("<system-reminder> is a tag",)},
    ),
    "c10 an image": (ask(user(IMAGE)), {"images": True, "documents": False}),
    "c10 an image in a tool result": (
        ask(*LOOP[:2], user(result(text("a"), IMAGE))),
        {"images": True},
    ),
    "c10 an image long ago": (ask(user(IMAGE), *[said("a")] * 9), {"images": True}),
    "the word image": (ask(said('{"type":"image"}')), {"images": False}),
    "c35 a document": (ask(user(DOCUMENT)), {"documents": True, "images": False}),
    "c35 a document in a tool result": (
        ask(*LOOP[:2], user(result(DOCUMENT))),
        {"documents": True},
    ),
    "tools by name": (
        ask(
            said("a"), tools=[{"name": "Bash", "input_schema": {}}, {"name": "X", "type": "custom"}]
        ),
        {"tools": ("Bash", "X"), "server_tools": False},
    ),
    "c36 a server tool": (
        ask(said("a"), tools=[{"type": "web_search_20250305", "name": "web_search"}]),
        {"server_tools": True, "tools": ("web_search",)},
    ),
    "c36 a server tool in the history": (
        ask(
            said("a"),
            assistant(
                {"type": "server_tool_use", "id": "s", "name": "w", "input": {}},
                {"type": "web_search_tool_result", "tool_use_id": "s", "content": {"type": "e"}},
            ),
        ),
        {"server_tools": True},
    ),
    "MCP servers": (ask(said("a"), mcp_servers=[{"url": "u"}]), {"server_tools": True}),
    "no MCP servers": (ask(said("a"), mcp_servers=[], container=None), {"server_tools": False}),
    "a container": (ask(said("a"), container={"id": "c"}), {"server_tools": True}),
    "a forced tool": (
        ask(said("a"), tool_choice={"type": "tool", "name": "Bash"}),
        {"forced_tool": True},
    ),
    "any tool": (ask(said("a"), tool_choice={"type": "any"}), {"forced_tool": True}),
    "a free choice": (ask(said("a"), tool_choice={"type": "auto"}), {"forced_tool": False}),
    "no choice": (ask(said("a"), tool_choice={"type": "none"}), {"forced_tool": False}),
    "c12 unsigned thinking": (
        ask(assistant({"type": "thinking", "thinking": "hm", "signature": ""})),
        {"signed_thinking": False},
    ),
    "c12 signed thinking": (
        ask(assistant({"type": "thinking", "thinking": "hm", "signature": "x"})),
        {"signed_thinking": True},
    ),
    "c12 redacted thinking": (
        ask(assistant({"type": "redacted_thinking", "data": "x"})),
        {"signed_thinking": True},
    ),
    "a signature on another block": (
        ask(assistant(call(signature="x"))),
        {"signed_thinking": False},
    ),
    "a cache mark": (ask(user(text("a", **MARK))), {"cache_ttl": "5m"}),
    "the longest cache mark": (
        ask(user(text("a", **MARK)), system=[text("s", **MARK_1H)]),
        {"cache_ttl": "1h"},
    ),
    "a cache mark in a tool result": (ask(user(result(text("a", **MARK)))), {"cache_ttl": "5m"}),
    "a cache mark on a tool": (
        ask(said("a"), tools=[{"name": "B"} | MARK_1H]),
        {"cache_ttl": "1h"},
    ),
    "a cache mark on the body": (ask(said("a"), **MARK), {"cache_ttl": "5m"}),
    "an effort": (ask(said("a"), output_config={"effort": "xhigh"}), {"effort": "xhigh"}),
    "an effort of old": (ask(said("a"), effort="low"), {"effort": "low"}),
    "an unknown effort": (ask(said("a"), output_config={"effort": "huge"}), {"effort": None}),
    "an effort wins over a budget": (
        ask(
            said("a"),
            output_config={"effort": "low"},
            thinking={"type": "enabled", "budget_tokens": 32000},
        ),
        {"effort": "low"},
    ),
    "a budget": (
        ask(said("a"), thinking={"type": "enabled", "budget_tokens": 4096}),
        {"effort": "low"},
    ),
    "adaptive": (ask(said("a"), thinking={"type": "adaptive"}), {"effort": None}),
    "thinking off": (ask(said("a"), thinking={"type": "disabled"}), {"effort": "none"}),
    "c64 a schema": (
        ask(said("a"), **schema("title")),
        {"structured": True, "schema_keys": ("title",)},
    ),
    "a schema of old": (
        ask(said("a"), output_format={"type": "json_schema", "schema": {"type": "object"}}),
        {"structured": True, "schema_keys": ()},
    ),
    "a session": (
        ask(said("a"), metadata={"user_id": json.dumps({"device_id": "d", "session_id": "s-1"})}),
        {"session_hint": "s-1"},
    ),
    "a session of old": (
        ask(said("a"), metadata={"user_id": "user_ab_account__session_0f-12345678"}),
        {"session_hint": "0f-12345678"},
    ),
    "a person is no session": (ask(said("a"), metadata={"user_id": "u1"}), {"session_hint": ""}),
    "JSON without a session": (ask(said("a"), metadata={"user_id": '{"a":'}), {"session_hint": ""}),
    "a system string": (ask(said("a"), system="Be kind."), {"system": "Be kind."}),
    "no blank line for an empty block": (
        ask(said("a"), system=[text("One."), text(""), text("Two.")]),
        {"system": "One.\nTwo."},
    ),
    "c29 system blocks without the billing line": (
        ask(said("a"), system=[text(BILLING), text("One."), text("Two.", **MARK)]),
        {"system": "One.\nTwo.", "sub_agent": False},
    ),
    "c29 a billing line on top of a string": (
        ask(said("a"), system=BILLING + "\nBe kind."),
        {"system": "Be kind."},
    ),
    "c66 a sub-agent's mark": (
        ask(said("a"), system=[text(BILLING + " cc_is_subagent=true;"), text("One.")]),
        {"sub_agent": True},
    ),
    "c66 the mark elsewhere": (
        ask(said("a"), system=[text(BILLING), text("cc_is_subagent=true")]),
        {"sub_agent": False},
    ),
}


@pytest.mark.parametrize(("ask", "facts"), FACTS.values(), ids=FACTS)
def test_facts(ask: Ask, facts: dict[str, Any]) -> None:
    assert {name: getattr(ask, name) for name in facts} == facts


BROKEN: dict[str, bytes] = {
    "not JSON": b"hello",
    "an array": b'[{"model":"m","messages":[]}]',
    "stream is a word": b'{"model":"m","messages":[],"stream":"yes"}',
    "stream is a number": b'{"model":"m","messages":[],"stream":1}',
    "no model": b'{"messages":[]}',
    "the model is a number": b'{"model":4,"messages":[]}',
    "the model is null": b'{"model":null,"messages":[]}',
    "two models": b'{"model":"a","messages":[],"model":"b"}',
    "two models, one in escapes": b'{"model":"a","messages":[],"mod\\u0065l":"b"}',
    "two lists of messages": b'{"model":"a","messages":[],"messages":[]}',
    "invalid UTF-8 in what is skipped": b'{"model":"m","messages":[],"x":["\xff"]}',
    "invalid UTF-8 in a text": b'{"model":"m","messages":[{"role":"user","content":"\xff"}]}',
    "cut off": b'{"model":"m","messages":[',
    "no messages": b'{"model":"m"}',
    "messages of another form": b'{"model":"m","messages":["hello"]}',
    "a bomb of arrays": b'{"model":"m","messages":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "a bomb in an unknown field": b'{"model":"m","messages":[],"x":' + b'{"x":' * 200_000,
    "a bomb in a tool result": b'{"model":"m","messages":[{"role":"user","content":[{"type":'
    b'"tool_result","content":' + b"[" * 200_000,
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_broken(body: bytes) -> None:
    with pytest.raises(WireError):
        peek(body, "/v1/messages")


def test_long_texts_are_cut_on_a_character() -> None:
    got = ask(said("first " + LONG), said(LONG + " last"), system="sys " + LONG)
    assert got.humans[0].endswith("ä last")
    assert len(got.humans[0].encode()) in (excerpt.HUMAN_TAIL, excerpt.HUMAN_TAIL - 1)
    assert got.first_human.startswith("first ä")
    assert len(got.first_human.encode()) == excerpt.FIRST_HUMAN_HEAD
    assert len(got.system.encode()) == excerpt.SYSTEM_HEAD


def test_tokens_count_tools_and_results() -> None:
    bare = ask(said("a")).input_tokens
    assert 900 < ask(said("x" * 4000)).input_tokens - bare < 1100
    assert 900 < ask(said("a"), user(result("x" * 4000))).input_tokens - bare < 1100
    assert 900 < ask(said("a"), tools=[{"name": "x" * 4000}]).input_tokens - bare < 1100
    assert 900 < ask(said("a"), assistant(call(input={"a": "x" * 4000}))).input_tokens - bare < 1100
    assert 900 < ask(said("a"), system="x" * 4000).input_tokens - bare < 1100


def test_tokens_of_media_are_not_their_base64() -> None:
    bare = ask(said("a")).input_tokens
    assert 1500 <= ask(user(text("a"), IMAGE)).input_tokens - bare < 1600
    assert 1500 <= ask(user(result(text("a"), IMAGE))).input_tokens - bare < 1600
    assert 3000 <= ask(user(text("a"), IMAGE, IMAGE)).input_tokens - bare < 3100
    assert 900 <= ask(user(text("a"), DOCUMENT)).input_tokens - bare < 1100
