"""How much a model of OpenAI's dialects is told to reason."""

from turnout.wire.changes import Changes
from turnout.wire.effort import from_budget, lowest, nearest
from turnout.wire.request import Effort, Request, Target


def level(request: Request, target: Target, note: Changes) -> Effort | None:
    """The effort to ask for, or None; a level that the client did not ask for is not made up."""
    off = request.thinking is False or request.effort == "none"
    if target.reasoning == "none":
        if not off and (request.thinking or request.effort):
            note("reasoning_effort", "this model does not reason")
        return None
    if off:
        return _off(request, target, note)
    budget = request.thinking_budget
    effort = request.effort or (None if budget is None else from_budget(budget))
    return None if effort is None else _known(effort, target, note)


def _off(request: Request, target: Target, note: Changes) -> Effort | None:
    """What nobody asked for is switched off where it can be."""
    if "none" in target.efforts:
        return "none"
    if request.thinking is False and target.reasoning_required and target.efforts:
        note("reasoning_effort", "this model always reasons: least effort")
        return lowest(target.efforts)
    return None


def _known(effort: Effort, target: Target, note: Changes) -> Effort | None:
    if target.reasoning != "effort" and not target.efforts:
        note("reasoning_effort", "this model knows no levels")
        return None
    asked = nearest(effort, target.efforts)
    if asked != effort:
        note("reasoning_effort", f"{effort} is {asked} for this model")
    return asked
