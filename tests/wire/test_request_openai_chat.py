"""Requests of Chat Completions, read; and written again, in general."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given

from turnout.errors import UnsupportedError, WireError
from turnout.wire.openai_chat import request as chat
from turnout.wire.request import (
    Change,
    Document,
    Format,
    Image,
    Message,
    Part,
    Request,
    Target,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from wire.conversations import anything, bare, normal, requests, texts_joined

HELLO = {"role": "user", "content": "Hello"}
EMPTY = {"type": "object", "properties": {}}
ADD = {"type": "function", "function": {"name": "add", "parameters": EMPTY}}
TARGET = Target(model="t", documents=True)


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "gpt-s", "messages": [HELLO]} | fields).encode()


def read(**fields: Any) -> Request:
    return chat.read(body(**fields), "/v1/chat/completions")


def user(*parts: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(parts)}]}


def call(arguments: Any, id: str = "c1", name: str | None = "add") -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def image(url: str, **more: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url} | more}


def file(**fields: str) -> dict[str, Any]:
    return {"type": "file", "file": fields}


FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a string is one text": ({}, {"messages": (Message("user", (Text("Hello"),)),)}),
    "c71 system and developer": (
        {
            "messages": [
                {"role": "system", "content": "You are"},
                {"role": "developer", "content": [{"type": "text", "text": "an agent."}]},
                HELLO,
                {"role": "developer", "content": "Be brief."},
            ]
        },
        {
            "system": (Text("You are"), Text("an agent.")),
            "messages": (
                Message("user", (Text("Hello"),)),
                Message("system", (Text("Be brief."),)),
            ),
        },
    ),
    "samplers": (
        {"temperature": 2, "top_p": 0.5, "top_k": 7, "seed": 3},
        {"temperature": 2.0, "top_p": 0.5, "top_k": 7, "seed": 3},
    ),
    "the newer limit": ({"max_tokens": 5, "max_completion_tokens": 9}, {"max_tokens": 9}),
    "the older limit": ({"max_tokens": 5}, {"max_tokens": 5}),
    "c71 stop null": ({"stop": None}, {"stop": ()}),
    "stop, one": ({"stop": "END"}, {"stop": ("END",)}),
    "stop, several, one empty": ({"stop": ["A", "", "B"]}, {"stop": ("A", "B")}),
    "a stream without usage": ({"stream": True}, {"stream": True, "wants_usage": False}),
    "a stream with usage": (
        {"stream": True, "stream_options": {"include_usage": True}},
        {"stream": True, "wants_usage": True},
    ),
    "no stream always has usage": ({}, {"stream": False, "wants_usage": True}),
    "effort": (
        {"reasoning_effort": "high"},
        {"effort": "high", "thinking": True, "thinking_budget": None},
    ),
    "effort none": ({"reasoning_effort": "none"}, {"effort": "none", "thinking": False}),
    "no effort": ({}, {"effort": None, "thinking": None}),
    "OpenRouter's reasoning": (
        {"reasoning": {"max_tokens": 2000, "exclude": True}},
        {"effort": None, "thinking": True, "thinking_budget": 2000},
    ),
    "DeepSeek's switch": ({"thinking": {"type": "disabled"}}, {"thinking": False}),
    "a tool": (
        {"tools": [{"type": "function", "function": {**ADD["function"], "strict": True}}]},
        {"tools": (Tool("add", "", EMPTY, True),)},
    ),
    "a tool without parameters": (
        {"tools": [{"type": "function", "function": {"name": "now", "description": "Tells."}}]},
        {"tools": (Tool("now", "Tells.", EMPTY),)},
    ),
    "any tool": ({"tool_choice": "required"}, {"tool_choice": ToolChoice("any")}),
    "c71 no tool": ({"tool_choice": "none"}, {"tool_choice": ToolChoice("none")}),
    "a named tool": (
        {"tool_choice": {"type": "function", "function": {"name": "add"}}},
        {"tool_choice": ToolChoice("tool", "add")},
    ),
    "one call at a time": ({"parallel_tool_calls": False}, {"parallel_tools": False}),
    "text is no format": ({"response_format": {"type": "text"}}, {"format": None}),
    "any JSON object": ({"response_format": {"type": "json_object"}}, {"format": Format()}),
    "c71 a format": (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "a", "schema": EMPTY, "description": "D", "strict": True},
            }
        },
        {"format": Format({**EMPTY, "description": "D"}, "a", True)},
    ),
    "values that are no wish": (
        {"n": 1, "logprobs": False, "presence_penalty": 0.0, "logit_bias": {}, "audio": None},
        {"changes": ()},
    ),
    "bookkeeping goes": (
        {"user": "u1", "store": False, "metadata": {"a": "b"}, "prompt_cache_key": "k"},
        {"user": "u1", "changes": ()},
    ),
    "advice is recorded": (
        {"verbosity": "low"},
        {"changes": (Change("verbosity", "advice to the first provider"),)},
    ),
}


@pytest.mark.parametrize(("fields", "means"), FIELDS.values(), ids=FIELDS)
def test_read_fields(fields: dict[str, Any], means: dict[str, Any]) -> None:
    request = read(**fields)
    assert {name: getattr(request, name) for name in means} == means


MESSAGES: dict[str, tuple[dict[str, Any], Message]] = {
    "a list of texts": (
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        Message("user", (Text("a"), Text("b"))),
    ),
    "c71 an image as a data URL": (
        {"role": "user", "content": [image("data:image/PNG;base64,iVBO", detail="auto")]},
        Message("user", (Image("image/png", "iVBO"),)),
    ),
    "an image by URL": (
        {"role": "user", "content": [image("https://example.com/a.png")]},
        Message("user", (Image(url="https://example.com/a.png"),)),
    ),
    "a PDF": (
        {
            "role": "user",
            "content": [file(file_data="data:application/pdf;base64,JVBE", filename="a.pdf")],
        },
        Message("user", (Document("application/pdf", "JVBE", name="a.pdf"),)),
    ),
    "a mark on the message is one on its last part": (
        {"role": "user", "content": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        Message("user", (Text("a", "1h"),)),
    ),
    "calls, and c71 null content": (
        {"role": "assistant", "content": None, "tool_calls": [call('{"a": 1}'), call("{}", "c2")]},
        Message("assistant", (ToolUse("c1", "add", '{"a": 1}'), ToolUse("c2", "add", "{}"))),
    ),
    "text and a call": (
        {"role": "assistant", "content": "Let me see.", "tool_calls": [call("")]},
        Message("assistant", (Text("Let me see."), ToolUse("c1", "add", "{}"))),
    ),
    "arguments that are an object already": (
        {"role": "assistant", "tool_calls": [call({"a": 1})]},
        Message("assistant", (ToolUse("c1", "add", '{"a":1}'),)),
    ),
    "a thought": (
        {"role": "assistant", "content": "Hi", "reasoning_content": "hm"},
        Message("assistant", (Thinking("hm"), Text("Hi"))),
    ),
    "a refusal": (
        {"role": "assistant", "content": None, "refusal": "No.", "audio": None, "annotations": []},
        Message("assistant", (Text("No."),)),
    ),
    "c71 a result with null content": (
        {"role": "tool", "tool_call_id": "c1", "content": None, "name": "add"},
        Message("user", (ToolResult("c1", ()),)),
    ),
    "a result with an image": (
        {"role": "tool", "tool_call_id": "c1", "content": [image("data:image/png;base64,iVBO")]},
        Message("user", (ToolResult("c1", (Image("image/png", "iVBO"),)),)),
    ),
}


@pytest.mark.parametrize(("message", "means"), MESSAGES.values(), ids=MESSAGES)
def test_read_messages(message: dict[str, Any], means: Message) -> None:
    assert read(messages=[HELLO, message]).messages[1] == means


@pytest.mark.parametrize("arguments", ['{"path":"a', "null]", "[1]", '"text"'])
def test_c71_invalid_arguments_are_empty_and_flagged(arguments: str) -> None:
    request = read(messages=[HELLO, {"role": "assistant", "tool_calls": [call(arguments)]}])
    assert request.messages[1].parts == (ToolUse("c1", "add", "{}"),)
    assert [change.what for change in request.changes] == ["tool_calls.arguments"]


def test_a_call_without_a_name_is_skipped_with_its_result() -> None:
    calls = [call("{}", "c1", None), call("{}", "c2")]
    results = [{"role": "tool", "tool_call_id": c, "content": c} for c in ("c1", "c2")]
    request = read(messages=[HELLO, {"role": "assistant", "tool_calls": calls}, *results])
    said: list[Part] = [part for message in request.messages[1:] for part in message.parts]
    assert said == [ToolUse("c2", "add", "{}"), ToolResult("c2", (Text("c2"),))]
    assert [change.what for change in request.changes] == ["tool_calls"]


def assistant(**fields: Any) -> dict[str, Any]:
    return {"messages": [HELLO, {"role": "assistant", "content": "a"} | fields]}


NATIVE: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown field": ({"novelty": 1}, "unknown_field"),
    "a provider's own routing": ({"provider": {"order": ["x"]}}, "unknown_field"),
    "an unknown part": (user({"type": "video_url"}), "unknown_field"),
    "a name of a user": ({"messages": [{**HELLO, "name": "Ann"}]}, "unknown_field"),
    "a role of old": ({"messages": [{"role": "function", "content": "a"}]}, "unknown_field"),
    "a call of old": (assistant(function_call={"name": "a"}), "unknown_field"),
    "a level from the future": ({"reasoning_effort": "extreme"}, "unknown_field"),
    "a list of allowed tools": ({"tool_choice": {"type": "allowed_tools"}}, "unknown_field"),
    "several answers": ({"n": 2}, "n"),
    "probabilities": ({"logprobs": True}, "logprobs"),
    "a penalty": ({"frequency_penalty": 0.5}, "sampling"),
    "a bias": ({"logit_bias": {"50256": -100}}, "sampling"),
    "speech, asked for": ({"modalities": ["text", "audio"]}, "audio"),
    "speech, sent": (user({"type": "input_audio", "input_audio": {}}), "audio"),
    "speech in the history": (assistant(audio={"id": "a1"}), "audio"),
    "a stored file": (user(file(file_id="f1")), "files"),
    "a file that is no PDF": (user(file(file_data="data:text/csv;base64,YQ==")), "files"),
    "an image that is not base64": (user(image("data:image/svg+xml,<svg/>")), "images"),
    "a search on the web": ({"web_search_options": {}}, "server_tools"),
    "a custom tool": ({"tools": [{"type": "custom", "custom": {"name": "a"}}]}, "custom_tools"),
    "a call of a custom tool": (
        assistant(tool_calls=[{"id": "c1", "type": "custom", "custom": {}}]),
        "custom_tools",
    ),
    "citations in the history": (assistant(annotations=[{"type": "url_citation"}]), "citations"),
    "a format from elsewhere": ({"response_format": {"type": "grammar"}}, "structured_output"),
}


@pytest.mark.parametrize(("fields", "reason"), NATIVE.values(), ids=NATIVE)
def test_what_only_this_dialect_can_say(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnsupportedError) as e:
        read(**fields)
    assert e.value.reason == reason


BAD: dict[str, bytes] = {
    "not JSON": b"{",
    "a list": b"[]",
    "not UTF-8": b'{"model":"\xff"}',
    "stream is a word": body(stream="yes"),
    "no messages": b'{"model":"m"}',
    "a message is a string": body(messages=["a"]),
    "stop is a number": body(stop=3),
    "temperature is a word": body(temperature="hot"),
    "an image in a system message": body(
        messages=[{"role": "system", "content": [image("https://example.com/a.png")]}]
    ),
    "a tool without a function": body(tools=[{"type": "function"}]),
}


@pytest.mark.parametrize("sent", BAD.values(), ids=BAD)
def test_bad_bodies(sent: bytes) -> None:
    with pytest.raises(WireError) as e:
        chat.read(sent, "/v1/chat/completions")
    assert not isinstance(e.value, UnsupportedError)


@given(anything())
def test_only_wire_errors(sent: bytes) -> None:
    """Whatever a client sends, it is read or refused."""
    with suppress(WireError):
        chat.write(chat.read(sent, "/v1/chat/completions"), TARGET)


@given(requests())
def test_there_and_back(request: Request) -> None:
    """What is written is read as the same request, as far as this dialect has words."""
    target = Target(model="t", documents=True, reasoning="effort", efforts=("none", "low"))
    back = chat.read(chat.write(request, target).body, "/v1/chat/completions")
    assert bare(normal(back)) == texts_joined(bare(normal(request)))
