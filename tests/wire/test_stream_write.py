"""A streamed answer, translated: what a client of the other dialect sees, byte for byte."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from turnout.wire import sse
from turnout.wire.anthropic import stream as anthropic
from turnout.wire.dialect import Hints
from turnout.wire.events import (
    Event,
    Failed,
    Finished,
    Started,
    Text,
    Thinking,
    ToolCall,
    ToolInput,
    Usage,
)
from turnout.wire.openai_chat import stream as openai_chat
from turnout.wire.translate import Translation
from wire import grammar
from wire.upstreams import ANTHROPIC, CHAT, HINTS, Row

GOLDEN = Path(__file__).parents[1] / "golden"


def to_anthropic(row: Row) -> bytes:
    reader = openai_chat.StreamReader(nonce="nonce")
    return told(Translation(reader, anthropic.StreamWriter(HINTS), lambda _: None), row)


def to_chat(row: Row, hints: Hints = HINTS) -> bytes:
    reader = anthropic.StreamReader(nonce="nonce")
    return told(Translation(reader, openai_chat.StreamWriter(hints), lambda _: None), row)


def told(translation: Translation, row: Row) -> bytes:
    return b"".join(b"".join(translation(data)) for data in [*row[0], b""])


def compare(got: bytes, folder: str, name: str, *, update: bool) -> None:
    plain = re.sub(r"[^a-z0-9_]", "", name.lower().replace(" ", "_"))
    golden = GOLDEN / folder / f"{plain}.sse"
    if update:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(got)
    assert got == golden.read_bytes()


# what JSON says of a cut frame differs from one Python to the next
STABLE = [name for name in CHAT if name != "c8 cut off in a frame"]


@pytest.mark.parametrize("name", STABLE)
def test_an_anthropic_client_sees(name: str, update_golden: bool) -> None:
    got = to_anthropic(CHAT[name])
    grammar.check_anthropic(got)
    compare(got, "chat_to_anthropic", name, update=update_golden)


@pytest.mark.parametrize("name", ANTHROPIC)
def test_a_chat_client_sees(name: str, update_golden: bool) -> None:
    got = to_chat(ANTHROPIC[name])
    grammar.check_chat(got, usage=True)
    compare(got, "anthropic_to_chat", name, update=update_golden)


def test_goldens_are_all_used() -> None:
    """A renamed row leaves no file behind."""
    assert len(list((GOLDEN / "chat_to_anthropic").iterdir())) == len(STABLE)
    assert len(list((GOLDEN / "anthropic_to_chat").iterdir())) == len(ANTHROPIC)


def payloads(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(frame.data) for frame in grammar.frames(data) if frame.data != "[DONE]"]


def message(name: str) -> dict[str, Any]:
    return grammar.sum_anthropic(to_anthropic(CHAT[name]))


# row                                               -> stop_reason, kinds of block
BLOCKS = {
    "c15 text": ("end_turn", ["text"]),
    "c16 two calls, interleaved by index": ("tool_use", ["tool_use", "tool_use"]),
    "c17 finish stop, but calls": ("tool_use", ["text", "tool_use"]),
    "c18 the limit": ("max_tokens", ["text"]),
    "c19 content filter": ("refusal", ["text"]),
    "c19 a refusal field": ("refusal", ["text"]),
    "c20 reasoning_content, then text": ("end_turn", ["thinking", "text"]),
    "c22 a call without a name is dropped": ("tool_use", ["tool_use", "tool_use"]),
    "c27 empty, with a finish": ("end_turn", []),
}


@pytest.mark.parametrize(("name", "means"), BLOCKS.items(), ids=BLOCKS)
def test_the_message_that_adds_up(name: str, means: tuple[str, list[str]]) -> None:
    got = message(name)
    assert (got["stop_reason"], [block["type"] for block in got["content"]]) == means


def test_c16_interleaved_arguments_are_complete() -> None:
    got = message("c16 two calls, interleaved by index")
    assert [block["input"] for block in got["content"]] == [{"a": 1}, {"b": 2}]


def test_c16_calls_one_after_another_are_one_block_at_a_time() -> None:
    data = to_anthropic(CHAT["c16 two calls, one after another"])
    kinds = [event["type"] for event in payloads(data)]
    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    assert kinds == ["message_start", *block, *block, "message_delta", "message_stop"]


def test_c15_usage_is_there_from_the_start_and_estimated_without_an_upstreams_word() -> None:
    first, *_, delta, _ = payloads(to_anthropic(CHAT["c15 text"]))
    assert first["message"]["usage"]["input_tokens"] == HINTS.input_tokens
    assert first["message"]["usage"]["output_tokens"] == 0
    assert delta["usage"]["input_tokens"] == HINTS.input_tokens
    assert delta["usage"]["output_tokens"] == 1  # three characters


def test_c21_cached_tokens_are_not_fresh() -> None:
    usage = message("c21 cached tokens are not fresh")["usage"]
    assert usage["input_tokens"] == 200
    assert usage["cache_read_input_tokens"] == 800
    assert usage["output_tokens_details"] == {"thinking_tokens": 7}


def test_c72_prompt_tokens_are_all_input() -> None:
    got = grammar.sum_chat(to_chat(ANTHROPIC["c72 the cache has its own tokens"]))
    assert got["usage"] == {
        "prompt_tokens": 100,
        "completion_tokens": 9,
        "total_tokens": 109,
        "prompt_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 70},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }


def test_c72_refusal_and_thinking() -> None:
    assert grammar.sum_chat(to_chat(ANTHROPIC["a refusal"]))["finish"] == "content_filter"
    got = grammar.sum_chat(to_chat(ANTHROPIC["thinking, signed and sealed"]))
    assert got["message"] == {"role": "assistant", "content": "a", "reasoning_content": "so"}


def test_c72_usage_only_for_a_client_that_wants_it() -> None:
    row = ANTHROPIC["c72 the cache has its own tokens"]
    got = to_chat(row, Hints(id="x", model="m", wants_usage=False))
    grammar.check_chat(got, usage=False)
    assert b"usage" not in got


def write(writer: Any, events: list[Event]) -> bytes:
    return b"".join(piece for event in events for piece in writer.feed(event))


START, CALL = Started("c1", "m"), ToolCall(0, "t0", "ls")
# events                                            -> blocks of the message
WRITE: dict[str, tuple[list[Event], list[dict[str, Any]]]] = {
    "c20 white space between thinking and a call is withheld": (
        [START, Thinking("so"), Text("\n"), Text(" \n"), CALL, ToolInput(0, "{}")],
        [
            {"type": "thinking", "thinking": "so", "signature": ""},
            {"type": "tool_use", "id": "t0", "name": "ls", "input": {}},
        ],
    ),
    "c20 white space is given out when text follows": (
        [START, Thinking("so"), Text("\n"), Text(" a"), Text("\n")],
        [
            {"type": "thinking", "thinking": "so", "signature": ""},
            {"type": "text", "text": "\n a\n"},
        ],
    ),
    "c20 white space before a call does not come after it": (
        [START, Text("\n"), CALL, ToolInput(0, "{}"), Text("a")],
        [
            {"type": "tool_use", "id": "t0", "name": "ls", "input": {}},
            {"type": "text", "text": "a"},
        ],
    ),
    "white space alone is no block": ([START, Text("\n")], []),
    "events before the start": ([Text("a")], [{"type": "text", "text": "a"}]),
    "garbage after a call that is whole": (
        [START, CALL, ToolInput(0, "{}"), Text("a"), ToolInput(0, "]]")],
        [
            {"type": "tool_use", "id": "t0", "name": "ls", "input": {}},
            {"type": "text", "text": "a"},
        ],
    ),
}


@pytest.mark.parametrize(("events", "blocks"), WRITE.values(), ids=WRITE)
def test_anthropic_blocks(events: list[Event], blocks: list[dict[str, Any]]) -> None:
    data = write(anthropic.StreamWriter(HINTS), [*events, Finished("end")])
    grammar.check_anthropic(data)
    assert grammar.sum_anthropic(data)["content"] == blocks


def test_c16_open_blocks_are_closed_in_index_order() -> None:
    events = [START, CALL, ToolInput(0, '{"a"'), Text("b"), ToolInput(0, ":1}"), Finished("tools")]
    stops = [
        event["index"]
        for event in payloads(write(anthropic.StreamWriter(HINTS), events))
        if event["type"] == "content_block_stop"
    ]
    assert stops == [0, 1]


def test_c17_calls_have_no_stop_sequence() -> None:
    events = [START, CALL, ToolInput(0, "{}"), Finished("stop", "END")]
    got = grammar.sum_anthropic(write(anthropic.StreamWriter(HINTS), events))
    assert (got["stop_reason"], got["stop_sequence"]) == ("tool_use", None)


# fmt: off
STATUS = [
    (400, "invalid_request_error"), (401, "authentication_error"), (403, "permission_error"),
    (404, "not_found_error"), (413, "request_too_large"), (429, "rate_limit_error"),
    (500, "api_error"), (502, "api_error"), (503, "overloaded_error"), (529, "overloaded_error"),
]
# fmt: on


@pytest.mark.parametrize(("status", "kind"), STATUS)
def test_c7_an_error_event_in_the_clients_words(status: int, kind: str) -> None:
    data = write(anthropic.StreamWriter(HINTS), [START, Text("a"), Failed("no", status)])
    assert payloads(data)[-1] == {"type": "error", "error": {"type": kind, "message": "no"}}
    assert b"message_stop" not in data


@pytest.mark.parametrize(("status", "_"), STATUS)
def test_c7_a_chat_error_says_its_status_and_no_done(status: int, _: str) -> None:
    data = write(openai_chat.StreamWriter(HINTS), [START, Text("a"), Failed("no", status)])
    assert b"[DONE]" not in data
    reader = openai_chat.StreamReader()
    *_, last = [event for piece in (data, b"") for event in reader.feed(piece)]
    assert last == Failed("no", status)


def test_text_after_other_content_begins_a_line() -> None:
    events = [START, Text("a"), CALL, ToolInput(0, "{}"), Text("b"), Text("c"), Finished("tools")]
    got = grammar.sum_chat(write(openai_chat.StreamWriter(HINTS), events))
    assert got["message"]["content"] == "a\nbc"


def test_half_a_surrogate_pair_passes() -> None:
    """Some upstreams cut an emoji in two; each half can only travel as an escape."""
    halves = [Text("\ud83d"), Text("\ude00")]
    data = write(anthropic.StreamWriter(HINTS), [START, *halves, Usage(), Finished("end")])
    assert rb"\ud83d" in data
    grammar.check_anthropic(data)


def test_goldens_are_valid_json() -> None:
    for path in (GOLDEN / "chat_to_anthropic").glob("*.sse"):
        for frame in sse.FrameReader().feed(path.read_bytes()):
            assert json.loads(frame.data)["type"] == frame.event
