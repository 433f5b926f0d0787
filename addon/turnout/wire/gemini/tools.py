"""Functions, the choice among them and the answer's format, both ways.

https://ai.google.dev/gemini-api/docs/function-calling
"""

import re
from typing import Any

from turnout.errors import UnsupportedError, WireError
from turnout.wire.changes import Changes
from turnout.wire.fields import get, need, of, only
from turnout.wire.gemini import subset
from turnout.wire.remembered import remembered
from turnout.wire.request import Format, Message, Request, Target, Tool, ToolChoice, ToolUse
from turnout.wire.schema import Schema, for_tool

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}")
EMPTY: dict[str, Any] = {"type": "object", "properties": {}}
FIELDS = ("name", "description", "parameters", "parametersJsonSchema")
# what an answer looks like, for the model to know: the description says it as well
ADVICE = ("response", "responseJsonSchema")
CHOICES = {"AUTO": "auto", "VALIDATED": "auto", "MODE_UNSPECIFIED": "auto", "NONE": "none"}
_plain = remembered(subset.plain)
JSON, PLAIN = "application/json", "text/plain"


def read(body: dict[str, Any], messages: tuple[Message, ...], note: Changes) -> dict[str, Any]:
    """The keys `tools` and `tool_choice` of a Request."""
    tools: dict[str, Tool] = {}
    for group in get(body, "tools", list, []):
        for name, value in of(group, dict, "tool").items():
            if name != "functionDeclarations" and value is not None:
                raise UnsupportedError("native_only", name)
        for declared in get(group, "functionDeclarations", list, []):
            tool = _read(of(declared, dict, "functionDeclaration"), note)
            if tools.setdefault(tool.name, tool) != tool:
                raise UnsupportedError("schema", f"two functions named {tool.name}")
    config = get(body, "toolConfig", dict, {})
    only(config, ("functionCallingConfig",), "toolConfig")
    calling = get(config, "functionCallingConfig", dict)
    if calling is None:
        return {"tools": tuple(tools.values())}
    return _chosen(tools, calling, messages, note)


def _read(declared: dict[str, Any], note: Changes) -> Tool:
    if get(declared, "behavior", str, "BLOCKING") not in ("BLOCKING", "UNSPECIFIED"):
        raise UnsupportedError("native_only", "a function that answers later")
    only(declared, (*FIELDS, *ADVICE, "behavior"), "functionDeclarations")
    for name in ADVICE:
        if declared.get(name) is not None:
            note(f"functionDeclarations.{name}", "advice: other dialects have no word for it")
    google = get(declared, "parameters", dict)
    said = get(declared, "parametersJsonSchema", dict) if google is None else google
    parameters = EMPTY if said is None else _plain(said)
    return Tool(need(declared, "name", str), get(declared, "description", str, ""), parameters)


def _chosen(
    tools: dict[str, Tool], calling: dict[str, Any], messages: tuple[Message, ...], note: Changes
) -> dict[str, Any]:
    only(calling, ("mode", "allowedFunctionNames"), "functionCallingConfig")
    mode = get(calling, "mode", str, "AUTO").upper()
    allowed = [
        of(name, str, "function name") for name in get(calling, "allowedFunctionNames", list, [])
    ]
    kept = _allowed(tools, allowed, messages, note) if len(allowed) > 1 else tuple(tools.values())
    if mode == "ANY":
        one = ToolChoice("tool", allowed[0]) if len(allowed) == 1 else ToolChoice("any")
        return {"tools": kept, "tool_choice": one}
    if mode not in CHOICES:
        raise UnsupportedError("unknown_field", f"functionCallingConfig.mode {mode}")
    if len(allowed) == 1 and mode != "NONE":
        kept = _allowed(tools, allowed, messages, note)
    return {"tools": kept, "tool_choice": ToolChoice("none" if mode == "NONE" else "auto")}


