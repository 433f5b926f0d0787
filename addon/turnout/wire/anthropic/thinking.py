"""Thinking and effort of Anthropic Messages, both ways.

budget models      thinking {type: enabled, budget_tokens}
adaptive models    thinking {type: adaptive}, output_config {effort}
"""

from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire import sealed
from turnout.wire.changes import Changes
from turnout.wire.effort import LADDER, from_budget, lowest, nearest, to_budget
from turnout.wire.fields import get, need, only
from turnout.wire.request import Effort, Request, Target, Thinking, ToolResult

LEAST = 1024  # tokens; a smaller budget is refused
LEAST_TOP_P = 0.95
ON = {"enabled": True, "adaptive": True, "disabled": False}


def read(body: dict[str, Any]) -> dict[str, Any]:
    """`thinking`, `thinking_budget` and `effort` of a Request. Who does not ask gets none."""
    effort = _effort(body)
    config = get(body, "thinking", dict)
    if config is None:
        return {"effort": effort or "none"}
    only(config, ("type", "budget_tokens", "display"), "thinking")
    kind = need(config, "type", str)
    if kind not in ON:
        raise UnsupportedError("unknown_field", f"thinking.type {kind}")
    budget = get(config, "budget_tokens", int) if ON[kind] else None
    return {"effort": effort, "thinking": ON[kind], "thinking_budget": budget}


def _effort(body: dict[str, Any]) -> Effort | None:
    config = get(body, "output_config", dict, {})
    said = get(config, "effort", str) or get(body, "effort", str)
    effort = next((level for level in LADDER if level == said), None)
    if said and not effort:
        raise UnsupportedError("unknown_field", f"effort {said}")
    return effort


def own(part: Thinking, same_model: bool, target: Target) -> Thinking | None:
    """The thinking as `target` signed it: from an Anthropic client, or out of its envelope."""
    if not sealed.is_sealed(part.signature):
        signed = part.signature and target.takes(part.signature, alike=same_model)
        return part if signed else None
    opened = sealed.decode(part.signature)
    if opened is None or opened.kind == "encrypted":
        return None
    known = target.minted(opened.data)
    if not (sealed.reads(opened, target.model) if known is None else known):
        return None
    return Thinking(part.text, opened.data, redacted=opened.kind == "redacted")


def write(request: Request, target: Target, max_tokens: int, note: Changes) -> dict[str, Any]:
    """The keys `thinking` and `output_config` of a body."""
    if request.thinking is False or request.effort == "none":
        return _off(request, target, note)
    if not (request.thinking or request.effort):
        return {}
    if target.reasoning == "none":
        note("thinking", "this model does not think")
        return {}
    return _thinking(request, target, max_tokens, note) | _level(request, target, note)


def _off(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    if request.thinking is False and target.reasoning_required and target.efforts:
        note("thinking", "this model always thinks: least effort")
        return {"output_config": {"effort": lowest(target.efforts)}}
    return {}


def _level(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    """`output_config`, where the target knows levels; a level nobody asked for is not made up."""
    effort = request.effort
    if effort is None and request.thinking_budget is not None and target.reasoning != "budget":
        effort = from_budget(request.thinking_budget)
        note("thinking.budget_tokens", f"effort {effort}: this model takes no budget")
    if effort is None or (target.reasoning == "budget" and not target.efforts):
        return {}
    asked = nearest(effort, target.efforts, xhigh_is_max=True)
    if asked != effort:
        note("effort", f"{effort} is {asked} for this model")
    return {"output_config": {"effort": asked}}


def _thinking(
    request: Request, target: Target, max_tokens: int, note: Changes
) -> dict[str, dict[str, Any]]:
    if not request.thinking or target.reasoning == "effort" or _held_back(request, target, note):
        return {}
    if target.reasoning == "adaptive":
        config: dict[str, Any] = {"type": "adaptive"}
    elif max_tokens <= LEAST:
        note("thinking", "max_tokens leaves no room for it")
        return {}
    else:
        config = {"type": "enabled", "budget_tokens": _budget(request, max_tokens)}
    _refuse_samplers(request)
    return {"thinking": config}


def _budget(request: Request, max_tokens: int) -> int:
    wanted = request.thinking_budget or to_budget(request.effort or "medium")
    return max(LEAST, min(wanted, max_tokens - 1))


def _held_back(request: Request, target: Target, note: Changes) -> bool:
    """Cases in which the API refuses thinking.

    https://platform.claude.com/docs/en/build-with-claude/extended-thinking
    """
    if request.tools and request.tool_choice and request.tool_choice.kind in ("any", "tool"):
        note("thinking", "refused together with a forced tool")
        return True
    if target.reasoning == "budget" and _in_a_loop_without_thinking(request):
        note("thinking", "the tool loop in progress began without it")
        return True
    return False


def _in_a_loop_without_thinking(request: Request) -> bool:
    for message in reversed(request.messages):
        if message.role == "assistant":
            return not (message.parts and isinstance(message.parts[0], Thinking))
        if message.role == "user" and not any(isinstance(p, ToolResult) for p in message.parts):
            return False
    return False


def _refuse_samplers(request: Request) -> None:
    if (
        request.temperature not in (None, 1)
        or request.top_k is not None
        or not LEAST_TOP_P <= (1 if request.top_p is None else request.top_p) <= 1
    ):
        raise UnsupportedError("sampling", "thinking takes no samplers")
