"""What is kept of what was said."""

import json

import pytest

from turnout.content import MOST, Heard, content
from turnout.telemetry.messages import asked
from turnout.wire.events import Event, Finished, Started, Text, Thinking, ToolCall, ToolInput


def heard(*events: Event) -> Heard:
    made = Heard()
    for event in events:
        made.hear(event)
    return made


def test_parts_in_their_order_and_arguments_with_their_call() -> None:
    found = heard(
        Started("1", "m"),
        Thinking("hm"),
        Text("a"),
        Text("b"),
        ToolCall(0, "t0", "Read"),
        ToolCall(1, "t1", "Bash"),
        ToolInput(1, "{}"),
        ToolInput(0, '{"p"'),
        ToolInput(0, ":1}"),
        Finished("tools"),
    )
    assert found.parts() == (
        {"type": "reasoning", "content": "hm"},
        {"type": "text", "content": "ab"},
        {"type": "tool_call", "id": "t0", "name": "Read", "arguments": '{"p":1}'},
        {"type": "tool_call", "id": "t1", "name": "Bash", "arguments": "{}"},
    )


@pytest.mark.parametrize("last", [Text("x" * 100), ToolInput(0, "x" * 100)])
def test_it_is_bounded(last: Event) -> None:
    found = heard(ToolCall(0, "t", "n"), Text("x" * (MOST - 10)), last, last, Text("more"))
    kept = content("full", b"y" * (MOST + 1), found)
    assert kept
    assert len(kept.request) == MOST
    assert sum(len(p.get("content", p.get("arguments"))) for p in json.loads(kept.answer)) == MOST


def test_nothing_is_kept_unless_asked_for() -> None:
    assert content("none", b"secret", heard(Text("secret"))) is None
    hashed = content("hashed", b"secret", heard(Text("secret")))
    assert hashed
    assert "secret" not in hashed.request + hashed.answer
    assert hashed.request == getattr(content("hashed", b"secret", None), "request", "")


# dialect, body -> roles and types of parts
MESSAGES = {
    "tools": (
        "anthropic",
        {
            "model": "m",
            "max_tokens": 1,
            "messages": [
                {"role": "user", "content": "go"},
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "t", "name": "n", "input": {}}],
                },
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "t", "content": "ok"}],
                },
            ],
        },
        ["text", "tool_call", "tool_call_response"],
    ),
    "gemini": ("gemini", {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}, ["text"]),
    "no request": ("openai_chat", {"messages": 5}, ["text"]),
    "no dialect": ("", {"a": 1}, ["text"]),
}


@pytest.mark.parametrize(("dialect", "body", "types"), MESSAGES.values(), ids=MESSAGES)
def test_messages(dialect: str, body: object, types: list[str]) -> None:
    said = json.loads(asked(dialect, json.dumps(body)))
    assert [part["type"] for one in said for part in one["parts"]] == types
