"""What kind of step a request is: the first rule that holds.

A sub-agent has steps of every kind too, so its own mark comes late; `main` is what is left.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from turnout.wire.request import Ask

Kind = Literal[
    "main",
    "tool_result",
    "sub_agent",
    "title",
    "compaction",
    "probe",
    "classifier",
    "server_tool",
]

PROBE_TOKENS = 4
TITLE_KEYS = {"title", "isNewTopic", "branch"}
TITLE_SYSTEMS = ("You are a title generator",)  # opencode
ROUTER_KEYS = {"complexity_reasoning", "complexity_score"}  # gemini-cli

# Claude Code's words, old and new, when it asks for a summary of its own conversation
SUMMARY_ORDERS = (
    "CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.",
    "Your task is to create a detailed summary of the conversation so far",
)
SUMMARY_SYSTEMS = ("You are a helpful AI assistant tasked with summarizing conversations",)

CODEX_TURN = "x-codex-turn-metadata"
CODEX_SUB_AGENT = "x-openai-subagent"
CLAUDE_SUB_AGENT = "x-claude-code-agent-id"

type Headers = Mapping[str, str]


class CodexTurn(msgspec.Struct):
    request_kind: str = ""
    thread_source: str = ""


def kind(ask: Ask, headers: Headers) -> Kind:
    """Header names in lower case."""
    return next((name for name, holds in RULES if holds(ask, headers)), "main")


def codex_turn(headers: Headers) -> CodexTurn:
    try:
        return msgspec.json.decode(headers.get(CODEX_TURN) or "{}", type=CodexTurn)
    except ValueError:
        return CodexTurn()


def _server_tool(ask: Ask, _: Headers) -> bool:
    """A request made for one of the provider's own tools, as Claude Code does for a web search."""
    return ask.server_tools and len(ask.tools) == 1 and not ask.compaction


def _compaction(ask: Ask, headers: Headers) -> bool:
    """In Chat the same sentence may be anybody's."""
    if ask.compaction or codex_turn(headers).request_kind == "compaction":
        return True
    if ask.dialect != "anthropic":
        return False
    last = ask.humans[0] if ask.humans and not ask.last_is_tool_result else ""
    ordered = any(line.startswith(SUMMARY_ORDERS) for line in last.splitlines())
    return ordered or any(line.startswith(SUMMARY_SYSTEMS) for line in ask.system.splitlines())


def _probe(ask: Ask, _: Headers) -> bool:
    return ask.max_tokens is not None and 1 <= ask.max_tokens <= PROBE_TOKENS


def _title(ask: Ask, _: Headers) -> bool:
    """A schema of more than a title and its kin is work, not a label."""
    if ask.tools:
        return False
    keys = set(ask.schema_keys)
    return ("title" in keys and keys <= TITLE_KEYS) or ask.system.startswith(TITLE_SYSTEMS)


def _classifier(ask: Ask, _: Headers) -> bool:
    return not ask.tools and set(ask.schema_keys) >= ROUTER_KEYS


def _sub_agent(ask: Ask, headers: Headers) -> bool:
    marked = CLAUDE_SUB_AGENT in headers or CODEX_SUB_AGENT in headers
    return marked or ask.sub_agent or codex_turn(headers).thread_source == "subagent"


def _tool_result(ask: Ask, _: Headers) -> bool:
    return ask.last_is_tool_result


RULES: tuple[tuple[Kind, Callable[[Ask, Headers], bool]], ...] = (
    ("server_tool", _server_tool),
    ("compaction", _compaction),
    ("probe", _probe),
    ("title", _title),
    ("classifier", _classifier),
    ("sub_agent", _sub_agent),
    ("tool_result", _tool_result),
)
