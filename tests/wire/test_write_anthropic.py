"""Requests written as Anthropic Messages: what a target is told, and what it cannot be told."""

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as altered

from turnout.errors import UnsupportedError
from turnout.wire.anthropic.write import write
from turnout.wire.request import (
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

HELLO = Message("user", (Text("Hello"),))
BYE = Message("user", (Text("Bye"),))
CALL = ToolUse("t1", "add", '{"a":1}')
SAID = Message("assistant", (CALL,))
RESULT = Message("user", (ToolResult("t1", (Text("3"),)),))
OPEN = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^a"}}}
ADD = Tool("add", "Adds.", OPEN)
FIT = Target(model="t", stop=9, documents=True)
BUDGET = replace(FIT, reasoning="budget")
ADAPTIVE = replace(FIT, reasoning="adaptive", efforts=("low", "medium", "high", "max"))
MARK = {"cache_control": {"type": "ephemeral"}}


def asks(*messages: Message, **fields: Any) -> Request:
    return Request(model="s", messages=messages or (HELLO,), **{"max_tokens": 9000} | fields)


def body(request: Request, target: Target = FIT) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(write(request, target).body)
    return sent


def said(request: Request, target: Target = FIT) -> set[str]:
    return {change.what for change in write(request, target).changes}


FORCED = {"tools": (ADD,), "tool_choice": ToolChoice("tool", "add")}
# request, target                                  -> keys of the body; None: absent
BODIES: dict[str, tuple[Request, Target, dict[str, Any]]] = {
    "the target's name, and a limit": (asks(), FIT, {"model": "t", "max_tokens": 9000}),
    "a limit beyond the cap": (asks(), replace(FIT, max_output=4096), {"max_tokens": 4096}),
    "a limit is required": (asks(max_tokens=None), FIT, {"max_tokens": 8192}),
    "a limit is required, within the cap": (
        asks(max_tokens=None),
        replace(FIT, max_output=4096),
        {"max_tokens": 4096},
    ),
    "streaming": (asks(stream=True), FIT, {"stream": True}),
    "not streaming": (asks(), FIT, {"stream": None}),
    "samplers": (asks(temperature=0.5, top_k=3), FIT, {"temperature": 0.5, "top_k": 3}),
    "temperature and top_p at its default": (
        asks(temperature=0.5, top_p=1.0),
        FIT,
        {"temperature": 0.5, "top_p": None},
    ),
    "samplers at their defaults, for a model that takes none": (
        asks(temperature=1.0, top_p=1.0),
        replace(FIT, samplers=False),
        {"temperature": None, "top_p": None},
    ),
    "stops": (asks(stop=("A", "B")), FIT, {"stop_sequences": ["A", "B"]}),
    "the user": (asks(user="u1"), FIT, {"metadata": {"user_id": "u1"}}),
    "effort is a budget": (
        asks(thinking=True, effort="medium"),
        BUDGET,
        {"thinking": {"type": "enabled", "budget_tokens": 8192}, "output_config": None},
    ),
    "a budget stays below the limit": (
        asks(thinking=True, thinking_budget=31999, max_tokens=5000),
        BUDGET,
        {"thinking": {"type": "enabled", "budget_tokens": 4999}},
    ),
    "no room to think": (asks(thinking=True, max_tokens=1000), BUDGET, {"thinking": None}),
    "adaptive thinking with an effort": (
        asks(thinking=True, effort="high"),
        ADAPTIVE,
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
    ),
    "xhigh is max where only max exists": (
        asks(thinking=True, effort="xhigh"),
        ADAPTIVE,
        {"output_config": {"effort": "max"}},
    ),
    "a budget is an effort": (
        asks(thinking=True, thinking_budget=16384),
        ADAPTIVE,
        {"thinking": {"type": "adaptive"}, "output_config": {"effort": "medium"}},
    ),
    "no level is made up": (
        asks(thinking=True),
        ADAPTIVE,
        {"thinking": {"type": "adaptive"}, "output_config": None},
    ),
    "effort without thinking": (
        asks(effort="low"),
        ADAPTIVE,
        {"thinking": None, "output_config": {"effort": "low"}},
    ),
    "nobody asked for thinking": (
        asks(effort="none"),
        ADAPTIVE,
        {"thinking": None, "output_config": None},
    ),
    "switched off where it is always on": (
        asks(thinking=False),
        replace(ADAPTIVE, reasoning_required=True),
        {"thinking": None, "output_config": {"effort": "low"}},
    ),
    "a model that does not think": (asks(thinking=True, effort="high"), FIT, {"thinking": None}),
    "no thinking with a forced tool": (
        asks(thinking=True, effort="high", **FORCED),
        ADAPTIVE,
        {"thinking": None, "output_config": {"effort": "high"}},
    ),
    "no budget in a tool loop that began without thinking": (
        asks(HELLO, SAID, RESULT, thinking=True, effort="high", tools=(ADD,)),
        BUDGET,
        {"thinking": None},
    ),
    "a format is closed": (
        asks(format=Format({"type": "object", "properties": {"a": {"type": "string"}}})),
        FIT,
        {
            "output_config": {
                "format": {
                    "type": "json_schema",
                    "schema": {
                        "type": "object",
                        "properties": {"a": {"type": "string"}},
                        "additionalProperties": False,
                    },
                }
            }
        },
    ),
    "a tool": (
        asks(tools=(ADD,)),
        FIT,
        {
            "tools": [{"name": "add", "description": "Adds.", "input_schema": OPEN}],
            "tool_choice": None,
        },
    ),
    "c33 a tool with a pattern, where it is refused": (
        asks(tools=(Tool("add", "", OPEN),)),
        replace(FIT, pattern_in_schema=False),
        {
            "tools": [
                {
                    "name": "add",
                    "input_schema": {
                        "type": "object",
                        "properties": {"a": {"type": "string", "description": "(pattern: ^a)"}},
                    },
                }
            ]
        },
    ),
    "c71 one call at a time": (
        asks(tools=(ADD,), parallel_tools=False),
        FIT,
        {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
    ),
    "c71 no call": (
        asks(tools=(ADD,), tool_choice=ToolChoice("none"), parallel_tools=False),
        FIT,
        {"tool_choice": {"type": "none"}},
    ),
    "tools of the history are declared": (
        asks(HELLO, SAID, RESULT),
        FIT,
        {
            "tools": [{"name": "add", "input_schema": {"type": "object", "properties": {}}}],
            "tool_choice": {"type": "none"},
        },
    ),
    "system messages of the conversation move": (
        asks(HELLO, Message("system", (Text("Be brief."),)), BYE, system=(Text("You are."),)),
        FIT,
        {
            "system": [
                {"type": "text", "text": "You are."},
                {"type": "text", "text": "Be brief.", **MARK},
            ],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Hello"},
                        {"type": "text", "text": "Bye", **MARK},
                    ],
                }
            ],
        },
    ),
    "system messages stay where they are taken": (
        asks(HELLO, Message("system", (Text("Be brief."),)), BYE),
        replace(FIT, mid_system=True),
        {
            "system": None,
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
                {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
                {"role": "user", "content": [{"type": "text", "text": "Bye", **MARK}]},
            ],
        },
    ),
    "c12 thinking of another model goes, and the message that is empty then": (
        asks(HELLO, Message("assistant", (Thinking("hm", "s"), Thinking("hm"))), BYE),
        FIT,
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Hello"},
                        {"type": "text", "text": "Bye", **MARK},
                    ],
                }
            ]
        },
    ),
    "a text document": (
        asks(Message("user", (Document("text/plain", "w6Q=", name="a.txt"),))),
        FIT,
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "document",
                            "source": {"type": "text", "media_type": "text/plain", "data": "ä"},
                            "title": "a.txt",
                            **MARK,
                        }
                    ],
                }
            ]
        },
    ),
    "white space at the end of a prefill": (
        asks(HELLO, Message("assistant", (Text("It is \n"),))),
        FIT,
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
                {"role": "assistant", "content": [{"type": "text", "text": "It is", **MARK}]},
            ]
        },
    ),
}


