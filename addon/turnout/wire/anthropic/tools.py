"""Tools, the choice among them and the answer's format, in Anthropic Messages, both ways."""

import re
from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire import schema
from turnout.wire.anthropic.sources import cache_control, cache_ttl
from turnout.wire.changes import Changes
from turnout.wire.fields import get, need, of, only
from turnout.wire.request import Format, Request, Target, Tool, ToolChoice, ToolUse

NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
FIELDS = ("type", "name", "description", "input_schema", "strict", "cache_control")
# how the client's own tool search and argument streaming work; the tool is the same without
BOOKKEEPING = ("defer_loading", "eager_input_streaming")


def read(body: dict[str, Any], note: Changes) -> dict[str, Any]:
    """The keys `tools`, `tool_choice`, `parallel_tools` and `format` of a Request."""
    tools = tuple(_read(of(tool, dict, "tool"), note) for tool in get(body, "tools", list, []))
    config = get(body, "output_config", dict, {})
    only(config, ("effort", "format"), "output_config")
    asked = get(config, "format", dict) or get(body, "output_format", dict)
    return {"tools": tools, "format": asked and _format(asked)} | _choice(body)


def _read(tool: dict[str, Any], note: Changes) -> Tool:
    if (kind := get(tool, "type", str, "custom")) != "custom":
        raise UnsupportedError("mcp" if kind == "mcp_toolset" else "server_tools", kind)
    if get(tool, "allowed_callers", list, ["direct"]) != ["direct"]:
        raise UnsupportedError("server_tools", "a tool for code execution")
    only(tool, (*FIELDS, *BOOKKEEPING, "allowed_callers"), "tools")
    for name in BOOKKEEPING:
        if tool.get(name):
            note(f"tools.{name}", "left out: an ordinary tool for other dialects")
    return Tool(
        need(tool, "name", str),
        get(tool, "description", str, ""),
        need(tool, "input_schema", dict),
        get(tool, "strict", bool),
        cache_ttl(tool),
    )


def _choice(body: dict[str, Any]) -> dict[str, Any]:
    choice = get(body, "tool_choice", dict)
    if choice is None:
        return {}
    only(choice, ("type", "name", "disable_parallel_tool_use"), "tool_choice")
    parallel = False if get(choice, "disable_parallel_tool_use", bool) else None
    match need(choice, "type", str):
        case "auto" | "any" | "none" as kind:
            return {"tool_choice": ToolChoice(kind), "parallel_tools": parallel}
        case "tool":
            named = ToolChoice("tool", need(choice, "name", str))
            return {"tool_choice": named, "parallel_tools": parallel}
        case kind:
            raise UnsupportedError("unknown_field", f"tool_choice {kind}")


def _format(format: dict[str, Any]) -> Format:
    only(format, ("type", "schema"), "format")
    if (kind := need(format, "type", str)) != "json_schema":
        raise UnsupportedError("structured_output", kind)
    return Format(need(format, "schema", dict), strict=True)


def write(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    """The keys `tools` and `tool_choice` of a body."""
    tools = request.tools or _of_history(request, note)
    if not tools:
        return {}
    if not target.tools:
        raise UnsupportedError("tools", "this model takes none")
    if target.max_tools is not None and len(tools) > target.max_tools:
        raise UnsupportedError("too_many_tools", f"{len(tools)}")
    written = [_write(tool, target, note) for tool in tools]
    choice = _write_choice(request) if request.tools else {"type": "none"}
    return {"tools": written} | ({"tool_choice": choice} if choice else {})


def _of_history(request: Request, note: Changes) -> tuple[Tool, ...]:
    """This dialect wants the tools of the history declared, also when none may be called now."""
    parts = (part for message in request.messages for part in message.parts)
    names = dict.fromkeys(part.name for part in parts if isinstance(part, ToolUse))
    if names:
        note("tools", "declared from the history, with tool_choice none")
    return tuple(Tool(name, "", {"type": "object", "properties": {}}) for name in names)


def _write(tool: Tool, target: Target, note: Changes) -> dict[str, Any]:
    if not NAME.fullmatch(tool.name):
        raise UnsupportedError("schema", f"the tool's name {tool.name!r}")
    parameters = _parameters(tool.schema, target)
    if parameters != tool.schema:
        note(f"tools.{tool.name}.input_schema", "said in the words this model takes")
    strict = bool(tool.strict) and _can_be_strict(tool, target, note)
    return (
        {"name": tool.name}
        | ({"description": tool.description} if tool.description else {})
        | {"input_schema": parameters}
        | ({"strict": True} if strict else {})
        | cache_control(tool.cache)
    )


def _parameters(wanted: schema.Schema, target: Target) -> schema.Schema:
    resolved = wanted if target.schema_refs else schema.inline(wanted)
    named = resolved if target.pattern_in_schema else schema.without_pattern(resolved)
    return schema.for_tool(named)


def _can_be_strict(tool: Tool, target: Target, note: Changes) -> bool:
    """Otherwise the check of the answer's arguments mends what the model gets wrong."""
    try:
        if target.structured and schema.closed(tool.schema) == schema.inline(tool.schema):
            return True
    except UnsupportedError:
        pass
    note(f"tools.{tool.name}.strict", "left out: this model cannot enforce the schema")
    return False


def _write_choice(request: Request) -> dict[str, Any]:
    choice = request.tool_choice
    if choice is None:
        kind = {"type": "auto"} if request.parallel_tools is False else {}
    elif choice.kind == "tool":
        kind = {"type": "tool", "name": choice.name}
    else:
        kind = {"type": choice.kind}
    one = request.parallel_tools is False and kind.get("type") != "none"
    return kind | ({"disable_parallel_tool_use": True} if one else {})


def write_format(format: Format | None, target: Target, note: Changes) -> dict[str, Any]:
    """The key `format` of output_config."""
    if format is None:
        return {}
    if format.schema is None:
        raise UnsupportedError("structured_output", "any JSON object")
    if not target.structured:
        raise UnsupportedError("structured_output")
    closed = schema.closed(format.schema)
    if closed != format.schema:
        note("output_config.format.schema", "objects closed, references resolved: as enforced here")
    return {"format": {"type": "json_schema", "schema": closed}}
