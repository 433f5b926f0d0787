"""Reasoning in Chat Completions, both ways: OpenAI's `reasoning_effort`, and what others added.

reasoning_effort: "low"         OpenAI and most others
reasoning: {effort, ...}        OpenRouter
thinking: {type: "enabled"}     DeepSeek, Moonshot, Z.ai
"""

from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire.changes import Changes
from turnout.wire.effort import LADDER
from turnout.wire.fields import get, need, only
from turnout.wire.levels import level
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
    """The key `reasoning_effort`."""
    effort = level(request, target, note)
    return {"reasoning_effort": effort} if effort else {}