@pytest.mark.parametrize(("request_", "target", "means"), BODIES.values(), ids=BODIES)
def test_write(request_: Request, target: Target, means: dict[str, Any]) -> None:
    sent = body(request_, target)
    assert {name: sent.get(name) for name in means} == means


def test_c12_signed_thinking_stays_with_its_model() -> None:
    thought = (Thinking("hm", "s"), Thinking("hm"), Thinking("", "x", redacted=True), Text("Hi"))
    sent = body(asks(HELLO, Message("assistant", thought), BYE), replace(FIT, model="s"))
    assert [block["type"] for block in sent["messages"][1]["content"]] == [
        "thinking",
        "redacted_thinking",
        "text",
    ]


def test_odd_ids_are_mended_alike_in_call_and_result() -> None:
    call, result = altered(CALL, id="functions.add:0"), ToolResult("functions.add:0", ())
    sent = body(asks(HELLO, Message("assistant", (call,)), Message("user", (result,))))
    made = sent["messages"][1]["content"][0]["id"]
    assert made == sent["messages"][2]["content"][0]["tool_use_id"] != call.id


def test_ids_that_an_upstream_uses_again_become_unique() -> None:
    sent = body(asks(HELLO, SAID, RESULT, SAID, RESULT))
    ids = [message["content"][0].get("id") for message in sent["messages"]]
    results = [message["content"][0].get("tool_use_id") for message in sent["messages"]]
    assert ids[1] == results[2] == "t1"
    assert ids[3] == results[4] != "t1"


