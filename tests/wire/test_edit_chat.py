"""OpenAI Chat Completions for another model of the dialect: only the named edits."""

import json
from typing import Any

import pytest

from turnout.errors import UnsupportedError, WireError
from turnout.wire.openai_chat.edit import splice
from turnout.wire.request import Target

USER = {"role": "user", "content": "hi"}
ASSISTANT = {"role": "assistant", "content": "ok"}
CALL = {
    "role": "assistant",
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "done"}
PLAIN = Target(model="plain", max_output=4096)
THINKER = Target(
    model="thinker",
    samplers=False,
    stop=0,
    reasoning="effort",
    efforts=("low", "medium", "high"),
    max_tokens_name="max_completion_tokens",
    max_output=32000,
)
REPLAYS = Target(model="replays", reasoning="effort", replays_reasoning=True)


def body(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "asked", "messages": list(messages) or [USER], **more}


def edited(there: dict[str, Any], target: Target) -> tuple[dict[str, Any], set[str]]:
    written = splice(json.dumps(there).encode(), target)
    return json.loads(written.body), {change.what for change in written.changes}


USAGE = {"stream_options": {"include_usage": True}}
SILENT = {
    "temperature": 1,
    "top_p": 1.0,
    "presence_penalty": 0,
    "frequency_penalty": 0.0,
    "logit_bias": {},
    "logprobs": False,
    "top_logprobs": None,
    "stop": None,
}

# what the client asks for                       target   what the target is told
ASKED: dict[str, tuple[dict[str, Any], Target, dict[str, Any]]] = {
    "the model only": ({}, PLAIN, {}),
    "a limit by another name": ({"max_tokens": 9}, THINKER, {"max_completion_tokens": 9}),
    "a limit by its name": ({"max_completion_tokens": 9}, THINKER, {"max_completion_tokens": 9}),
    "a limit by both names": (
        {"max_tokens": 5, "max_completion_tokens": 9},
        THINKER,
        {"max_completion_tokens": 9},
    ),
    "a limit by the newer name": ({"max_completion_tokens": 9}, PLAIN, {"max_tokens": 9}),
    "a limit above the cap": ({"max_tokens": 9999}, PLAIN, {"max_tokens": 4096}),
    "a limit above the cap, by another name": (
        {"max_tokens": 99999},
        THINKER,
        {"max_completion_tokens": 32000},
    ),
    "a limit of null": ({"max_tokens": None}, THINKER, {}),
    "samplers at their default": (SILENT, THINKER, {}),
    "samplers stay": ({"temperature": 0, "stop": "a"}, PLAIN, {"temperature": 0, "stop": "a"}),
    "four stops": ({"stop": ["a", "b", "c", "d"]}, PLAIN, {"stop": ["a", "b", "c", "d"]}),
    "an effort for a model without": (
        {"reasoning_effort": "high", "reasoning": {"effort": "high"}, "thinking": {"type": "on"}},
        PLAIN,
        {},
    ),
    "an effort that is known": ({"reasoning_effort": "low"}, THINKER, {"reasoning_effort": "low"}),
    "an effort above the ladder": (
        {"reasoning_effort": "xhigh"},
        THINKER,
        {"reasoning_effort": "high"},
    ),
    "an effort below the ladder": (
        {"reasoning_effort": "minimal"},
        THINKER,
        {"reasoning_effort": "low"},
    ),
    "a server's own word": ({"thinking": {"type": "enabled"}}, THINKER, {}),
    "c86 usage of a stream": ({"stream": True}, PLAIN, {"stream": True} | USAGE),
    "c86 other options stay": (
        {"stream": True, "stream_options": {"include_obfuscation": False}},
        PLAIN,
        {"stream": True, "stream_options": {"include_obfuscation": False, "include_usage": True}},
    ),
    "c86 usage is refused": (
        {"stream": True, "stream_options": {"include_usage": False}},
        PLAIN,
        {"stream": True} | USAGE,
    ),
    "c86 usage is asked for": ({"stream": True} | USAGE, PLAIN, {"stream": True} | USAGE),
    "no stream, no usage": ({"stream": False}, PLAIN, {"stream": False}),
    "unknown fields stay": ({"n": 2, "new": [1]}, PLAIN, {"n": 2, "new": [1]}),
}


@pytest.mark.parametrize(("asked", "target", "told"), ASKED.values(), ids=ASKED)
def test_asked(asked: dict[str, Any], target: Target, told: dict[str, Any]) -> None:
    got, changes = edited(body(**asked), target)
    assert got == body(**told) | {"model": target.model}
    gone = {name for name in asked if name not in told}
    assert gone | {"model"} <= {change.partition(".")[0] for change in changes}
    assert {change.partition(".")[0] for change in changes} <= {"model", *asked, *told}


@pytest.mark.parametrize(("asked", "target", "told"), ASKED.values(), ids=ASKED)
def test_the_asked_model_gets_the_same_bytes(
    asked: dict[str, Any], target: Target, told: dict[str, Any]
) -> None:
    there = json.dumps(body(**asked), indent=1).encode()
    written = splice(there, Target(model="asked", samplers=False, max_output=1, stop=0))
    assert written.body is there
    assert written.changes == ()


