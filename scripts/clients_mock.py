"""The mock of the providers, which also knows two calls that only turnout's clients need.

Arguments as mock_provider.py, whose folder is MOCK_HOME. Codex's free-form tool `exec` is a
function of one string where it comes in another dialect. The control key `call` = [name, arguments]
asks for a tool that the mock would not choose. Codex's conversation ends after its compaction.
"""

import asyncio
import json
import os
import sys
from typing import Any

sys.path.insert(0, os.environ["MOCK_HOME"])
import mock_provider as mock

COMMAND = f"echo {mock.MARK}_42 | tee -a mock_tool_ran.txt"
CODE = f"text(JSON.stringify(await tools.exec_command({{cmd: '{COMMAND}'}})));"
# how a summary begins that turnout asked for in words (wire/openai_responses/compaction.py)
SUMMARISED = "What follows is a summary of it so far"
usual, answered, gemini = mock.toolcall, mock.resp_events, mock.gemini
anthropic, chat = mock.anthropic, mock.chat

type Call = tuple[str, dict[str, Any]]


def toolcall(tools: list[tuple[str, Any]]) -> Call | None:
    """What is asked for by name, then what the mock knows, then codex's code."""
    wanted, arguments = mock.C.get("call") or ("", {})
    for name, _ in tools:
        if name == wanted:
            return name, arguments
    return usual(tools) or _code(tools)


def _code(tools: list[tuple[str, Any]]) -> Call | None:
    for name, schema in tools:
        if name.endswith("exec") and "input" in (schema or {}).get("properties", {}):
            return name, {"input": CODE}
    return None


def ended(request: dict[str, Any]) -> dict[str, Any]:
    """After a compaction the conversation ends: every answer says that the window is full again."""
    items = [one for one in request.get("input") or () if isinstance(one, dict)]
    native = any(one.get("type") == "compaction" for one in items)
    over = native or request.get("tool_choice") == "none" or SUMMARISED in json.dumps(request)
    return {**request, "tools": []} if over else request


def events(request: dict[str, Any]) -> Any:
    return answered(ended(request))


async def told(writer: Any, request: dict[str, Any], *rest: Any) -> None:
    await anthropic(writer, ended(request), *rest)


async def chatted(writer: Any, request: dict[str, Any], *rest: Any) -> None:
    await chat(writer, ended(request), *rest)


async def with_system(writer: Any, request: dict[str, Any], *place: str) -> None:
    """The mock looks for aider's prompt in `contents` alone; elsewhere in the system text too."""
    system = request.get("systemInstruction")
    contents = [*([system] if system else ()), *(request.get("contents") or ())]
    await gemini(writer, ended({**request, "contents": contents}), *place)


if __name__ == "__main__":
    mock.toolcall, mock.resp_events, mock.gemini = toolcall, events, with_system
    mock.anthropic, mock.chat = told, chatted
    asyncio.run(mock.main())