REFUSED: dict[str, tuple[Request, Target, str]] = {
    "c71 a temperature above 1": (asks(temperature=1.2), FIT, "sampling"),
    "a seed": (asks(seed=1), FIT, "sampling"),
    "temperature and top_p": (asks(temperature=0.5, top_p=0.5), FIT, "sampling"),
    "a model without samplers": (asks(temperature=0.5), replace(FIT, samplers=False), "sampling"),
    "thinking takes no samplers": (
        asks(thinking=True, effort="high", temperature=0.2),
        BUDGET,
        "sampling",
    ),
    "too many stops": (asks(stop=("a", "b")), replace(FIT, stop=1), "stop"),
    "a stop of white space": (asks(stop=("\n",)), FIT, "stop"),
    "c71 any JSON object": (asks(format=Format()), FIT, "structured_output"),
    "a model without formats": (
        asks(format=Format({"type": "string"})),
        replace(FIT, structured=False),
        "structured_output",
    ),
    "a model without tools": (asks(tools=(ADD,)), replace(FIT, tools=False), "tools"),
    "c32 too many tools": (
        asks(tools=(ADD,) * 3),
        replace(FIT, max_tools=2),
        "too_many_tools",
    ),
    "a tool's name with a dot": (asks(tools=(replace(ADD, name="a.b"),)), FIT, "schema"),
    "c35 a model without documents": (
        asks(Message("user", (Document("application/pdf", "JVBE"),))),
        replace(FIT, documents=False),
        "files",
    ),
    "a document of a kind it cannot read": (
        asks(Message("user", (Document("application/zip", "UEs="),))),
        FIT,
        "files",
    ),
    "a model without images": (
        asks(Message("user", (Image("image/png", "iVBO"),))),
        replace(FIT, images=False),
        "images",
    ),
    "an image of a kind it cannot read": (
        asks(Message("user", (Image("image/tiff", "SUkq"),))),
        FIT,
        "images",
    ),
    "a model that fetches no images": (
        asks(Message("user", (Image(url="https://example.com/a.png"),))),
        replace(FIT, image_urls=False),
        "image_url",
    ),
    "a prefill": (
        asks(HELLO, Message("assistant", (Text("It"),))),
        replace(FIT, prefill=False),
        "prefill",
    ),
    "the assistant begins": (asks(Message("assistant", (Text("Hi"),)), BYE), FIT, "native_only"),
    "no message": (asks(Message("user", ())), FIT, "native_only"),
    "a call without its result": (asks(HELLO, SAID, BYE), FIT, "native_only"),
    "a result without its call": (asks(RESULT), FIT, "native_only"),
}


@pytest.mark.parametrize(("request_", "target", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_the_target_cannot_be_told(request_: Request, target: Target, reason: str) -> None:
    with pytest.raises(UnsupportedError) as e:
        write(request_, target)
    assert e.value.reason == reason


def test_every_alteration_is_recorded() -> None:
    asked = asks(HELLO, Message("assistant", (Thinking("hm"), Text("Hi"))), BYE, max_tokens=99999)
    assert said(asked, replace(FIT, max_output=9)) == {"max_tokens", "thinking", "cache_control"}


def test_invalid_arguments_are_flagged() -> None:
    call = Message("assistant", (altered(CALL, input='{"a'),))
    assert body(asks(HELLO, call, RESULT))["messages"][1]["content"][0]["input"] == {}
    assert "tool_use.input" in said(asks(HELLO, call, RESULT))
