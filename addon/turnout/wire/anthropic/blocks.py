"""Content blocks of Anthropic Messages, both ways.

https://platform.claude.com/docs/en/api/messages/create
"""

from collections.abc import Callable, Collection
from typing import Any

import msgspec

from turnout.errors import UnsupportedError, WireError
from turnout.wire.anthropic.sources import (
    COMMON,
    Block,
    cache_control,
    cache_ttl,
    image_source,
    read_document,
    read_image,
    write_document,
)
from turnout.wire.changes import Changes
from turnout.wire.fields import get, need, of, only
from turnout.wire.request import (
    Document,
    Image,
    Part,
    Target,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)

# blocks that only Anthropic can read, and the reason to give
NATIVE = {
    "server_tool_use": "server_tools",
    "web_search_tool_result": "server_tools",
    "web_fetch_tool_result": "server_tools",
    "code_execution_tool_result": "server_tools",
    "bash_code_execution_tool_result": "server_tools",
    "text_editor_code_execution_tool_result": "server_tools",
    "tool_search_tool_result": "server_tools",
    "advisor_tool_result": "server_tools",
    "container_upload": "server_tools",
    "mcp_tool_use": "mcp",
    "mcp_tool_result": "mcp",
    "mcp_tool_listing": "mcp",
    "search_result": "citations",
}

# the fields of a block
TEXT = COMMON | {"text", "citations"}
THINKING = COMMON | {"thinking"}
REDACTED = COMMON | {"data"}
TOOL_USE = COMMON | {"id", "name", "input", "caller"}
TOOL_RESULT = COMMON | {"tool_use_id", "content", "is_error"}


def read(content: Any, kinds: Collection[str], note: Changes) -> tuple[Part, ...]:
    """A string or a list of blocks; null is nothing. `kinds`: the types that may stand here."""
    if content is None or isinstance(content, str):
        return (Text(content),) if content else ()
    found = of(content, list, "content")
    return tuple([_read(of(block, dict, "block"), kinds, note) for block in found])


def _read(block: Block, kinds: Collection[str], note: Changes) -> Part:
    kind = need(block, "type", str)
    if kind in kinds:
        return READ[kind](block, note)
    if reason := NATIVE.get(kind):
        raise UnsupportedError(reason, kind)
    if kind not in READ:
        raise UnsupportedError("unknown_field", f"block {kind}")
    raise WireError(f"a {kind} block cannot stand here")


def _text(block: Block, _: Changes) -> Part:
    only(block, TEXT, "text")
    if block.get("citations"):
        raise UnsupportedError("citations", "text with citations")
    return Text(need(block, "text", str), cache_ttl(block))


def _thinking(block: Block, _: Changes) -> Part:
    only(block, THINKING, "thinking")
    return Thinking(need(block, "thinking", str), get(block, "signature", str, ""))


def _redacted(block: Block, _: Changes) -> Part:
    only(block, REDACTED, "redacted_thinking")
    return Thinking("", need(block, "data", str), redacted=True)


def _tool_use(block: Block, _: Changes) -> Part:
    only(block, TOOL_USE, "tool_use")
    if (get(block, "caller", dict) or {}).get("type", "direct") != "direct":
        raise UnsupportedError("server_tools", "a call by code execution")
    return ToolUse(
        get(block, "id", str, ""),
        need(block, "name", str),
        msgspec.json.encode(get(block, "input", dict, {})).decode(),
        cache_ttl(block),
    )


CONTENT = (Text, Image, Document)
RESULTS = frozenset({"text", "image", "document", "tool_reference"})


def _tool_result(block: Block, note: Changes) -> Part:
    only(block, TOOL_RESULT, "tool_result")
    content = read(block.get("content", ""), RESULTS, note)
    return ToolResult(
        get(block, "tool_use_id", str, ""),
        tuple([part for part in content if isinstance(part, CONTENT)]),
        get(block, "is_error", bool, False),
        cache_ttl(block),
    )


def _tool_reference(block: Block, note: Changes) -> Part:
    only(block, (*COMMON, "tool_name"), "tool_reference")
    note("tool_reference", "said as text: other dialects have no word for it")
    return Text(f"Tool available: {need(block, 'tool_name', str)}", cache_ttl(block))


READ: dict[str, Callable[[Block, Changes], Part]] = {
    "text": _text,
    "image": lambda block, _: read_image(block),
    "document": lambda block, _: read_document(block),
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "tool_reference": _tool_reference,
}


def write(part: Part, target: Target, note: Changes) -> Block:
    match part:
        case Text(text):
            block: Block = {"type": "text", "text": text}
        case Image():
            block = {"type": "image", "source": image_source(part, target)}
        case Document():
            block = write_document(part, target)
        case Thinking(text, signature, redacted):
            if redacted:
                return {"type": "redacted_thinking", "data": signature}
            return {"type": "thinking", "thinking": text, "signature": signature}
        case ToolUse(id, name, input):
            block = {"type": "tool_use", "id": id, "name": name, "input": _arguments(input, note)}
        case ToolResult():
            block = _write_result(part, target, note)
    return block | cache_control(part.cache)


def _arguments(input: str, note: Changes) -> dict[str, Any]:
    """A model may have written anything; this dialect takes objects only."""
    try:
        arguments = msgspec.json.decode(input or "{}")
    except msgspec.DecodeError:
        arguments = None
    if isinstance(arguments, dict):
        return arguments
    note("tool_use.input", "{}: the arguments were no JSON object")
    return {}


def _write_result(result: ToolResult, target: Target, note: Changes) -> Block:
    parts = [part for part in result.content if not isinstance(part, Text) or part.text.strip()]
    content: str | list[Block]
    match parts:
        case []:
            content = ""
        case [Text(text, None)]:
            content = text
        case _:
            content = [write(part, target, note) for part in parts]
    block: Block = {"type": "tool_result", "tool_use_id": result.id, "content": content}
    return block | ({"is_error": True} if result.is_error else {})
