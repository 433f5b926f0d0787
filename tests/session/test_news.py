"""The same conversation in four dialects gives the same facts, and only the new ones are read."""

# ruff: noqa: E501  bodies as clients send them

import json
from typing import Any

import pytest

from turnout.errors import WireError
from turnout.session.news.facts import Call, Human, News, Result
from turnout.session.news.read import HEAD, MOST, TAIL, news
from turnout.wire.request import DialectName

ARGUMENTS = {"command": "pytest"}
INPUT = json.dumps(ARGUMENTS).encode()
REMINDER = "<system-reminder>be kind</system-reminder>"

ANTHROPIC = [
    {"role": "user", "content": [{"type": "text", "text": REMINDER}, {"type": "text", "text": "fix it"}]},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "I will."},
            {"type": "tool_use", "id": "c1", "name": "Bash", "input": ARGUMENTS},
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "c1",
                "is_error": True,
                "content": [{"type": "text", "text": "boom"}, {"type": "image", "source": {}}],
            },
            {"type": "text", "text": REMINDER},
        ],
    },
    {"role": "system", "content": "mind the gap"},
    {"role": "user", "content": "no, the other"},
]  # fmt: skip
CHAT = [
    {"role": "user", "content": [{"type": "text", "text": "fix it"}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "Bash", "arguments": INPUT.decode()}}
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "boom"},
    {"role": "developer", "content": "mind the gap"},
    {"role": "user", "content": "no, the other"},
]  # fmt: skip
RESPONSES = [
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "fix it"}]},
    {"type": "function_call", "call_id": "c1", "name": "Bash", "arguments": INPUT.decode()},
    {"type": "function_call_output", "call_id": "c1", "output": "boom"},
    {"type": "reasoning", "summary": [], "encrypted_content": "x", "content": {"odd": 1}},
    {"role": "user", "content": "no, the other"},
]
GEMINI = [
    {"role": "user", "parts": [{"text": "fix it"}]},
    {
        "role": "model",
        "parts": [
            {"text": "hm", "thought": True},
            {"functionCall": {"id": "c1", "name": "Bash", "args": ARGUMENTS}, "thoughtSignature": "x"},
        ],
    },
    {
        "role": "user",
        "parts": [{"functionResponse": {"id": "c1", "name": "Bash", "response": {"error": "boom"}}}],
    },
    {"role": "model", "parts": [{"text": "Hm."}]},
    {"role": "user", "parts": [{"text": "no, the other"}]},
]  # fmt: skip
BODIES: dict[DialectName, dict[str, Any]] = {
    "anthropic": {"model": "m", "messages": ANTHROPIC},
    "openai_chat": {"model": "m", "messages": CHAT},
    "openai_responses": {"model": "m", "input": RESPONSES},
    "gemini": {"contents": GEMINI},
}
MARKED = {"anthropic", "gemini"}  # dialects that say what failed


def read(dialect: DialectName, body: Any, since: int = 0) -> News:
    return news(dialect, json.dumps(body).encode(), since)


@pytest.mark.parametrize("dialect", BODIES)
def test_facts(dialect: DialectName) -> None:
    found = read(dialect, BODIES[dialect])
    human, call, result, correction = found.facts
    assert (human, correction) == (Human("fix it"), Human("no, the other"))
    assert isinstance(call, Call)
    assert (call.id, call.name, json.loads(call.input)) == ("c1", "Bash", ARGUMENTS)
    failed = dialect in MARKED
    assert result == Result("c1", "boom", failed, name="Bash", input=call.input)
    assert (found.messages, found.rewritten) == (5, False)


@pytest.mark.parametrize("dialect", BODIES)
def test_only_what_is_new(dialect: DialectName) -> None:
    assert read(dialect, BODIES[dialect], 3).facts == (Human("no, the other"),)
    assert read(dialect, BODIES[dialect], 5) == News((), 5)


@pytest.mark.parametrize("dialect", BODIES)
def test_the_old_is_not_even_looked_at(dialect: DialectName) -> None:
    """What would be refused among the new messages is no reason to fail among the old."""
    name = {"openai_responses": "input", "gemini": "contents"}.get(dialect, "messages")
    spoilt = {**BODIES[dialect], name: [7, *BODIES[dialect][name]]}
    assert read(dialect, spoilt, 4).facts == (Human("no, the other"),)
    with pytest.raises(WireError):
        read(dialect, spoilt)


@pytest.mark.parametrize("dialect", BODIES)
def test_a_history_that_was_trimmed(dialect: DialectName) -> None:
    assert read(dialect, BODIES[dialect], 40) == News((Human("no, the other"),), 5, rewritten=True)


@pytest.mark.parametrize("dialect", BODIES)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"messages": 3, "input": 3, "contents": 3}'])
def test_bad_bodies(dialect: DialectName, body: bytes) -> None:
    with pytest.raises(WireError):
        news(dialect, body, 0)


def test_a_result_without_its_call() -> None:
    (result,) = read("openai_chat", {"messages": CHAT[:3]}, 2).facts
    assert result == Result("c1", "boom")


def test_long_results_keep_their_ends() -> None:
    text = "a" * HEAD + "m" * 500_000 + "z" * TAIL
    said = [{"role": "tool", "tool_call_id": "c1", "content": text}]
    (result,) = read("openai_chat", {"messages": said}).facts
    assert isinstance(result, Result)
    assert result.text == "a" * HEAD + "\n...\n" + "z" * TAIL


def test_a_long_history_that_nobody_saw() -> None:
    found = read(
        "openai_chat", {"messages": [{"role": "user", "content": str(n)} for n in range(900)]}
    )
    assert found.facts == tuple(Human(str(n)) for n in range(900 - MOST, 900))
    assert found.messages == 900


def test_other_forms() -> None:
    assert read("openai_responses", {"input": "hello"}).facts == (Human("hello"),)
    assert read("openai_responses", {"input": None}).facts == ()
    custom = {"type": "custom_tool_call", "call_id": "c1", "name": "exec", "input": "ls"}
    output = {"type": "custom_tool_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "a"}]}  # fmt: skip
    call, result = read("openai_responses", {"input": [custom, output]}).facts
    assert call == Call("c1", "exec", b"ls")
    assert result == Result("c1", "a", name="exec", input=b"ls")
    tool = {"id": "c1", "type": "custom", "custom": {"name": "exec", "input": "ls"}}
    (call,) = read("openai_chat", {"messages": [{"role": "assistant", "tool_calls": [tool]}]}).facts
    assert call == Call("c1", "exec", b"ls")


def test_gemini_in_snake_case() -> None:
    """llm's spelling; it gives its calls no ids."""
    contents = [
        {"role": "model", "parts": [{"function_call": {"name": "f", "args": {"a_b": 1}}}]},
        {"role": "user", "parts": [{"function_response": {"name": "f", "response": {"output": "x"}}}]},
    ]  # fmt: skip
    call, result = read("gemini", {"contents": contents}).facts
    assert call == Call("f", "f", b'{"a_b":1}')
    assert result == Result("f", "x", name="f", input=b'{"a_b":1}')