def _allowed(
    tools: dict[str, Tool], allowed: list[str], messages: tuple[Message, ...], note: Changes
) -> tuple[Tool, ...]:
    """Other dialects know one tool by name, or all: the rest stay behind, unless they were used."""
    if missing := [name for name in allowed if name not in tools]:
        raise WireError(f"allowedFunctionNames: there is no {missing[0]}")
    out = tools.keys() - set(allowed)
    used = {p.name for m in messages for p in m.parts if isinstance(p, ToolUse)}
    if out & used:
        raise UnsupportedError("native_only", f"{min(out & used)} was used, and is not allowed now")
    if out:
        note("tools", "those that are not allowed in this request are left out")
    return tuple(tools[name] for name in dict.fromkeys(allowed))


def read_format(generation: dict[str, Any]) -> Format | None:
    wanted = _schema(generation)
    match get(generation, "responseMimeType", str, PLAIN).lower():
        case "application/json":
            return Format(wanted, strict=True) if wanted is not None else Format()
        case "text/plain" if wanted is None:
            return None
        case kind:
            raise UnsupportedError("structured_output", kind)


def _schema(generation: dict[str, Any]) -> dict[str, Any] | None:
    for name in ("responseJsonSchema", "_responseJsonSchema", "responseSchema"):
        if (said := get(generation, name, dict)) is not None:
            return subset.plain(said)
    return None


def write(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    """The keys `tools` and `toolConfig` of a body."""
    if not request.tools:
        return {}
    if not target.tools:
        raise UnsupportedError("tools", "this model takes none")
    if target.max_tools is not None and len(request.tools) > target.max_tools:
        raise UnsupportedError("too_many_tools", f"{len(request.tools)}")
    declared: dict[str, dict[str, Any]] = {}
    for tool in request.tools:
        written = _write(tool, note)
        if declared.setdefault(tool.name, written) != written:
            raise UnsupportedError("schema", f"two tools named {tool.name}")
    return {
        "tools": [{"functionDeclarations": list(declared.values())}],
        "toolConfig": {"functionCallingConfig": _write_choice(request.tool_choice, target)},
    }


def _write(tool: Tool, note: Changes) -> dict[str, Any]:
    if not NAME.fullmatch(tool.name):
        raise UnsupportedError("schema", f"the tool's name {tool.name!r}")
    parameters = _parameters(tool.schema)
    if parameters != tool.schema:
        note(f"tools.{tool.name}.parameters", "said in the words this model takes")
    if tool.strict:
        note(f"tools.{tool.name}.strict", "left out: this dialect has no word for it")
    described = {"description": tool.description} if tool.description else {}
    return {"name": tool.name} | described | {"parametersJsonSchema": parameters}


@remembered
def _parameters(asked: Schema) -> Schema:
    return for_tool(subset.fitted(asked))


def _write_choice(choice: ToolChoice | None, target: Target) -> dict[str, Any]:
    """Models from 3 on keep to the schemas when they are told to."""
    match choice:
        case ToolChoice("any"):
            return {"mode": "ANY"}
        case ToolChoice("none"):
            return {"mode": "NONE"}
        case ToolChoice("tool", name):
            return {"mode": "ANY", "allowedFunctionNames": [name]}
        case _:
            return {"mode": "VALIDATED" if target.reasoning == "effort" else "AUTO"}


def write_format(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    """The keys `responseMimeType` and `responseJsonSchema` of generationConfig."""
    if request.format is None:
        return {}
    if not target.structured:
        raise UnsupportedError("structured_output")
    if request.tools and target.reasoning != "effort":
        raise UnsupportedError("structured_output", f"{target.model}: not together with tools")
    if request.format.schema is None:
        return {"responseMimeType": JSON}
    fitted = subset.fitted(request.format.schema)
    if fitted != request.format.schema:
        note("responseJsonSchema", "said in the words this model takes")
    return {"responseMimeType": JSON, "responseJsonSchema": fitted}
