"""Requests for property tests: conversations as agents have them, and JSON as nobody means it."""

import copy
import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace as altered

from turnout.wire.request import (
    Document,
    Format,
    Image,
    Message,
    Part,
    Request,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from turnout.wire.turns import paired

GOLDEN = Path(__file__).parents[1] / "golden" / "requests"
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"])
WORDS = st.text(LETTERS, min_size=1, max_size=8)
TEXTS = WORDS.map(Text)
IMAGES = st.just(Image("image/png", "iVBO")) | st.just(Image(url="https://example.com/a.png"))
DOCUMENTS = st.just(Document("application/pdf", "JVBE", name="a.pdf"))
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
TOOLS = (Tool("add", "Adds.", SCHEMA), Tool("read_file", "", SCHEMA, strict=True))
INPUTS = st.sampled_from(["{}", '{"a":"b"}', '{"a":[1,2.5,null]}'])


def users() -> st.SearchStrategy[Message]:
    parts = st.lists(TEXTS | IMAGES | DOCUMENTS, min_size=1, max_size=3)
    return parts.map(lambda said: Message("user", tuple(said)))


@st.composite
def turns(draw: st.DrawFn) -> list[Message]:
    """What one answer of an assistant brings: itself, the results, perhaps another word."""
    start = draw(st.integers(0, 10**9))
    calls = [
        ToolUse(f"call_{start + i}", draw(st.sampled_from(["add", "read_file"])), draw(INPUTS))
        for i in range(draw(st.integers(0, 3)))
    ]
    text = draw(st.lists(TEXTS, min_size=0 if calls else 1, max_size=2))
    results = [
        ToolResult(call.id, tuple(draw(st.lists(TEXTS | IMAGES, max_size=2))), draw(st.booleans()))
        for call in calls
    ]
    rest = draw(users() if not calls else st.just(Message("user", ())) | users())
    return [
        Message("assistant", (*text, *calls)),
        Message("user", (*results, *rest.parts)),
    ]


@st.composite
def requests(draw: st.DrawFn) -> Request:
    said = draw(st.lists(turns(), max_size=3))
    return Request(
        model="source",
        system=tuple(draw(st.lists(TEXTS, max_size=2))),
        messages=(draw(users()), *(message for turn in said for message in turn)),
        tools=TOOLS,
        tool_choice=draw(
            st.sampled_from(
                [None, ToolChoice("any"), ToolChoice("none"), ToolChoice("tool", "add")]
            )
        ),
        max_tokens=draw(st.none() | st.integers(1, 9999)),
        temperature=draw(st.none() | st.floats(0, 1)),
        stop=tuple(draw(st.lists(WORDS, max_size=3))),
        stream=draw(st.booleans()),
        effort="none",
        format=draw(st.none() | st.just(Format(SCHEMA, strict=True))),
    )


def normal(request: Request, **other: Any) -> Request:
    """The conversation as every dialect has it."""
    return replace(
        request,
        messages=tuple(paired(request.messages)),
        max_tokens=request.max_tokens or other.get("max_tokens"),
    )


def bare(request: Request) -> Request:
    """Without what is for caches and records only; calls are numbered."""
    numbers: dict[str, str] = {}

    def unmarked(part: Part) -> Part:
        if isinstance(part, Thinking):
            return part
        if isinstance(part, ToolUse):
            numbers[part.id] = str(next(count))
        if isinstance(part, ToolUse | ToolResult):
            part = altered(part, id=numbers[part.id])
        return altered(part, cache=None)

    count = itertools.count()

    return replace(
        request,
        model="",
        changes=(),
        user="",
        wants_usage=True,
        system=tuple(altered(text, cache=None) for text in request.system),
        tools=tuple(replace(tool, cache=None) for tool in request.tools),
        messages=tuple(
            Message(message.role, tuple(unmarked(part) for part in message.parts))
            for message in request.messages
        ),
    )


def texts_joined(request: Request) -> Request:
    """As Chat Completions has it: texts alone are one text, results are text, errors are marked."""
    system = "\n".join(text.text for text in request.system)
    return replace(
        request,
        system=(Text(system),) if system else (),
        messages=tuple(_joined(message) for message in request.messages),
        thinking=False,
        format=request.format and replace(request.format, name="answer"),
    )


def _joined(message: Message) -> Message:
    if message.role == "assistant":
        return altered(message, parts=_one(message.parts))
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    rest = [part for part in message.parts if not isinstance(part, ToolResult)]
    media = [part for result in results for part in result.content if not isinstance(part, Text)]
    rest = [*media, *rest]
    if all(isinstance(part, Text) for part in rest):
        rest = list(_one(tuple(rest)))
    return altered(message, parts=(*map(_text_result, results), *rest))


def _one(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    text = "\n".join(part.text for part in parts if isinstance(part, Text))
    calls = tuple(part for part in parts if not isinstance(part, Text))
    return (*((Text(text),) if text else ()), *calls)


def _text_result(result: ToolResult) -> ToolResult:
    said = "\n".join(part.text for part in result.content if isinstance(part, Text))
    text = "[tool error] " * result.is_error + said
    return ToolResult(result.id, (Text(text),) if text else ())


SAID = ["user", "assistant", "system", "tool", "text", "tool_use", "tool_result", "function",
        "image", "image_url", "thinking", "enabled", "a", "", "data:,", "{}", "high",
        "#/$defs/range", "$ref", "x"]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.floats(0, 2) | st.sampled_from(SAID),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(SAID), inner, max_size=3)
    ),
    max_leaves=6,
)
LIKE: dict[type, st.SearchStrategy[Any]] = {
    str: st.sampled_from(SAID),
    list: st.just([]),
    dict: st.just({}),
    bool: st.booleans(),
    int: st.integers(0, 9999),
}
WHOLE = [
    json.loads((GOLDEN / f"{name}.json").read_text())
    for name in (
        "claude_code.anthropic",
        "chat_agent.openai_chat",
        "codex.openai_responses",
        "gemini_cli.gemini",
    )
]


def anything() -> st.SearchStrategy[bytes]:
    """Good requests with a few fields gone or wrong; JSON of any kind; and broken bytes."""
    return (damaged() | VALUES).map(lambda sent: json.dumps(sent).encode()) | st.binary(max_size=20)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    body = copy.deepcopy(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 3))):
        inside, key = draw(st.sampled_from(list(places(body))))
        match draw(st.sampled_from(["like", "gone", "other", "renamed"])):
            case "gone":
                del inside[key]
            case "like":
                inside[key] = draw(LIKE.get(type(inside[key]), VALUES))
            case "renamed" if isinstance(inside, dict):
                inside[draw(st.sampled_from(SAID))] = inside.pop(key)
            case _:
                inside[key] = draw(VALUES)
    return body


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """All containers and keys in a JSON value."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in members:
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)
