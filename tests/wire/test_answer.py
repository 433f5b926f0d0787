"""A whole answer, read and written; and errors in the vendors' envelopes."""

import json
from typing import Any

import pytest

from turnout.errors import WireError
from turnout.wire.anthropic import answer as anthropic
from turnout.wire.anthropic.stream import StreamWriter
from turnout.wire.events import (
    Event,
    Failed,
    Finished,
    Redacted,
    Signature,
    Started,
    Text,
    Thinking,
    ToolCall,
    ToolInput,
    Usage,
)
from turnout.wire.openai_chat import answer as chat
from turnout.wire.openai_chat.stream import StreamReader
from turnout.wire.tools import Repair
from wire import grammar
from wire.upstreams import CHAT, HINTS, Row

DIALECTS = {"anthropic": anthropic, "chat": chat}


def said(row: Row) -> list[Event]:
    """The events of a streamed chat answer on their way to an Anthropic client."""
    reader, mend = StreamReader(nonce="nonce"), Repair({}, lambda _: None)
    read = [event for data in [*row[0], b""] for event in reader.feed(data)]
    return [mended for event in read for mended in mend.feed(event)]


STREAMED = {name: row for name, row in CHAT.items() if name != "c8 cut off in a frame"}


@pytest.mark.parametrize("name", STREAMED)
def test_c28_the_sum_of_the_stream(name: str) -> None:
    events = said(STREAMED[name])
    writer = StreamWriter(HINTS)
    streamed = b"".join(piece for event in events for piece in writer.feed(event))
    got = json.loads(anthropic.write(events, HINTS))
    if isinstance(events[-1], Failed):
        assert got == json.loads(anthropic.write_error(events[-1].status, events[-1].message))
    else:
        assert got == grammar.sum_anthropic(streamed)


def message(**fields: Any) -> bytes:
    return json.dumps(
        {"id": "msg_1", "type": "message", "model": "claude", "content": []} | fields
    ).encode()


