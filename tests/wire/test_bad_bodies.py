"""Whatever a client sends: a WireError or nothing, from reading and from editing."""

import contextlib
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from turnout.errors import WireError
from turnout.wire.anthropic import edit as anthropic_edit
from turnout.wire.anthropic import peek as anthropic_peek
from turnout.wire.openai_chat import edit as chat_edit
from turnout.wire.openai_chat import peek as chat_peek
from turnout.wire.request import Ask, Target, Written

COMMON: dict[str, Any] = {
    "model": "m",
    "stream": True,
    "max_tokens": 9,
    "temperature": 1,
    "reasoning_effort": "low",
    "response_format": {
        "type": "json_schema",
        "json_schema": {"schema": {"properties": {"a": {}}}},
    },
    "stream_options": {},
}
ANTHROPIC = COMMON | {
    "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
    "tools": [{"name": "f", "input_schema": {"properties": {"a": {"pattern": "x"}}}}],
    "thinking": {"type": "enabled", "budget_tokens": 2000},
    "output_config": {"effort": "high", "format": {"schema": {"properties": {"a": {}}}}},
    "context_management": {"edits": [{"type": "clear_thinking"}]},
    "metadata": {"user_id": '{"session_id":"s"}'},
    "messages": [
        {"role": "user", "content": "hi"},
        {"role": "system", "content": "s"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "", "signature": ""},
                {"type": "tool_use", "id": "f:0", "name": "f", "input": {}, "signature": "x"},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "f:0",
                    "content": [{"type": "image", "source": {"type": "base64", "data": "iV"}}],
                }
            ],
        },
    ],
}
CHAT = COMMON | {
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"pattern": "x"}}}],
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:x"}}]},
        {"role": "assistant", "reasoning_content": "hm", "tool_calls": [{"id": "c"}]},
        {"role": "tool", "tool_call_id": "c", "content": "x"},
    ],
}
TARGETS = [
    Target(model="m"),
    Target(model="x", reasoning="adaptive", pattern_in_schema=False, samplers=False),
    Target(model="x", reasoning="budget", max_output=5, max_tokens_name="max_completion_tokens"),
    Target(model="x", replays_reasoning=True, image_urls=False, context_management=False),
]

type Peek = Callable[[bytes, str], Ask]
type Splice = Callable[[bytes, Target], Written]
DIALECTS: dict[str, tuple[dict[str, Any], Peek, Splice]] = {
    "anthropic": (ANTHROPIC, anthropic_peek.peek, anthropic_edit.splice),
    "openai_chat": (CHAT, chat_peek.peek, chat_edit.splice),
}
ODD: list[Any] = [
    None,
    True,
    7,
    -1,
    1.5,
    "",
    "x",
    [],
    [1],
    [None],
    {},
    {"type": 3},
    {"type": "text"},
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(value, dict | list):
        return [path]
    keys = value.items() if isinstance(value, dict) else enumerate(value)
    return [path, *(place for key, inner in keys for place in places(inner, (*path, key)))]


def put(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    if not path:
        return odd
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], odd)
    return copy


def tried(body: bytes, peek: Peek, splice: Splice) -> None:
    with contextlib.suppress(WireError):
        peek(body, "/")
    for target in TARGETS:
        with contextlib.suppress(WireError):
            assert isinstance(json.loads(splice(body, target).body), dict)


@pytest.mark.parametrize(("body", "peek", "splice"), DIALECTS.values(), ids=DIALECTS)
def test_another_type_in_any_place(body: dict[str, Any], peek: Peek, splice: Splice) -> None:
    for place in places(body):
        for odd in ODD:
            tried(json.dumps(put(body, place, odd)).encode(), peek, splice)


@pytest.mark.parametrize(("body", "peek", "splice"), DIALECTS.values(), ids=DIALECTS)
def test_other_bytes(body: dict[str, Any], peek: Peek, splice: Splice) -> None:
    rng, whole = random.Random(7), json.dumps(body).encode()
    for _ in range(1000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.choice(b'{}[]",:0n\n\\\xff')
        tried(bytes(data), peek, splice)


@pytest.mark.parametrize(("body", "peek", "splice"), DIALECTS.values(), ids=DIALECTS)
def test_cut_anywhere(body: dict[str, Any], peek: Peek, splice: Splice) -> None:
    whole = json.dumps(body).encode()
    for end in range(0, len(whole), 7):
        with pytest.raises(WireError):
            peek(whole[:end], "/")
        with pytest.raises(WireError):
            splice(whole[:end], TARGETS[1])


@pytest.mark.parametrize(("body", "peek", "splice"), DIALECTS.values(), ids=DIALECTS)
def test_the_whole_body_is_fine(body: dict[str, Any], peek: Peek, splice: Splice) -> None:
    assert peek(json.dumps(body).encode(), "/").model == "m"
    assert splice(json.dumps(body).encode(), Target(model="x")).changes
