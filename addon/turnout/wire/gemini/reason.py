"""Thinking in generationConfig, both ways: levels from Gemini 3 on, budgets before.

https://ai.google.dev/gemini-api/docs/thinking

thinkingConfig {thinkingLevel, includeThoughts}      3.x: MINIMAL LOW MEDIUM HIGH
thinkingConfig {thinkingBudget, includeThoughts}     2.5: tokens; 0 is off, -1 as the model likes
"""

from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire.changes import Changes
from turnout.wire.effort import LADDER, from_budget, nearest, to_budget
from turnout.wire.fields import get, only
from turnout.wire.gemini.shape import ThinkingConfig
from turnout.wire.request import Effort, Request, Target

type Config = dict[str, Any]

WHAT = "thinkingConfig"
UNSAID = ("", "thinking_level_unspecified")
# tokens, for all models of the family: what the smallest of them refuse is left out
LEAST, MOST = 512, 24576


def read(config: Config) -> dict[str, Any]:
    """`thinking`, `thinking_budget` and `effort` of a Request."""
    only(config, ("thinkingLevel", "thinkingBudget", "includeThoughts"), WHAT)
    effort, budget = level(get(config, "thinkingLevel", str, "")), _tokens(config)
    if budget == 0 and effort is None:
        return {"thinking": False, "effort": "none"}
    asked = effort is not None or budget is not None or get(config, "includeThoughts", bool)
    return {
        "thinking": True if asked else None,
        "thinking_budget": budget if budget and budget > 0 else None,
        "effort": effort,
    }


def _tokens(config: Config) -> int | None:
    budget = get(config, "thinkingBudget", float)
    return None if budget is None else int(budget)


def level(said: str) -> Effort | None:
    word = said.lower()
    if word in UNSAID:
        return None
    for effort in LADDER:
        if effort == word:
            return effort
    raise UnsupportedError("unknown_field", f"thinkingLevel {said}")


def write(request: Request, target: Target, note: Changes) -> Config:
    """The key `thinkingConfig`, where there is anything to say."""
    off = request.thinking is False or request.effort == "none"
    if target.reasoning == "none":
        if not off and (request.thinking or request.effort):
            note(WHAT, "this model does not think")
        return {}
    told = _told("none" if off else request.effort, request.thinking_budget, target, note)
    shown = {"includeThoughts": True} if request.thinking and not off else {}
    return {WHAT: told | shown} if told or shown else {}


def fit(config: ThinkingConfig, target: Target, note: Changes) -> Config | None:
    """What becomes of a client's own; None where it stays, {} where it goes."""
    if target.reasoning == "none":
        note(WHAT, "this model does not think")
        return {}
    effort, budget = level(config.thinking_level or ""), config.thinking_budget
    if budget is not None and budget < 0:
        budget = None
    if budget == 0 and effort is None:
        effort, budget = "none", None
    said = {"thinkingLevel": config.thinking_level, "thinkingBudget": config.thinking_budget}
    told = _told(effort, budget, target, note)
    before = {name: value for name, value in said.items() if value is not None}
    if told == before or (not told and not before):
        return None
    if "thinkingLevel" in told and told["thinkingLevel"] == (config.thinking_level or "").upper():
        return None
    shown = config.include_thoughts
    note(WHAT, "as this model's generation takes it")
    return told | ({"includeThoughts": shown} if shown is not None else {})


def _told(effort: Effort | None, budget: int | None, target: Target, note: Changes) -> Config:
    """How much, in the words of the target's generation; {} leaves it to the model."""
    if effort is None and budget is None:
        return {}
    if target.reasoning == "budget":
        return {"thinkingBudget": _budget(effort, budget, target, note)}
    wanted = effort or from_budget(budget or 0)
    if wanted == "none":
        note(WHAT, "left to the model, which always thinks")
        return {}
    asked = nearest(wanted, target.efforts)
    if asked != effort:
        note(WHAT, f"{effort or budget} is {asked} for this model")
    return {"thinkingLevel": asked.upper()}


def _budget(effort: Effort | None, budget: int | None, target: Target, note: Changes) -> int:
    if effort == "none" and not target.reasoning_required:
        return 0
    wanted = budget if budget is not None else to_budget(effort or "medium")
    asked = max(LEAST, min(wanted, MOST))
    if asked != budget:
        note(WHAT, f"{effort or budget} is {asked} tokens for this model")
    return asked
