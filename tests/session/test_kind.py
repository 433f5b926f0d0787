import json
from typing import Any

import pytest

from turnout.session.kind import Kind, kind
from turnout.wire.request import Ask


def ask(**facts: Any) -> Ask:
    return Ask(**({"dialect": "anthropic", "model": "m", "humans": ("fix it",)} | facts))


def codex(**turn: str) -> dict[str, str]:
    return {"x-codex-turn-metadata": json.dumps(turn)}


COMPACT = "CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.\nSummarise."
SUMMARISER = "You are a helpful AI assistant tasked with summarizing conversations."
SCORES = ("complexity_reasoning", "complexity_score")

# fmt: off
TABLE: dict[str, tuple[Ask, dict[str, str], Kind]] = {
    "a human's turn": (ask(), {}, "main"),
    "c14 a tool's result": (ask(last_is_tool_result=True), {}, "tool_result"),

    "c63 one token": (ask(max_tokens=1), {}, "probe"),
    "c63 four tokens": (ask(max_tokens=4), {}, "probe"),
    "c63 five tokens": (ask(max_tokens=5), {}, "main"),
    "c63 no tokens": (ask(max_tokens=0), {}, "main"),

    "c64 a title": (ask(schema_keys=("title",)), {}, "title"),
    "c64 a title of old": (ask(schema_keys=("isNewTopic", "title")), {}, "title"),
    "c64 a title with tools": (ask(schema_keys=("title",), tools=("Bash",)), {}, "main"),
    "c64 a title among other things": (ask(schema_keys=("title", "body", "author")), {}, "main"),
    "c64 another schema": (ask(schema_keys=("branch",)), {}, "main"),
    "c64 opencode's title": (ask(system="You are a title generator. You ..."), {}, "title"),
    "c64 opencode's words, with tools": (
        ask(system="You are a title generator.", tools=("Bash",)), {}, "main"),

    "gemini-cli's own router": (ask(schema_keys=SCORES), {}, "classifier"),
    "half its schema": (ask(schema_keys=SCORES[:1]), {}, "main"),

    "c65 an order to summarise": (ask(humans=(COMPACT, "fix it")), {}, "compaction"),
    "c65 the order in a text of its own": (ask(humans=("and:\n" + COMPACT,)), {}, "compaction"),
    "c65 the order with tools": (ask(humans=(COMPACT,), tools=("Bash",)), {}, "compaction"),
    "c65 the order is old": (ask(humans=("fix it", COMPACT)), {}, "main"),
    "c65 the order is quoted": (ask(humans=(f"what does '{COMPACT}' mean?",)), {}, "main"),
    "c65 tool results after the order": (
        ask(humans=(COMPACT,), last_is_tool_result=True), {}, "tool_result"),
    "c65 a summariser's system text": (ask(system=SUMMARISER), {}, "compaction"),
    "c65 the same in Chat": (ask(dialect="openai_chat", humans=(COMPACT,)), {}, "main"),
    "c65 the system text in Chat": (ask(dialect="openai_chat", system=SUMMARISER), {}, "main"),
    "c65 codex says so": (
        ask(dialect="openai_responses"), codex(request_kind="compaction"), "compaction"),
    "c65 codex says otherwise": (
        ask(dialect="openai_responses"), codex(request_kind="turn"), "main"),

    "c66 claude's header": (ask(), {"x-claude-code-agent-id": "a"}, "sub_agent"),
    "c66 claude's mark in the body": (ask(sub_agent=True), {}, "sub_agent"),
    "c66 codex's header": (ask(), {"x-openai-subagent": "collab_spawn"}, "sub_agent"),
    "c66 codex's metadata": (ask(), codex(thread_source="subagent"), "sub_agent"),
    "c66 codex's main thread": (ask(), codex(thread_source="user"), "main"),
    "c66 its tool results": (ask(sub_agent=True, last_is_tool_result=True), {}, "sub_agent"),
    "c66 its compaction": (ask(sub_agent=True, humans=(COMPACT,)), {}, "compaction"),
    "metadata that is not JSON": (ask(), {"x-codex-turn-metadata": "{"}, "main"),
    "metadata of other types": (ask(), {"x-codex-turn-metadata": '{"request_kind":1}'}, "main"),

    "c36 a nested web search": (ask(server_tools=True, tools=("web_search",)), {}, "server_tool"),
    "c36 one server tool among others": (
        ask(server_tools=True, tools=("web_search", "Bash")), {}, "main"),
}
# fmt: on


@pytest.mark.parametrize(("ask", "headers", "expected"), TABLE.values(), ids=TABLE)
def test_kind(ask: Ask, headers: dict[str, str], expected: Kind) -> None:
    assert kind(ask, headers) == expected
