"""Reasoning in Chat Completions, both ways: OpenAI's `reasoning_effort`, and what others added.

reasoning_effort: "low"         OpenAI and most others
reasoning: {effort, ...}        OpenRouter
thinking: {type: "enabled"}     DeepSeek, Moonshot, Z.ai
"""

from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire.changes import Changes
from turnout.wire.effort import LADDER, from_budget, lowest, nearest
from turnout.wire.fields import get, need, only
from turnout.wire.request import Effort, Request, Target

SWITCH = {"enabled": True, "disabled": False}


def read(body: dict[str, Any]) -> dict[str, Any]:
    """`thinking`, `thinking_budget` and `effort` of a Request."""
    config = get(body, "reasoning", dict, {})
    only(config, ("effort", "max_tokens", "enabled", "exclude"), "reasoning")
    effort = _effort(get(body, "reasoning_effort", str) or get(config, "effort", str))
    budget = get(config, "max_tokens", int)
    asked = None if effort is None and budget is None else effort != "none"
    said = _switch(body)
    switch = get(config, "enabled", bool) if said is None else said
    return {
        "effort": effort,
        "thinking_budget": budget,
        "thinking": asked if switch is None else switch,
    }


def _effort(said: str | None) -> Effort | None:
    effort = next((level for level in LADDER if level == said), None)
    if said and not effort:
        raise UnsupportedError("unknown_field", f"reasoning_effort {said}")
    return effort


def _switch(body: dict[str, Any]) -> bool | None:
    config = get(body, "thinking", dict)
    if config is None:
        return None
    only(config, ("type",), "thinking")
    kind = need(config, "type", str)
    if kind not in SWITCH:
        raise UnsupportedError("unknown_field", f"thinking {kind}")
    return SWITCH[kind]


def write(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    """The key `reasoning_effort`; a level that the client did not ask for is not made up."""
    off = request.thinking is False or request.effort == "none"
    if target.reasoning == "none":
        if not off and (request.thinking or request.effort):
            note("reasoning_effort", "this model does not reason")
        return {}
    if off:
        return _off(request, target, note)
    budget = request.thinking_budget
    effort = request.effort or (None if budget is None else from_budget(budget))
    if effort is None:
        return {}
    return _level(effort, target, note)


def _off(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    """What nobody asked for is switched off where it can be."""
    if "none" in target.efforts:
        return {"reasoning_effort": "none"}
    if request.thinking is False and target.reasoning_required and target.efforts:
        note("reasoning_effort", "this model always reasons: least effort")
        return {"reasoning_effort": lowest(target.efforts)}
    return {}


def _level(effort: Effort, target: Target, note: Changes) -> dict[str, Any]:
    if target.reasoning != "effort" and not target.efforts:
        note("reasoning_effort", "this model knows no levels")
        return {}
    asked = nearest(effort, target.efforts)
    if asked != effort:
        note("reasoning_effort", f"{effort} is {asked} for this model")
    return {"reasoning_effort": asked}
