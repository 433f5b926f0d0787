"""Requests of Anthropic's and OpenAI Chat's clients for the Responses dialect."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace as altered

from turnout.errors import UnsupportedError, WireError
from turnout.wire.anthropic import request as anthropic
from turnout.wire.openai_chat import request as chat
from turnout.wire.openai_responses import request as responses
from turnout.wire.request import Message, Request, Target, Text, Thinking, ToolResult, ToolUse
from turnout.wire.sealed import Sealed, encode
from turnout.wire.turns import paired
from wire.conversations import anything, bare, normal, requests

HELLO = {"role": "user", "content": "Hello"}
HI = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}
EMPTY = {"type": "object", "properties": {}}
ADD = {"name": "add", "input_schema": EMPTY}
PLAIN = Target(model="gpt-4.1")
ABLE = Target(model="gpt-5", documents=True, reasoning="effort", samplers=False, prefill=False,
              efforts=("minimal", "low", "medium", "high"), cache_key=True)  # fmt: skip
SECRET = encode(Sealed("encrypted", "gpt-5.1", "gAAA", "rs_1"))
SESSION = "0123456789abcdef0123456789abcdef0123"


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def use(id: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": "add", "input": {}}


def result(id: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": content} | more


def picture() -> dict[str, Any]:
    source = {"type": "base64", "media_type": "image/png", "data": "iVBO"}
    return {"type": "image", "source": source}


def thinking(signature: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": "so", "signature": signature}


def loop(*said: Any, results: tuple[Any, ...] = (result("t1", "3"),)) -> dict[str, Any]:
    turns = [
        {"role": "assistant", "content": list(said)},
        {"role": "user", "content": list(results)},
    ]
    return {"messages": [HELLO, *turns], "tools": [ADD]}


def from_claude(target: Target = PLAIN, **fields: Any) -> dict[str, Any]:
    body = {"model": "s", "max_tokens": 20_000, "messages": [HELLO]} | fields
    request = anthropic.read(json.dumps(body).encode(), "/v1/messages")
    sent: dict[str, Any] = json.loads(responses.write(request, target).body)
    return sent


def from_chat(target: Target = PLAIN, **fields: Any) -> dict[str, Any]:
    body = {"model": "s", "messages": [HELLO]} | fields
    request = chat.read(json.dumps(body).encode(), "/v1/chat/completions")
    sent: dict[str, Any] = json.loads(responses.write(request, target).body)
    return sent


CALL = {"type": "function_call", "call_id": "t1", "name": "add", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "t1", "output": "3"}
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "so"}],
    "encrypted_content": "gAAA",
}

# what an Anthropic client sends, to which target -> keys of the body
WRITTEN: dict[str, tuple[dict[str, Any], Target, dict[str, Any]]] = {
    "c73 store false, encrypted reasoning, always a stream": (
        {},
        ABLE,
        {
            "model": "gpt-5",
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "stream": True,
            "input": [HI],
            "instructions": None,
            "reasoning": None,
            "temperature": None,
        },
    ),
    "a model that does not reason": ({}, PLAIN, {"include": None, "store": False}),
    "c29 instructions without the billing line": (
        {"system": [text("x-anthropic-billing-header: a"), text("You are"), text("an agent.")]},
        PLAIN,
        {"instructions": "You are\nan agent."},
    ),
    "system messages are the developer's": (
        {"messages": [HELLO, {"role": "system", "content": "Be brief."}]},
        PLAIN,
        {
            "input": [
                HI,
                {
                    "type": "message",
                    "role": "developer",
                    "content": [{"type": "input_text", "text": "Be brief."}],
                },
            ]
        },
    ),
    "a call and its result": (
        loop(text("hm"), use("t1")),
        PLAIN,
        {
            "input": [
                HI,
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "hm"}],
                },
                CALL,
                OUTPUT,
            ]
        },
    ),
    "c30 images stay in the result": (
        loop(use("t1"), results=(result("t1", [text("A cat:"), picture()], is_error=True),)),
        PLAIN,
        {
            "input": [
                HI,
                CALL,
                OUTPUT
                | {
                    "output": [
                        {"type": "input_text", "text": "[tool error]"},
                        {"type": "input_text", "text": "A cat:"},
                        {
                            "type": "input_image",
                            "image_url": "data:image/png;base64,iVBO",
                            "detail": "auto",
                        },
                    ]
                },
            ]
        },
    ),
    "an error in text": (
        loop(use("t1"), results=(result("t1", "3", is_error=True),)),
        PLAIN,
        {"input": [HI, CALL, OUTPUT | {"output": "[tool error] 3"}]},
    ),
    "c73 images are kept": (
        {"messages": [{"role": "user", "content": [picture()]}]},
        PLAIN,
        {
            "input": [
                {
                    "type": "message",
                    "role": "user",
                    "content": [
                        {
                            "type": "input_image",
                            "image_url": "data:image/png;base64,iVBO",
                            "detail": "auto",
                        }
                    ],
                }
            ]
        },
    ),
    "PDF": (
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
            "input": [
                {
                    "type": "message",
                    "role": "user",
                    "content": [
                        {
                            "type": "input_file",
                            "filename": "a.pdf",
                            "file_data": "data:application/pdf;base64,JVBE",
                        }
                    ],
                }
            ]
        },
    ),
    "sealed reasoning goes back to its family": (
        loop(thinking(SECRET), use("t1")),
        ABLE,
        {"input": [HI, REASONING, CALL, OUTPUT]},
    ),
    "not to another family": (
        loop(thinking(SECRET), use("t1")),
        replace(ABLE, model="grok-4"),
        {"input": [HI, CALL, OUTPUT]},
    ),
    "not to a model that does not reason": (
        loop(thinking(SECRET), use("t1")),
        PLAIN,
        {"input": [HI, CALL, OUTPUT]},
    ),
    "Anthropic's own thinking stays behind": (
        loop(thinking("EqQB"), thinking(""), use("t1")),
        ABLE,
        {"input": [HI, CALL, OUTPUT]},
    ),
    "reasoning that nothing follows is left out": (
        loop(use("t1"), thinking(SECRET)),
        ABLE,
        {"input": [HI, CALL, OUTPUT]},
    ),
    "c31 any": (
        {"tools": [ADD], "tool_choice": {"type": "any"}},
        PLAIN,
        {"tool_choice": "required"},
    ),
    "c31 a named tool, one at a time": (
        {
            "tools": [ADD],
            "tool_choice": {"type": "tool", "name": "add", "disable_parallel_tool_use": True},
        },
        PLAIN,
        {"tool_choice": {"type": "function", "name": "add"}, "parallel_tool_calls": False},
    ),
    "c31 no tools, no choice": ({"tools": []}, PLAIN, {"tools": None, "tool_choice": None}),
    "c37 a budget": (
        {"thinking": {"type": "enabled", "budget_tokens": 4096}},
        ABLE,
        {"reasoning": {"effort": "low", "summary": "auto"}},
    ),
    "c37 an effort": (
        {"output_config": {"effort": "max"}, "thinking": {"type": "adaptive"}},
        ABLE,
        {"reasoning": {"effort": "high", "summary": "auto"}},
    ),
    "c37 thinking without a level": (
        {"thinking": {"type": "adaptive"}},
        ABLE,
        {"reasoning": {"summary": "auto"}},
    ),
    "c37 no thinking": (
        {"thinking": {"type": "disabled"}},
        replace(ABLE, efforts=("none", "low")),
        {"reasoning": {"effort": "none"}},
    ),
    "room to reason": ({"max_tokens": 500}, ABLE, {"max_output_tokens": 16_000}),
    "room to reason, where the cap allows": (
        {"max_tokens": 500},
        replace(ABLE, max_output=9000),
        {"max_output_tokens": 9000},
    ),
    "the client's limit": ({"max_tokens": 500}, PLAIN, {"max_output_tokens": 500}),
    "the least limit": ({"max_tokens": 1}, PLAIN, {"max_output_tokens": 16}),
    "samplers at their default": (
        {"temperature": 1.0, "top_p": 1.0},
        ABLE,
        {"temperature": None, "top_p": None},
    ),
    "samplers": ({"temperature": 0.5}, PLAIN, {"temperature": 0.5}),
    "the session is the cache's key": (
        {"metadata": {"user_id": json.dumps({"session_id": SESSION})}},
        ABLE,
        {"prompt_cache_key": SESSION},
    ),
    "a format": (
        {"output_config": {"format": {"type": "json_schema", "schema": EMPTY}}},
        PLAIN,
        {
            "text": {
                "format": {
                    "type": "json_schema",
                    "name": "answer",
                    "schema": EMPTY,
                    "strict": False,
                }
            }
        },
    ),
}


@pytest.mark.parametrize(("sent", "target", "means"), WRITTEN.values(), ids=WRITTEN)
def test_from_anthropic(sent: dict[str, Any], target: Target, means: dict[str, Any]) -> None:
    got = from_claude(target, **sent)
    assert {key: got.get(key) for key in means} == means


TEXT, ONE = {"type": "string"}, {"oneOf": [{"type": "string"}, {"type": "null"}]}


def a_tool(schema: Any, **more: Any) -> dict[str, Any]:
    return {"tools": [{"name": "add", "input_schema": schema} | more]}


def test_c73_strict_tools() -> None:
    schema = {"type": "object", "properties": {"a": TEXT, "b": TEXT}, "required": ["a"]}
    [tool] = from_claude(**a_tool(schema, description="Adds."))["tools"]
    assert tool == {
        "type": "function",
        "name": "add",
        "description": "Adds.",
        "parameters": {
            "type": "object",
            "properties": {"a": TEXT, "b": {"type": ["string", "null"]}},
            "required": ["a", "b"],
            "additionalProperties": False,
        },
        "strict": True,
    }


def test_c73_a_schema_with_oneof_stays_as_it_is() -> None:
    schema = {"type": "object", "properties": {"a": ONE}}
    [tool] = from_claude(**a_tool(schema, strict=True))["tools"]
    assert (tool["parameters"], tool["strict"]) == (schema, False)


def test_a_tool_that_is_not_to_be_strict() -> None:
    schema = {"type": "object", "properties": {"a": TEXT}}
    [tool] = from_claude(**a_tool(schema, strict=False))["tools"]
    assert (tool["parameters"], tool["strict"]) == (schema, False)


def test_from_chat() -> None:
    function = {"name": "add", "parameters": EMPTY}
    calls = [{"id": "t1", "type": "function", "function": {"name": "add", "arguments": "{}"}}]
    got = from_chat(
        ABLE,
        messages=[
            {"role": "system", "content": "You are."},
            HELLO,
            {"role": "assistant", "content": None, "tool_calls": calls, "reasoning_content": "so"},
            {"role": "tool", "tool_call_id": "t1", "content": "3"},
        ],
        tools=[{"type": "function", "function": function}],
        tool_choice="required",
        parallel_tool_calls=True,
        reasoning_effort="high",
        response_format={"type": "json_object"},
        max_completion_tokens=20_000,
    )
    assert got == {
        "model": "gpt-5",
        "instructions": "You are.",
        "input": [HI, CALL, OUTPUT],
        "tools": [{"type": "function", "name": "add", "parameters": EMPTY, "strict": False}],
        "tool_choice": "required",
        "parallel_tool_calls": True,
        "text": {"format": {"type": "json_object"}},
        "max_output_tokens": 20_000,
        "reasoning": {"effort": "high", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
        "stream": True,
    }


# what the target cannot be told                    target   -> the reason
REFUSED: dict[str, tuple[dict[str, Any], Target, str]] = {
    "c34 stop": ({"stop_sequences": ["END"]}, PLAIN, "stop"),
    "a sampler": ({"temperature": 0.2}, ABLE, "sampling"),
    "top_k": ({"top_k": 5}, PLAIN, "sampling"),
    "c10 images": (
        {"messages": [{"role": "user", "content": [picture()]}]},
        replace(PLAIN, images=False),
        "images",
    ),
    "c32 too many tools": (
        {"tools": [ADD | {"name": f"t{i}"} for i in range(3)]},
        replace(PLAIN, max_tools=2),
        "too_many_tools",
    ),
    "no tools": ({"tools": [ADD]}, replace(PLAIN, tools=False), "tools"),
    "a prefill": ({"messages": [HELLO, {"role": "assistant", "content": "a"}]}, ABLE, "prefill"),
    "a result of no call": (
        {"messages": [HELLO, {"role": "user", "content": [result("t9", "a")]}]},
        PLAIN,
        "native_only",
    ),
    "a tool's long name": ({"tools": [ADD | {"name": "a" * 65}]}, PLAIN, "schema"),
}


@pytest.mark.parametrize(("sent", "target", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(sent: dict[str, Any], target: Target, reason: str) -> None:
    with pytest.raises(UnsupportedError) as error:
        from_claude(target, **sent)
    assert error.value.reason == reason


def test_what_is_altered_is_recorded() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    body = {"model": "s", "max_tokens": 9, "metadata": {"user_id": "u"}, "messages": [HELLO]}
    body |= {"system": [text("a") | mark]} | loop(thinking("EqQB"), use("t1"))
    request = anthropic.read(json.dumps(body).encode(), "/v1/messages")
    changes = responses.write(request, ABLE).changes
    assert [change.what for change in changes] == [
        "cache_control",
        "thinking",
        "max_output_tokens",
        "user",
    ]


@given(requests())
def test_there_and_back(request: Request) -> None:
    """Responses has words for all of a conversation but stop sequences and errors of tools."""
    request = replace(request, stop=(), format=None)
    target = Target(model="gpt-5", documents=True)
    sent = responses.write(request, target).body
    body = json.loads(sent) | {"stream": request.stream}
    got = bare(normal(responses.read(json.dumps(body).encode(), "/v1/responses")))
    assert got.messages == marked(bare(normal(request))).messages
    assert got.tool_choice == request.tool_choice
    assert [tool.name for tool in got.tools] == [tool.name for tool in request.tools]
    assert (got.stream, got.temperature) == (request.stream, request.temperature)


def marked(request: Request) -> Request:
    """Texts of a result are one text, and an error of a tool is said in it."""
    kept = [
        altered(message, parts=tuple(map(_marked, message.parts))) for message in request.messages
    ]
    return replace(request, messages=tuple(paired(kept)))


def _marked(part: Any) -> Any:
    if not isinstance(part, ToolResult):
        return part
    mark = "[tool error] " * part.is_error
    if all(isinstance(inner, Text) for inner in part.content):
        text = mark + "\n".join(inner.text for inner in part.content if isinstance(inner, Text))
        return ToolResult(part.id, (Text(text),) if text else ())
    head = (Text(mark.rstrip()),) if mark else ()
    return ToolResult(part.id, (*head, *part.content))


@given(requests())
def test_conversations_are_in_order(request: Request) -> None:
    check(
        json.loads(
            responses.write(replace(request, stop=()), Target(model="t", documents=True)).body
        )
    )


@given(anything())
def test_whatever_can_be_translated_is_in_order(sent: bytes) -> None:
    for read in (anthropic.read, chat.read, responses.read):
        with suppress(WireError):
            check(json.loads(responses.write(read(sent, "/"), ABLE).body))


def check(body: dict[str, Any]) -> None:
    """Every call has one output after it; reasoning stands before what it led to."""
    waiting: set[str] = set()
    for position, item in enumerate(body["input"]):
        match item["type"]:
            case "function_call":
                assert item["call_id"] not in waiting
                assert isinstance(json.loads(item["arguments"]), dict)
                waiting.add(item["call_id"])
            case "function_call_output":
                waiting.remove(item["call_id"])
            case "reasoning":
                assert body["input"][position + 1]["type"] in ("message", "function_call")
            case "message":
                assert item["role"] in ("user", "assistant", "developer")
                assert item["role"] == "assistant" or not waiting
                assert item["content"]
            case kind:
                raise AssertionError(kind)
    assert body["input"]
    assert not waiting
    assert body["store"] is False


GOLDEN = Path(__file__).parents[1] / "golden" / "requests"
GOLDENS = {"claude_code": ("anthropic", anthropic), "chat_agent": ("openai_chat", chat)}


@pytest.mark.parametrize("name", GOLDENS)
def test_c73_golden(name: str, update_golden: bool) -> None:
    """What agents send, in the words of Responses."""
    source, reader = GOLDENS[name]
    request = reader.read((GOLDEN / f"{name}.{source}.json").read_bytes(), "/")
    got = json.dumps(json.loads(responses.write(request, ABLE).body), indent=1) + "\n"
    golden = GOLDEN / f"{name}.openai_responses.json"
    if update_golden:
        golden.write_text(got)
    assert got == golden.read_text()


def test_thinking_before_a_text_of_the_family_stays() -> None:
    said = (Thinking("so", SECRET), Text("a"), ToolUse("t1", "add", "{}"))
    turns = (Message("assistant", said), Message("user", (ToolResult("t1", ()),)))
    request = Request(model="x", messages=(Message("user", (Text("q"),)), *turns))
    kinds = [item["type"] for item in json.loads(responses.write(request, ABLE).body)["input"]]
    assert kinds == ["message", "reasoning", "message", "function_call", "function_call_output"]