def completion(finish: str | None = "stop", usage: Any = None, **fields: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant"} | fields, "finish_reason": finish}
    return json.dumps({"id": "c1", "model": "m", "choices": [choice], "usage": usage}).encode()


def function(name: str | None, arguments: Any, id: str | None = None) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


A, C = Started("msg_1", "claude"), Started("c1", "m")

READ: dict[str, tuple[str, bytes, list[Event]]] = {
    "anthropic: everything": (
        "anthropic",
        message(
            content=[
                {"type": "thinking", "thinking": "so", "signature": "sig"},
                {"type": "redacted_thinking", "data": "xyz"},
                {"type": "text", "text": "a", "citations": None},
                {"type": "tool_use", "id": "t0", "name": "ls", "input": {"a": 1}},
                {"type": "tool_use", "id": "t1", "name": "rm", "input": {}},
            ],
            stop_reason="tool_use",
            usage={"input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 5},
        ),
        [
            A,
            Usage(3, 4, output=5),
            Thinking("so"),
            Signature("sig"),
            Redacted("xyz"),
            Text("a"),
            ToolCall(0, "t0", "ls"),
            ToolInput(0, '{"a":1}'),
            ToolCall(1, "t1", "rm"),
            ToolInput(1, "{}"),
            Finished("tools"),
        ],
    ),
    "anthropic: a stop sequence": (
        "anthropic",
        message(stop_reason="stop_sequence", stop_sequence="END"),
        [A, Finished("stop", "END")],
    ),
    "anthropic: an error": (
        "anthropic",
        anthropic.write_error(529, "Overloaded"),
        [Failed("Overloaded", 529)],
    ),
    "anthropic: no stop reason": (
        "anthropic",
        message(),
        [A, Failed("the upstream ended without a stop reason")],
    ),
    "chat: everything": (
        "chat",
        completion(
            "tool_calls",
            {"prompt_tokens": 9, "completion_tokens": 2},
            content="a",
            reasoning_content="so",
            tool_calls=[function("ls", '{"a":1}', "t0"), function("rm", "", "t1")],
        ),
        [
            C,
            Thinking("so"),
            Text("a"),
            ToolCall(0, "t0", "ls"),
            ToolInput(0, '{"a":1}'),
            ToolCall(1, "t1", "rm"),
            Usage(9, output=2),
            Finished("tools"),
        ],
    ),
    "chat: c17 calls, but stop": (
        "chat",
        completion("stop", content=None, tool_calls=[function("ls", "{}", "t0")]),
        [C, ToolCall(0, "t0", "ls"), ToolInput(0, "{}"), Finished("tools")],
    ),
    "chat: c22 a call without a name": (
        "chat",
        completion("stop", tool_calls=[function(None, "{}", "t9"), function("ls", {}, "t0")]),
        [
            C,
            ToolCall(0, "t0", "ls"),
            Finished("tools", notes=("call_without_name",)),
        ],
    ),
    "chat: c19 a refusal": (
        "chat",
        completion("stop", content=None, refusal="no"),
        [C, Text("no"), Finished("refusal")],
    ),
    "chat: c27 empty": ("chat", completion("stop", content=""), [C, Finished("end")]),
    "chat: an error": ("chat", chat.write_error(429, "slow"), [Failed("slow", 429)]),
    "chat: no finish": (
        "chat",
        completion(None, content="a"),
        [C, Text("a"), Failed("the upstream closed before the answer was finished")],
    ),
}


@pytest.mark.parametrize(("dialect", "body", "means"), READ.values(), ids=READ)
def test_read(dialect: str, body: bytes, means: list[Event]) -> None:
    assert list(DIALECTS[dialect].read(body)) == means


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"null", b"7", b'{"a":', b"\xff\xfe"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_no_answer(dialect: str, body: bytes) -> None:
    with pytest.raises(WireError, match=dialect):
        list(DIALECTS[dialect].read(body))


EVENTS: list[Event] = [
    Started("c1", "m"),
    Thinking("so"),
    Text("a"),
    Text("b"),
    ToolCall(0, "t0", "ls"),
    ToolInput(0, '{"a":'),
    ToolInput(0, "1}"),
    Usage(200, 800, 50, 0, 20, 7),
    Finished("tools"),
]


def test_write_anthropic() -> None:
    assert json.loads(anthropic.write(EVENTS, HINTS)) == {
        "id": "answer_1",
        "type": "message",
        "role": "assistant",
        "model": "served-model",
        "content": [
            {"type": "thinking", "thinking": "so", "signature": ""},
            {"type": "text", "text": "ab"},
            {"type": "tool_use", "id": "t0", "name": "ls", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 200,
            "cache_creation_input_tokens": 50,
            "cache_read_input_tokens": 800,
            "output_tokens": 20,
            "cache_creation": {"ephemeral_5m_input_tokens": 50, "ephemeral_1h_input_tokens": 0},
            "output_tokens_details": {"thinking_tokens": 7},
        },
    }


def test_write_chat() -> None:
    call = {
        "id": "t0",
        "type": "function",
        "function": {"name": "ls", "arguments": '{"a":1}'},
    }
    assert json.loads(chat.write(EVENTS, HINTS)) == {
        "id": "answer_1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "served-model",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "ab",
                    "refusal": None,
                    "reasoning_content": "so",
                    "tool_calls": [call],
                },
                "logprobs": None,
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {
            "prompt_tokens": 1050,
            "completion_tokens": 20,
            "total_tokens": 1070,
            "prompt_tokens_details": {"cached_tokens": 800, "cache_write_tokens": 50},
            "completion_tokens_details": {"reasoning_tokens": 7},
        },
    }


def test_chat_content_is_null_with_calls_only_and_usage_is_not_invented() -> None:
    events = [C, ToolCall(0, "t0", "ls"), ToolInput(0, "{}"), Finished("tools")]
    got = json.loads(chat.write(events, HINTS))
    assert got["choices"][0]["message"]["content"] is None
    assert "usage" not in got
    empty = json.loads(chat.write([C, Finished("end")], HINTS))
    assert empty["choices"][0]["message"]["content"] == ""


def test_two_texts_are_joined_by_a_line_break() -> None:
    blocks = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    events = anthropic.read(message(content=blocks, stop_reason="end_turn"))
    assert json.loads(chat.write(events, HINTS))["choices"][0]["message"]["content"] == "a\nb"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_c8_an_answer_without_an_end_is_an_error(dialect: str) -> None:
    module = DIALECTS[dialect]
    assert module.read_error(module.write([C, Text("a")], HINTS)) == (
        "the upstream's answer has no end"
    )


def test_c26_a_rate_limit_in_each_clients_words() -> None:
    assert json.loads(anthropic.write_error(429, "slow")) == {
        "type": "error",
        "error": {"type": "rate_limit_error", "message": "slow"},
    }
    assert json.loads(chat.write_error(429, "slow")) == {
        "error": {
            "message": "slow",
            "type": "rate_limit_error",
            "param": None,
            "code": "rate_limit_exceeded",
            "status": 429,
        }
    }


ERRORS = {
    "anthropic": (b'{"type":"error","error":{"type":"api_error","message":"no"}}', "no"),
    "openai": (b'{"error":{"message":"no","type":"server_error","code":null}}', "no"),
    "google": (b'[{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}]', "no"),
    "fastapi": (b'{"detail":[{"loc":["body"],"msg":"no"}]}', "no"),
    "a sentence": (b'{"error":"no"}', "no"),
    "a bare message": (b'{"object":"error","message":"no","code":404}', "no"),
    "a string": (b'"no"', "no"),
    "something else": (b'{"oh":"no"}', '{"oh": "no"}'),
    "html with a title": (
        b"<html><head><title>502 Bad\nGateway</title></head><h1>x</h1></html>",
        "502 Bad Gateway",
    ),
    "html without": (b"<style>p {}</style><p>no <b>luck</b></p>", "no luck"),
    "plain text": (b"upstream connect error\n", "upstream connect error"),
    "empty": (b"", ""),
    "null": (b"null", ""),
    "an empty list": (b"[]", ""),
    "no utf-8": (b"\xff\xfe", "\ufffd\ufffd"),
    "half a surrogate": (rb'{"error":"\ud83d"}', "?"),
    "long": (b"x" * 5000, "x" * 599 + "…"),
    "deep": (b"[" * 100_000, "[" * 599 + "…"),
}


@pytest.mark.parametrize(("body", "says"), ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_read_error(dialect: str, body: bytes, says: str) -> None:
    assert DIALECTS[dialect].read_error(body) == says