def test_c2_no_other_byte_moves() -> None:
    there = (
        b'{ "x":1,\n"model" : "asked" , "messages":[ {"role":"user",\t"content":"\\u0041"} ] }\n'
    )
    assert splice(there, PLAIN).body == there.replace(b'"asked"', b'"plain"')


THOUGHT = {"reasoning_content": "hm"}
DETAILS = {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}
# the conversation                                     target   the target sees
HISTORY: dict[str, tuple[list[Any], Target, list[Any]]] = {
    "reasoning goes": ([USER, ASSISTANT | THOUGHT, USER], PLAIN, [USER, ASSISTANT, USER]),
    "all its spellings go": (
        [USER, ASSISTANT | THOUGHT | DETAILS | {"reasoning": "hm"}, USER],
        PLAIN,
        [USER, ASSISTANT, USER],
    ),
    "reasoning is given back": (
        [USER, CALL | THOUGHT | DETAILS, RESULT],
        REPLAYS,
        [USER, CALL | THOUGHT, RESULT],
    ),
    "the loop is over": ([USER, CALL, RESULT, USER], REPLAYS, [USER, CALL, RESULT, USER]),
    "nothing to do": ([USER, CALL, RESULT], PLAIN, [USER, CALL, RESULT]),
}


@pytest.mark.parametrize(("there", "target", "seen"), HISTORY.values(), ids=HISTORY)
def test_history(there: list[Any], target: Target, seen: list[Any]) -> None:
    got, changes = edited(body(*there), target)
    assert got["messages"] == seen
    assert ("reasoning" in changes) == (there != seen)


TOOL = {
    "type": "function",
    "function": {"name": "f", "parameters": {"properties": {"a": {"pattern": "^x"}}}},
}
LINK = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
DATA = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}
FILE = {"type": "file", "file": {"file_data": "JVBE"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "x", "format": "wav"}}


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


REFUSED: dict[str, tuple[str, dict[str, Any], Target]] = {
    "a temperature": ("sampling", body(temperature=0.2), THINKER),
    "a penalty": ("sampling", body(presence_penalty=0.5), THINKER),
    "a bias": ("sampling", body(logit_bias={"1": 5}), THINKER),
    "logprobs": ("logprobs", body(logprobs=True), THINKER),
    "c34 a stop": ("stop", body(stop="a"), THINKER),
    "c34 too many stops": ("stop", body(stop=["a"] * 5), PLAIN),
    "c10 an image": ("images", body(user(DATA)), Target(model="x", images=False)),
    "an image by URL": ("image_url", body(user(LINK)), Target(model="x", image_urls=False)),
    "c35 a file": ("files", body(user(FILE)), PLAIN),
    "sound": ("audio", body(user(SOUND)), PLAIN),
    "sound in the answer": ("audio", body(modalities=["text", "audio"]), PLAIN),
    "tools": ("tools", body(tools=[TOOL]), Target(model="x", tools=False)),
    "c32 140 tools": ("too_many_tools", body(tools=[TOOL] * 140), Target(model="x", max_tools=128)),
    "a server's tool": ("server_tools", body(web_search_options={}), PLAIN),
    "a format": (
        "structured_output",
        body(response_format={"type": "json_object"}),
        Target(model="x", structured=False),
    ),
    "a prefill": ("prefill", body(USER, ASSISTANT), Target(model="x", prefill=False)),
    "reasoning that is not there": ("reasoning_replay", body(USER, CALL, RESULT), REPLAYS),
}


@pytest.mark.parametrize(("reason", "there", "target"), REFUSED.values(), ids=REFUSED)
def test_refused(reason: str, there: dict[str, Any], target: Target) -> None:
    with pytest.raises(UnsupportedError) as e:
        edited(there, target)
    assert e.value.reason == reason


def test_an_image_in_the_body_needs_no_fetching() -> None:
    there = body(user(DATA))
    assert edited(there, Target(model="x", image_urls=False))[0] == there | {"model": "x"}


def test_c33_a_pattern_goes_into_the_description() -> None:
    got, changes = edited(body(tools=[TOOL]), Target(model="x", pattern_in_schema=False))
    described = {"properties": {"a": {"description": "(pattern: ^x)"}}}
    assert got["tools"][0]["function"] == {"name": "f", "parameters": described}
    assert "tools" in changes


BROKEN = {
    "not JSON": b"hello",
    "two models": b'{"model":"a","messages":[],"model":"b"}',
    "stop is a number": json.dumps(body(stop=4)).encode(),
    "stream_options is a list": json.dumps(body(stream=True, stream_options=[1])).encode(),
}


@pytest.mark.parametrize("there", BROKEN.values(), ids=BROKEN)
def test_broken(there: bytes) -> None:
    with pytest.raises(WireError):
        splice(there, PLAIN)
