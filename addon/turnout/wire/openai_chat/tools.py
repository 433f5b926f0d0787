"""Tools, the choice among them and the answer's format, in Chat Completions, both ways."""

import re
from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire import formats
from turnout.wire.changes import Changes
from turnout.wire.fields import get, need, of, only
from turnout.wire.openai_chat.parts import cache_ttl
from turnout.wire.remembered import remembered
from turnout.wire.request import Format, Request, Target, Tool, ToolChoice
from turnout.wire.schema import Schema, for_chat, for_tool, is_strict

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
CHOICES = {
    "auto": ToolChoice("auto"),
    "none": ToolChoice("none"),
    "required": ToolChoice("any"),
    "any": ToolChoice("any"),
}
WORDS = {"auto": "auto", "none": "none", "any": "required"}


def read(body: dict[str, Any]) -> dict[str, Any]:
    """The keys `tools`, `tool_choice`, `parallel_tools` and `format` of a Request."""
    return {
        "tools": tuple(_read(of(tool, dict, "tool")) for tool in get(body, "tools", list, [])),
        "tool_choice": _choice(body.get("tool_choice")),
        "parallel_tools": get(body, "parallel_tool_calls", bool),
        "format": _format(get(body, "response_format", dict, {})),
    }


def _read(tool: dict[str, Any]) -> Tool:
    kind = need(tool, "type", str)
    if kind != "function":
        raise UnsupportedError("custom_tools" if kind == "custom" else "server_tools", kind)
    only(tool, ("type", "function", "cache_control"), "tools")
    function = need(tool, "function", dict)
    only(function, ("name", "description", "parameters", "strict"), "tools.function")
    return Tool(
        need(function, "name", str),
        get(function, "description", str, ""),
        get(function, "parameters", dict, {"type": "object", "properties": {}}),
        get(function, "strict", bool),
        cache_ttl(tool),
    )


def _choice(choice: Any) -> ToolChoice | None:
    if choice is None:
        return None
    if isinstance(choice, str):
        if choice not in CHOICES:
            raise UnsupportedError("unknown_field", f"tool_choice {choice}")
        return CHOICES[choice]
    kind = need(of(choice, dict, "tool_choice"), "type", str)
    if kind != "function":
        raise UnsupportedError("custom_tools" if kind == "custom" else "unknown_field", kind)
    return ToolChoice("tool", need(need(choice, "function", dict), "name", str))


def _format(format: dict[str, Any]) -> Format | None:
    match get(format, "type", str, "text"):
        case "text":
            return None
        case "json_object":
            return Format()
        case "json_schema":
            return formats.read(need(format, "json_schema", dict))
        case kind:
            raise UnsupportedError("structured_output", kind)


def write(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    """The keys `tools`, `tool_choice` and `parallel_tool_calls`; none of them without tools."""
    if not request.tools:
        return {}
    if not target.tools:
        raise UnsupportedError("tools", "this model takes none")
    if target.max_tools is not None and len(request.tools) > target.max_tools:
        raise UnsupportedError("too_many_tools", f"{len(request.tools)}")
    choice, parallel = request.tool_choice, request.parallel_tools
    return (
        {"tools": [_write(tool, target, note) for tool in request.tools]}
        | ({"tool_choice": _write_choice(choice)} if choice else {})
        | ({"parallel_tool_calls": parallel} if parallel is not None else {})
    )


def _write(tool: Tool, target: Target, note: Changes) -> dict[str, Any]:
    if not NAME.fullmatch(tool.name):
        raise UnsupportedError("schema", f"the tool's name {tool.name!r}")
    parameters, closed = _parameters(
        tool.schema, pattern=target.pattern_in_schema, refs=target.schema_refs
    )
    if parameters != tool.schema:
        note(f"tools.{tool.name}.parameters", "said in the words this model takes")
    strict = bool(tool.strict) and target.structured and closed
    if tool.strict and not strict:
        note(f"tools.{tool.name}.strict", "left out: this model cannot enforce the schema")
    described = {"description": tool.description} if tool.description else {}
    function = {"name": tool.name} | described | {"parameters": parameters}
    return {"type": "function", "function": function | ({"strict": True} if strict else {})}


@remembered
def _parameters(asked: Schema, *, pattern: bool, refs: bool) -> tuple[Schema, bool]:
    """Of a tool; and whether strict mode takes them."""
    parameters = for_tool(for_chat(asked, pattern=pattern, refs=refs))
    return parameters, is_strict(parameters)


def _write_choice(choice: ToolChoice) -> str | dict[str, Any]:
    if choice.kind == "tool":
        return {"type": "function", "function": {"name": choice.name}}
    return WORDS[choice.kind]


def write_format(format: Format | None, target: Target, note: Changes) -> dict[str, Any]:
    """The key `response_format` of a body."""
    if format is None:
        return {}
    said = formats.write(format, target, note)
    if said is None:
        return {"response_format": {"type": "json_object"}}
    return {"response_format": {"type": "json_schema", "json_schema": said}}
