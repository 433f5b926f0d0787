"""Whole requests across dialects: golden files, there and back again, and what always holds."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from turnout.errors import WireError
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import DialectName, Request, Target
from wire.conversations import anything, bare, normal, requests, texts_joined

GOLDEN = Path(__file__).parents[1] / "golden" / "requests"
PATHS: dict[DialectName, str] = {
    "anthropic": "/v1/messages",
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "gemini": "/v1beta/models/source:generateContent",
}
TARGET = Target(model="t", documents=True, stop=9)
# golden file                    its dialect    the other       the target
FILES: dict[str, tuple[DialectName, DialectName, Target]] = {
    "claude_code": ("anthropic", "openai_chat", Target(model="gpt-t", reasoning="effort")),
    "chat_agent": ("openai_chat", "anthropic", Target(model="claude-t", reasoning="adaptive")),
}


def translated(body: bytes, source: DialectName, to: DialectName, target: Target = TARGET) -> bytes:
    return DIALECTS[to].write_request(read(body, source), target).body


def read(body: bytes, dialect: DialectName) -> Request:
    return DIALECTS[dialect].read_request(body, PATHS[dialect])


@pytest.mark.parametrize("name", FILES)
def test_c29_c71_golden(name: str, update_golden: bool) -> None:
    source, to, target = FILES[name]
    sent = (GOLDEN / f"{name}.{source}.json").read_bytes()
    got = json.dumps(json.loads(translated(sent, source, to, target)), indent=1) + "\n"
    golden = GOLDEN / f"{name}.{to}.json"
    if update_golden:
        golden.write_text(got)
    assert got == golden.read_text()


def test_c29_every_alteration_is_recorded() -> None:
    sent = (GOLDEN / "claude_code.anthropic.json").read_bytes()
    request = read(sent, "anthropic")
    changes = DIALECTS["openai_chat"].write_request(request, Target(model="t")).changes
    assert [change.what for change in changes] == [
        "context_management",
        "system",
        "tool_reference",
        "tools.defer_loading",
        "cache_control",
        "thinking",
        "tools.Read.parameters",
        "reasoning_effort",
        "user",
    ]


@given(requests())
def test_there_and_back(request: Request) -> None:
    """Anthropic -> OpenAI -> Anthropic keeps all that OpenAI has words for."""
    sent = DIALECTS["anthropic"].write_request(request, replace(TARGET, model=request.model)).body
    there = translated(sent, "anthropic", "openai_chat")
    back = translated(there, "openai_chat", "anthropic")
    kept = texts_joined(bare(normal(read(sent, "anthropic"))))
    assert bare(normal(read(back, "anthropic"))) == replace(
        kept, thinking=None, format=request.format and replace(request.format, name="")
    )


@given(requests())
def test_conversations_are_in_order(request: Request) -> None:
    check_chat(json.loads(DIALECTS["openai_chat"].write_request(request, TARGET).body))
    check_claude(json.loads(DIALECTS["anthropic"].write_request(request, TARGET).body))


@given(anything())
@pytest.mark.parametrize("source", DIALECTS)
def test_whatever_can_be_translated_is_in_order(source: DialectName, sent: bytes) -> None:
    with suppress(WireError):
        check_chat(json.loads(translated(sent, source, "openai_chat")))
    with suppress(WireError):
        check_claude(json.loads(translated(sent, source, "anthropic")))


def check_chat(body: dict[str, Any]) -> None:
    """Results directly after their calls, in OpenAI's words; no message says nothing."""
    waiting: list[str] = []
    for message in body["messages"]:
        assert message["role"] in ("system", "user", "assistant", "tool")
        if message["role"] == "tool":
            waiting.remove(message["tool_call_id"])
            continue
        assert not waiting
        assert message["content"] or message.get("tool_calls")
        waiting = [call["id"] for call in message.get("tool_calls", ())]
    assert body["messages"]
    assert not waiting


def check_claude(body: dict[str, Any]) -> None:
    """User and assistant in turn; results head the message after their calls; no blank text."""
    waiting: set[str] = set()
    for i, message in enumerate(body["messages"]):
        assert message["role"] == ("assistant" if i % 2 else "user")
        blocks = message["content"]
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        assert set(answered) == waiting
        assert all(block["type"] == "tool_result" for block in blocks[: len(answered)])
        assert all(block["text"].strip() for block in blocks if block["type"] == "text")
        assert blocks
        waiting = {block["id"] for block in blocks if block["type"] == "tool_use"}
    assert body["messages"]
    assert not waiting
