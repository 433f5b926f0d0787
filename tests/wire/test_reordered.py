"""Events of an answer in an order that nobody promised: nothing is lost, nothing said twice."""

import json
from typing import Any

import pytest

from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Event, Text, ToolCall, ToolInput
from turnout.wire.request import DialectName

type Json = dict[str, Any]

START: Json = {"type": "message_start", "message": {"id": "m", "model": "x"}}
STOP: list[Json] = [
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
    {"type": "message_stop"},
]


def begins(kind: str, index: int = 0) -> Json:
    block = {"type": kind, "id": f"t{index}", "name": "f", "input": {}}
    return {"type": "content_block_start", "index": index, "content_block": block}


def tells(fragment: str, index: int = 0) -> Json:
    delta = {"type": "input_json_delta", "partial_json": fragment}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def ends(index: int = 0) -> Json:
    return {"type": "content_block_stop", "index": index}


CALL: Json = {
    "type": "function_call", "id": "fc", "call_id": "t0", "name": "f", "arguments": '{"a":1}',
}  # fmt: skip
SAID: Json = {
    "type": "message", "id": "msg", "role": "assistant",
    "content": [{"type": "output_text", "text": "hi"}],
}  # fmt: skip


FREE: Json = {
    "type": "custom_tool_call", "id": "ct", "call_id": "t0", "name": "f", "input": "ls -l",
}  # fmt: skip


def done(item: Json) -> Json:
    return {"type": "response.output_item.done", "output_index": 0, "item": item}


def delta(kind: str, text: str, item: str) -> Json:
    where = {"output_index": 0, "item_id": item, "content_index": 0}
    return {"type": f"response.{kind}.delta", "delta": text, **where}


def completed(*output: Json) -> Json:
    response = {"id": "r", "model": "x", "status": "completed", "output": list(output)}
    return {"type": "response.completed", "response": response}


# the events, the text, the inputs of calls
ORDERS: dict[str, tuple[DialectName, list[Json], str, list[str]]] = {
    "a: input before its block": (
        "anthropic",
        [START, tells('{"a"'), tells(":1}"), begins("tool_use"), ends(), *STOP],
        "",
        ['{"a":1}'],
    ),
    "a: some of it": (
        "anthropic",
        [START, tells('{"a"'), begins("tool_use"), tells(":1}"), ends(), *STOP],
        "",
        ['{"a":1}'],
    ),
    "a: of two blocks": (
        "anthropic",
        [
            START,
            tells("{}", 1),
            begins("tool_use", 0),
            tells('{"a":1}', 0),
            begins("tool_use", 1),
            ends(0),
            ends(1),
            *STOP,
        ],
        "",
        ['{"a":1}', "{}"],
    ),
    "a: of a server's tool": (
        "anthropic",
        [
            START,
            begins("server_tool_use"),
            tells('{"q":1}'),
            ends(),
            begins("tool_use", 1),
            tells("{}", 1),
            ends(1),
            *STOP,
        ],
        "",
        ["{}"],
    ),
    "a: of a block that is none": (
        "anthropic",
        [
            START,
            tells('{"a":1}'),
            begins("hologram"),
            ends(),
            begins("tool_use", 1),
            ends(1),
            *STOP,
        ],
        "",
        ["{}"],
    ),
    "r: arguments after their item": (
        "openai_responses",
        [done(CALL), delta("function_call_arguments", "{}", "fc"), completed(CALL)],
        "",
        ['{"a":1}'],
    ),
    "r: arguments before their item": (
        "openai_responses",
        [delta("function_call_arguments", '{"a":1}', "fc"), done(CALL), completed(CALL)],
        "",
        ['{"a":1}'],
    ),
    "r: free-form input before its item": (
        "openai_responses",
        [delta("custom_tool_call_input", "ls -l", "ct"), done(FREE), completed(FREE)],
        "",
        ['{"input": "ls -l"}'],
    ),
    "r: text after its item": (
        "openai_responses",
        [done(SAID), delta("output_text", "hi", "msg"), completed(SAID)],
        "hi",
        [],
    ),
    "r: text before its item": (
        "openai_responses",
        [delta("output_text", "hi", "msg"), done(SAID), completed(SAID)],
        "hi",
        [],
    ),
}


@pytest.mark.parametrize(("dialect", "events", "text", "inputs"), ORDERS.values(), ids=ORDERS)
def test_the_order_of_events(
    dialect: DialectName, events: list[Json], text: str, inputs: list[str]
) -> None:
    reader = DIALECTS[dialect].stream_reader()
    frames = [b"data: %b\n\n" % json.dumps(event).encode() for event in events]
    heard: list[Event] = [one for data in (*frames, b"") for one in reader.feed(data)]
    assert "".join(one.text for one in heard if isinstance(one, Text)) == text
    calls = [one.index for one in heard if isinstance(one, ToolCall)]
    told = [one for one in heard if isinstance(one, ToolInput)]
    assert ["".join(one.json for one in told if one.index == call) for call in calls] == inputs
