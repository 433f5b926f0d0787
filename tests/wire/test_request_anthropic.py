"""Requests of Anthropic Messages, read; and written again, in general."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from turnout.errors import UnsupportedError, WireError
from turnout.wire.anthropic import request as anthropic
from turnout.wire.request import (
    Change,
    Document,
    Format,
    Image,
    Message,
    Request,
    Target,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from wire.conversations import anything, bare, normal, requests

HELLO = {"role": "user", "content": "Hello"}
ADD = {"name": "add", "input_schema": {"type": "object", "properties": {}}}
TARGET = Target(model="claude-t", documents=True, stop=99)
MARK = {"cache_control": {"type": "ephemeral"}}


def body(**fields: Any) -> bytes:
    return json.dumps(
        {"model": "claude-s", "messages": [HELLO], "max_tokens": 10} | fields
    ).encode()


def read(**fields: Any) -> Request:
    return anthropic.read(body(**fields), "/v1/messages")


def user(*blocks: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


def parts(*blocks: Any) -> tuple[Any, ...]:
    return read(**user(*blocks)).messages[0].parts


def image(**source: str) -> dict[str, Any]:
    return {"type": "image", "source": source}


def document(**source: str) -> dict[str, Any]:
    return {"type": "document", "source": source}


FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a string is one text": ({}, {"messages": (Message("user", (Text("Hello"),)),)}),
    "limits and samplers": (
        {"temperature": 0, "top_p": 0.5, "top_k": 7, "stop_sequences": ["END"], "stream": True},
        {"temperature": 0.0, "top_p": 0.5, "top_k": 7, "stop": ("END",), "stream": True},
    ),
    "null is absent": (
        {"temperature": None, "tools": None, "system": None, "container": None, "thinking": None},
        {"temperature": None, "tools": (), "system": ()},
    ),
    "who does not ask gets no thinking": ({}, {"thinking": None, "effort": "none"}),
    "thinking with a budget": (
        {"thinking": {"type": "enabled", "budget_tokens": 4096}},
        {"thinking": True, "thinking_budget": 4096, "effort": None},
    ),
    "adaptive thinking with an effort": (
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
        {"thinking": True, "thinking_budget": None, "effort": "high"},
    ),
    "thinking switched off": (
        {"thinking": {"type": "disabled"}, "output_config": {"effort": "xhigh"}},
        {"thinking": False, "effort": "xhigh"},
    ),
    "effort alone": ({"effort": "low"}, {"thinking": None, "effort": "low"}),
    "c29 the billing line is left out": (
        {
            "system": [
                {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1; cch=0a1b2;"},
                {"type": "text", "text": "You are", **MARK},
                {"type": "text", "text": "an agent."},
            ]
        },
        {
            "system": (Text("You are", "5m"), Text("an agent.")),
            "changes": (Change("system", "the client's billing line is left out"),),
        },
    ),
    "c29 a billing line in a string": (
        {"system": "x-anthropic-billing-header: cch=0a1b2;\nYou are an agent."},
        {"system": (Text("You are an agent."),)},
    ),
    "a tool": (
        {"tools": [{**ADD, "description": "Adds.", "strict": True, **MARK}]},
        {"tools": (Tool("add", "Adds.", ADD["input_schema"], True, "5m"),)},
    ),
    "a deferred tool is an ordinary one": (
        {"tools": [{**ADD, "type": "custom", "defer_loading": True}]},
        {
            "tools": (Tool("add", "", ADD["input_schema"]),),
            "changes": (
                Change("tools.defer_loading", "left out: an ordinary tool for other dialects"),
            ),
        },
    ),
    "one call at a time": (
        {"tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
        {"tool_choice": ToolChoice("any"), "parallel_tools": False},
    ),
    "a named tool": (
        {"tool_choice": {"type": "tool", "name": "add"}},
        {"tool_choice": ToolChoice("tool", "add"), "parallel_tools": None},
    ),
    "a format": (
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        {"format": Format({"type": "object"}, strict=True)},
    ),
    "a format, as of old": (
        {"output_format": {"type": "json_schema", "schema": {}}},
        {"format": Format({}, strict=True)},
    ),
    "clearing of thinking is met": (
        {"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}},
        {"changes": (Change("context_management", "met: thinking of the history is left out"),)},
    ),
    "advice is recorded": (
        {"service_tier": "auto"},
        {"changes": (Change("service_tier", "advice to the first provider"),)},
    ),
    "bookkeeping goes": (
        {"metadata": {"user_id": "u1"}, "betas": ["b"], **MARK},
        {"user": "u1", "changes": ()},
    ),
}


@pytest.mark.parametrize(("fields", "means"), FIELDS.values(), ids=FIELDS)
def test_read_fields(fields: dict[str, Any], means: dict[str, Any]) -> None:
    request = read(**fields)
    assert {name: getattr(request, name) for name in means} == means


BLOCKS: dict[str, tuple[dict[str, Any], Any]] = {
    "text": ({"type": "text", "text": "a"}, Text("a")),
    "an hour's mark": (
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        Text("a", "1h"),
    ),
    "a scoped mark": (
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "scope": "global"}},
        Text("a", "5m"),
    ),
    "no citations": ({"type": "text", "text": "a", "citations": None}, Text("a")),
    "an image": (
        image(type="base64", media_type="image/png", data="iVBO"),
        Image("image/png", "iVBO"),
    ),
    "an image by URL": (
        image(type="url", url="https://example.com/a.png"),
        Image(url="https://example.com/a.png"),
    ),
    "a PDF": (
        {**document(type="base64", media_type="application/pdf", data="JVBE"), "title": "Doc"},
        Document("application/pdf", "JVBE", name="Doc"),
    ),
    "a text document": (
        document(type="text", media_type="text/plain", data="ä"),
        Document("text/plain", "w6Q="),
    ),
    "a result of text": (
        {"type": "tool_result", "tool_use_id": "t1", "content": "3", "is_error": True},
        ToolResult("t1", (Text("3"),), is_error=True),
    ),
    "a result without content or id": ({"type": "tool_result"}, ToolResult("", ())),
    "a result with an image": (
        {
            "type": "tool_result",
            "tool_use_id": "t1",
            "content": [image(type="base64", media_type="image/png", data="iVBO")],
        },
        ToolResult("t1", (Image("image/png", "iVBO"),)),
    ),
    "a tool reference is text": (
        {
            "type": "tool_result",
            "tool_use_id": "t1",
            "content": [{"type": "tool_reference", "tool_name": "WebFetch"}],
        },
        ToolResult("t1", (Text("Tool available: WebFetch"),)),
    ),
}


@pytest.mark.parametrize(("block", "part"), BLOCKS.values(), ids=BLOCKS)
def test_read_user_blocks(block: dict[str, Any], part: Any) -> None:
    assert parts(block) == (part,)


ASSISTANT: dict[str, tuple[dict[str, Any], Any]] = {
    "signed thinking": (
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        Thinking("hm", "s"),
    ),
    "unsigned thinking": ({"type": "thinking", "thinking": "hm"}, Thinking("hm")),
    "redacted thinking": (
        {"type": "redacted_thinking", "data": "x"},
        Thinking("", "x", redacted=True),
    ),
    "a call": (
        {"type": "tool_use", "id": "t1", "name": "add", "input": {"b": 1, "a": 2.5}},
        ToolUse("t1", "add", '{"b":1,"a":2.5}'),
    ),
    "a call without arguments": (
        {"type": "tool_use", "id": "t1", "name": "add", "input": None},
        ToolUse("t1", "add", "{}"),
    ),
    "another family's signature on a call goes": (
        {"type": "tool_use", "id": "t1", "name": "add", "input": {}, "signature": "x"},
        ToolUse("t1", "add", "{}"),
    ),
}


@pytest.mark.parametrize(("block", "part"), ASSISTANT.values(), ids=ASSISTANT)
def test_read_assistant_blocks(block: dict[str, Any], part: Any) -> None:
    said = read(messages=[HELLO, {"role": "assistant", "content": [block]}])
    assert said.messages[1].parts == (part,)


def test_a_system_message_of_the_conversation_stays_in_its_place() -> None:
    said = read(messages=[HELLO, {"role": "system", "content": "Be brief."}, HELLO])
    assert said.messages[1] == Message("system", (Text("Be brief."),))


NATIVE: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown field": ({"novelty": 1}, "unknown_field"),
    "a residence of data": ({"inference_geo": "us"}, "unknown_field"),
    "an unknown block": (user({"type": "hologram"}), "unknown_field"),
    "an unknown field of a block": (user({"type": "text", "text": "", "x": 1}), "unknown_field"),
    "an unknown field of a message": (
        {"messages": [{**HELLO, "clear_at": "next_user_message"}]},
        "unknown_field",
    ),
    "other edits of the context": (
        {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}},
        "unknown_field",
    ),
    "thinking between tools": ({"thinking": {"type": "between_tools"}}, "unknown_field"),
    "a level from the future": ({"output_config": {"effort": "extreme"}}, "unknown_field"),
    "a task budget": ({"output_config": {"task_budget": {"total": 9}}}, "unknown_field"),
    "examples of input": ({"tools": [{**ADD, "input_examples": [{}]}]}, "unknown_field"),
    "c36 a server tool": (
        {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}]},
        "server_tools",
    ),
    "a tool of Anthropic's own form": (
        {"tools": [{"type": "bash_20250124", "name": "bash"}]},
        "server_tools",
    ),
    "a server tool in the history": (
        user({"type": "web_search_tool_result", "content": []}),
        "server_tools",
    ),
    "a tool for code execution": (
        {"tools": [{**ADD, "allowed_callers": ["code_execution_20250825"]}]},
        "server_tools",
    ),
    "a container": ({"container": "c1"}, "server_tools"),
    "MCP servers": ({"mcp_servers": [{"type": "url"}]}, "mcp"),
    "an MCP toolset": ({"tools": [{"type": "mcp_toolset", "name": "m"}]}, "mcp"),
    "a search result": (user({"type": "search_result", "source": "s"}), "citations"),
    "citations of a document": (
        user(
            {
                **document(type="text", media_type="text/plain", data="a"),
                "citations": {"enabled": True},
            }
        ),
        "citations",
    ),
    "citations in the history": (
        user({"type": "text", "text": "a", "citations": [{"type": "char_location"}]}),
        "citations",
    ),
    "a stored image": (user(image(type="file", file_id="f1")), "files"),
    "a stored document": (user(document(type="file", file_id="f1")), "files"),
}


@pytest.mark.parametrize(("fields", "reason"), NATIVE.values(), ids=NATIVE)
def test_what_only_anthropic_can_read(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnsupportedError) as e:
        read(**fields)
    assert e.value.reason == reason


BAD: dict[str, bytes] = {
    "not JSON": b"{",
    "a list": b"[]",
    "stream is a word": body(stream="yes"),
    "no messages": b'{"model":"m"}',
    "messages is an object": body(messages={}),
    "a message is a string": body(messages=["a"]),
    "a role from elsewhere": body(messages=[{"role": "tool", "content": "a"}]),
    "no content": body(messages=[{"role": "user"}]),
    "max_tokens is a boolean": body(max_tokens=True),
    "a user calls a tool": body(**user({"type": "tool_use", "id": "t", "name": "a", "input": {}})),
    "an input that is a string": body(
        messages=[
            {"role": "assistant", "content": [{"type": "tool_use", "name": "a", "input": "x"}]}
        ]
    ),
    "nested without end": b'{"model":"m","messages":' + b"[" * 100_000,
}


@pytest.mark.parametrize("sent", BAD.values(), ids=BAD)
def test_bad_bodies(sent: bytes) -> None:
    with pytest.raises(WireError) as e:
        anthropic.read(sent, "/v1/messages")
    assert not isinstance(e.value, UnsupportedError)


@given(anything())
def test_only_wire_errors(sent: bytes) -> None:
    """Whatever a client sends, it is read or refused."""
    with suppress(WireError):
        anthropic.write(anthropic.read(sent, "/v1/messages"), TARGET)


@given(requests())
def test_there_and_back(request: Request) -> None:
    """What is written is read as the same request."""
    target = Target(
        model=request.model, documents=True, stop=9, reasoning="budget", mid_system=True
    )
    back = anthropic.read(anthropic.write(request, target).body, "/v1/messages")
    assert bare(back) == bare(normal(request, max_tokens=8192))
