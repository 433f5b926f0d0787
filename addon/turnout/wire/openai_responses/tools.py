"""Tools, the choice among them and the answer's format, in OpenAI Responses, both ways.

Other dialects know neither namespaces nor free-form tools: a tool in a namespace gets a longer
name, and a free-form tool becomes a function of one string. The answer is told in the client's way.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire import formats
from turnout.wire.changes import Changes
from turnout.wire.fields import get, need, of, only
from turnout.wire.openai_responses.names import Names
from turnout.wire.remembered import remembered
from turnout.wire.request import Format, Request, Target, Tool, ToolChoice
from turnout.wire.schema import Schema, for_chat, for_tool
from turnout.wire.strict import strict

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
FUNCTION = ("type", "name", "description", "parameters", "strict")
CUSTOM = ("type", "name", "description", "format")
NAMESPACE = ("type", "name", "description", "tools")
# how the provider searches and schedules tools; the tool is the same without
BOOKKEEPING = ("defer_loading", "async", "output_schema", "allowed_callers")
# hosted tools that a model may do without, as long as it has others
OFFERED = frozenset({"web_search"})
EMPTY = {"type": "object", "properties": {}}
INPUT = "input"
FREE_FORM = {
    "type": "object",
    "properties": {INPUT: {"type": "string", "description": "The whole input, as plain text."}},
    "required": [INPUT],
    "additionalProperties": False,
}
CHOICES = {"auto": ToolChoice("auto"), "none": ToolChoice("none"), "required": ToolChoice("any")}
WORDS = {"auto": "auto", "none": "none", "any": "required"}


def read(tools: Iterable[Any], names: Names, note: Changes) -> Iterator[Tool]:
    """A search that OpenAI offers beside a client's own tools (codex does) is a convenience."""
    said = [of(tool, dict, "tool") for tool in tools]
    own = any(tool.get("type") not in OFFERED for tool in said)
    for tool in said:
        if own and tool.get("type") in OFFERED:
            note(f"tools.{tool['type']}", "OpenAI's own search, offered beside the client's tools")
        else:
            yield from _read(tool, names, "")


def _read(tool: dict[str, Any], names: Names, namespace: str) -> Iterator[Tool]:
    kind = need(tool, "type", str)
    if get(tool, "allowed_callers", list, ["direct"]) != ["direct"]:
        raise UnsupportedError("native_only", "a tool for code execution")
    if kind == "namespace" and not namespace:
        yield from _namespace(tool, names)
    elif kind == "function":
        yield _function(tool, names, namespace)
    elif kind == "custom":
        yield _custom(tool, names, namespace)
    else:
        raise UnsupportedError("native_only", f"tool {kind}")


def _namespace(tool: dict[str, Any], names: Names) -> Iterator[Tool]:
    """What it is for is said once, with its first tool."""
    only(tool, NAMESPACE, "tools.namespace")
    name, about = need(tool, "name", str), get(tool, "description", str, "")
    for position, inner in enumerate(need(tool, "tools", list)):
        of(inner, dict, "tool")
        said = get(inner, "description", str, "")
        text = f"[{name}: {about}]\n{said}" if about and not position else said
        yield from _read(inner | {"description": text}, names, name)


def _function(tool: dict[str, Any], names: Names, namespace: str) -> Tool:
    only(tool, (*FUNCTION, *BOOKKEEPING), "tools")
    name = need(tool, "name", str)
    return Tool(
        names.declare(namespace, name),
        get(tool, "description", str, ""),
        get(tool, "parameters", dict, EMPTY),
        get(tool, "strict", bool),
        namespace=namespace,
        own_name=name if namespace else "",
    )


def _custom(tool: dict[str, Any], names: Names, namespace: str) -> Tool:
    only(tool, (*CUSTOM, *BOOKKEEPING), "tools")
    name = need(tool, "name", str)
    said = (get(tool, "description", str, ""), _grammar(get(tool, "format", dict, {})))
    return Tool(
        names.declare(namespace, name),
        "\n\n".join(filter(None, said)),
        FREE_FORM,
        namespace=namespace,
        own_name=name if namespace else "",
        free_form=True,
    )


def _grammar(format: dict[str, Any]) -> str:
    only(format, ("type", "syntax", "definition"), "tools.format")
    if get(format, "type", str, "text") == "text":
        return ""
    syntax, definition = need(format, "syntax", str), need(format, "definition", str)
    return f"`{INPUT}` must match this {syntax} grammar:\n{definition}"


def read_choice(choice: Any, names: Names) -> ToolChoice | None:
    if choice is None:
        return None
    if isinstance(choice, str):
        if choice not in CHOICES:
            raise UnsupportedError("unknown_field", f"tool_choice {choice}")
        return CHOICES[choice]
    only(of(choice, dict, "tool_choice"), ("type", "name", "namespace"), "tool_choice")
    if (kind := need(choice, "type", str)) not in ("function", "custom"):
        raise UnsupportedError("native_only", f"tool_choice {kind}")
    return ToolChoice(
        "tool", names.of(get(choice, "namespace", str, ""), need(choice, "name", str))
    )


def read_format(format: dict[str, Any]) -> Format | None:
    match get(format, "type", str, "text"):
        case "text":
            return None
        case "json_object":
            return Format()
        case "json_schema":
            return formats.read(format, "type")
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
    """Strict where strict mode can say it: unsaid, this dialect would decide for itself."""
    if not NAME.fullmatch(tool.name):
        raise UnsupportedError("schema", f"the tool's name {tool.name!r}")
    parameters, closed = _parameters(
        tool.schema,
        pattern=target.pattern_in_schema,
        refs=target.schema_refs,
        closing=target.structured and tool.strict is not False,
    )
    if parameters != tool.schema:
        note(f"tools.{tool.name}.parameters", "said in the words this model takes")
    if tool.strict and not closed:
        note(f"tools.{tool.name}.strict", "left out: this model cannot enforce the schema")
    described = {"description": tool.description} if tool.description else {}
    said = {"parameters": parameters, "strict": closed}
    return {"type": "function", "name": tool.name} | described | said


@remembered
def _parameters(asked: Schema, *, pattern: bool, refs: bool, closing: bool) -> tuple[Schema, bool]:
    """Of a tool; and whether they are strict."""
    cleaned = for_tool(for_chat(asked, pattern=pattern, refs=refs))
    closed = strict(cleaned) if closing else None
    return (cleaned, False) if closed is None else (closed, True)


def _write_choice(choice: ToolChoice) -> str | dict[str, Any]:
    if choice.kind == "tool":
        return {"type": "function", "name": choice.name}
    return WORDS[choice.kind]


def write_format(format: Format | None, target: Target, note: Changes) -> dict[str, Any]:
    """The key `text` of a body."""
    if format is None:
        return {}
    said = formats.write(format, target, note)
    kind = {"type": "json_object"} if said is None else {"type": "json_schema"} | said
    return {"text": {"format": kind}}
