"""OpenAI Chat Completions: what routing is told of a body."""

import json
from typing import Any

import pytest

from turnout.errors import WireError
from turnout.wire.openai_chat.peek import peek
from turnout.wire.request import Ask


def said(content: Any, role: str = "user", **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content} | more


def text(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text} | more


def call(**more: Any) -> dict[str, Any]:
    function = {"name": "Bash", "arguments": "{}"}
    made = {"id": "c1", "type": "function", "function": function}
    return said(None, "assistant", tool_calls=[made], **more)


def result(content: Any = "done") -> dict[str, Any]:
    return said(content, "tool", tool_call_id="c1")


def ask(*messages: dict[str, Any], **more: Any) -> Ask:
    body = {"model": "gpt-x", "messages": list(messages)} | more
    return peek(json.dumps(body).encode(), "/v1/chat/completions")


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBO" * 5000}}
FILE = {"type": "file", "file": {"filename": "a.pdf", "file_data": "JVBE" * 5000}}
BASH = {"type": "function", "function": {"name": "Bash", "parameters": {}}}
FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "n", "schema": {"properties": {"title": {}}}},
}

FACTS: dict[str, tuple[Ask, dict[str, Any]]] = {
    "the plain facts": (
        ask(said("hello"), stream=True, max_tokens=9),
        {
            "dialect": "openai_chat",
            "model": "gpt-x",
            "stream": True,
            "max_tokens": 9,
            "messages": 1,
            "humans": ("hello",),
            "first_human": "hello",
            "system": "",
            "tools": (),
            "structured": False,
            "effort": None,
            "session_hint": "",
            "last_is_tool_result": False,
        },
    ),
    "stream may be null": (ask(said("a"), stream=None), {"stream": False}),
    "the newer limit wins": (
        ask(said("a"), max_tokens=9, max_completion_tokens=5),
        {"max_tokens": 5},
    ),
    "system and developer": (
        ask(said("One.", "system"), said([text("Two.")], "developer"), said("a")),
        {"system": "One.\nTwo.", "humans": ("a",)},
    ),
    "latest first, at most four": (
        ask(*[said(f"h{i}") for i in range(6)]),
        {"humans": ("h5", "h4", "h3", "h2"), "first_human": "h0", "messages": 6},
    ),
    "parts of one turn are one": (ask(said([text("a"), IMAGE, text("b")])), {"humans": ("a\nb",)}),
    "c14 only tool results": (
        ask(said("fix it"), call(), result()),
        {"last_is_tool_result": True, "humans": ("fix it",)},
    ),
    "c14 a system message after the results": (
        ask(said("fix it"), call(), result(), said("be brief", "system")),
        {"last_is_tool_result": True},
    ),
    "c14 a function of old": (
        ask(said("fix it"), said("1", "function", name="f")),
        {"last_is_tool_result": True},
    ),
    "c14 a human after the results": (
        ask(said("fix it"), call(), result(), said("and now?")),
        {"last_is_tool_result": False, "humans": ("and now?", "fix it")},
    ),
    "c10 an image": (ask(said([IMAGE])), {"images": True, "documents": False}),
    "c10 an image in a tool result": (ask(call(), result([IMAGE])), {"images": True}),
    "a file": (ask(said([FILE])), {"documents": True, "images": False}),
    "tools by name": (
        ask(said("a"), tools=[BASH, {"type": "custom", "custom": {"name": "exec"}}]),
        {"tools": ("Bash", "exec"), "server_tools": False},
    ),
    "functions of old": (ask(said("a"), functions=[{"name": "f"}]), {"tools": ("f",)}),
    "a server's tool": (ask(said("a"), tools=[{"type": "web_search"}]), {"server_tools": True}),
    "web search": (ask(said("a"), web_search_options={}), {"server_tools": True}),
    "a required tool": (ask(said("a"), tool_choice="required"), {"forced_tool": True}),
    "a named tool": (
        ask(said("a"), tool_choice={"type": "function", "function": {"name": "Bash"}}),
        {"forced_tool": True},
    ),
    "a function call of old": (ask(said("a"), function_call={"name": "f"}), {"forced_tool": True}),
    "a free choice": (ask(said("a"), tool_choice="auto"), {"forced_tool": False}),
    "no choice": (ask(said("a"), tool_choice=None), {"forced_tool": False}),
    "c64 a schema": (
        ask(said("a"), response_format=FORMAT),
        {"structured": True, "schema_keys": ("title",)},
    ),
    "any object": (
        ask(said("a"), response_format={"type": "json_object"}),
        {"structured": True, "schema_keys": ()},
    ),
    "text is no format": (
        ask(said("a"), response_format={"type": "text"}),
        {"structured": False},
    ),
    "an effort": (ask(said("a"), reasoning_effort="minimal"), {"effort": "minimal"}),
    "a gateway's effort": (ask(said("a"), reasoning={"effort": "high"}), {"effort": "high"}),
    "an unknown effort": (ask(said("a"), reasoning_effort="huge"), {"effort": None}),
    "reasoning to be replayed": (
        ask(call(reasoning_details=[{"type": "reasoning.encrypted"}])),
        {"signed_thinking": True},
    ),
    "a gateway's cache mark": (
        ask(said([text("a", cache_control={"type": "ephemeral", "ttl": "1h"})])),
        {"cache_ttl": "1h"},
    ),
    "a session": (ask(said("a"), prompt_cache_key="ses_1", user="u"), {"session_hint": "ses_1"}),
    "a session in the user": (
        ask(said("a"), user=json.dumps({"session_id": "s-1"})),
        {"session_hint": "s-1"},
    ),
    "a person is no session": (ask(said("a"), user="u1"), {"session_hint": ""}),
}


@pytest.mark.parametrize(("ask", "facts"), FACTS.values(), ids=FACTS)
def test_facts(ask: Ask, facts: dict[str, Any]) -> None:
    assert {name: getattr(ask, name) for name in facts} == facts


BROKEN: dict[str, bytes] = {
    "not JSON": b"hello",
    "an array": b"[]",
    "stream is a word": b'{"model":"m","messages":[],"stream":"yes"}',
    "no model": b'{"messages":[]}',
    "the model is a number": b'{"model":4,"messages":[]}',
    "two models": b'{"model":"a","messages":[],"model":"b"}',
    "invalid UTF-8": b'{"model":"m","messages":[],"x":["\xff"]}',
    "no messages": b'{"model":"m"}',
    "a bomb": b'{"model":"m","messages":[],"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_broken(body: bytes) -> None:
    with pytest.raises(WireError):
        peek(body, "/v1/chat/completions")


def test_tokens_of_media_are_not_their_base64() -> None:
    bare = ask(said([text("a")])).input_tokens
    assert 1500 <= ask(said([text("a"), IMAGE])).input_tokens - bare < 1600
    assert 900 <= ask(said([text("a"), FILE])).input_tokens - bare < 1100
    assert 900 < ask(said([text("a" * 4000)])).input_tokens - bare < 1100
    assert 900 < ask(said([text("a")]), tools=[BASH | {"x": "a" * 4000}]).input_tokens - bare < 1100
