"""What a vendor's API refuses in a conversation, as judges: AssertionError at the first breach."""

import re
from collections.abc import Callable
from typing import Any

from turnout.wire.request import DialectName

type Json = dict[str, Any]

ALPHABET = re.compile(r"[A-Za-z0-9_-]+")
IDS = 64  # characters that a call's id may have


def check_anthropic(body: Json) -> None:
    """User and assistant take turns; results head the message after their calls; no blank text."""
    waiting: set[str] = set()
    for i, message in enumerate(body["messages"]):
        assert message["role"] == ("assistant" if i % 2 else "user")
        blocks = message["content"]
        assert blocks
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        assert sorted(answered) == sorted(waiting)
        assert all(block["type"] == "tool_result" for block in blocks[: len(answered)])
        assert all(block["text"].strip() for block in blocks if block["type"] == "text")
        calls = [block for block in blocks if block["type"] == "tool_use"]
        assert all(isinstance(call["input"], dict) for call in calls)
        waiting = {call["id"] for call in calls}
        assert len(waiting) == len(calls)
        assert all(ALPHABET.fullmatch(known) for known in waiting)
    assert not waiting


def check_chat(body: Json) -> None:
    """Results directly after their calls; no message says nothing."""
    waiting: list[str] = []
    for message in body["messages"]:
        assert message["role"] in ("system", "user", "assistant", "tool")
        if message["role"] == "tool":
            waiting.remove(message["tool_call_id"])
            continue
        assert not waiting
        assert message["content"] or message.get("tool_calls")
        waiting = [call["id"] for call in message.get("tool_calls", ())]
        assert len(waiting) == len({*waiting})
        assert all(len(known) <= IDS for known in waiting)
    assert not waiting


def check_responses(body: Json) -> None:
    """Each call has one output and each output its call, which stands before it."""
    open_calls: set[str] = set()
    for item in body["input"]:
        kind = item["type"]
        if kind in ("function_call", "custom_tool_call"):
            assert item["call_id"] not in open_calls
            assert len(item["call_id"]) <= IDS
            assert item["name"]
            open_calls.add(item["call_id"])
            assert isinstance(item["arguments" if kind == "function_call" else "input"], str)
        elif kind in ("function_call_output", "custom_tool_call_output"):
            open_calls.remove(item["call_id"])
        elif kind == "message":
            assert item["role"] in ("user", "assistant", "system", "developer")
            assert item["content"]
    assert not open_calls


def check_gemini(body: Json) -> None:
    """User and model take turns; a call's response is in the next turn; no part says nothing."""
    waiting: list[str] = []
    for i, content in enumerate(body["contents"]):
        assert content["role"] == ("model" if i % 2 else "user")
        parts = content["parts"]
        assert parts
        assert all(part.keys() - {"thought", "thoughtSignature"} for part in parts)
        answers = [part["functionResponse"] for part in parts if "functionResponse" in part]
        assert sorted(answer["name"] for answer in answers) == sorted(waiting)
        assert all(isinstance(answer["response"], dict) for answer in answers)
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        assert all(isinstance(call.get("args", {}), dict) for call in calls)
        waiting = [call["name"] for call in calls]
    assert not waiting


CHECKS: dict[DialectName, Callable[[Json], None]] = {
    "anthropic": check_anthropic,
    "openai_chat": check_chat,
    "openai_responses": check_responses,
    "gemini": check_gemini,
}
