"""Thinking and effort of a body, as another model of the family takes them.

the client says       told: adaptive     budget      effort      none
enabled, a budget     adaptive           the same    -           -       the effort it buys
adaptive              the same           -           -           -       its effort, if any
disabled              -                  the same    -           -       the least, if it must
"""

from collections.abc import Sequence

from turnout.errors import UnsupportedError
from turnout.wire import splice
from turnout.wire.anthropic.shape import Body, Message, Thinking, blocks
from turnout.wire.edits import Edits
from turnout.wire.effort import LADDER, from_budget, lowest, nearest
from turnout.wire.request import Effort, Target

KINDS = {"", "enabled", "adaptive", "disabled"}
# the forms that a target takes as they are
TAKES = {"adaptive": {"adaptive"}, "budget": {"enabled", "disabled"}}
BY_EFFORT = {"adaptive", "effort"}
IN_A_LOOP = "the tool loop in progress is without it now"
LEAST = 1024  # tokens; a smaller budget is refused


def fit(edits: Edits, body: Body, target: Target, left: Sequence[Message]) -> None:
    """`left`: the messages as the target will see them. max_tokens is edited already."""
    thinking = body.thinking or Thinking()
    if thinking.type not in KINDS:
        raise UnsupportedError("unknown_field", f"thinking.type {thinking.type}")
    _thinking(edits, thinking, target, left)
    _effort(edits, body, thinking, target)


def _thinking(edits: Edits, thinking: Thinking, target: Target, left: Sequence[Message]) -> None:
    if thinking.type == "enabled" and target.reasoning == "adaptive":
        adaptive = {"type": b'"adaptive"'}
        edited = splice.edit(edits.raw("thinking"), replace=adaptive, remove=("budget_tokens",))
        edits.put("thinking", edited, "this model takes no budget")
    elif thinking.type not in TAKES.get(target.reasoning, ()):
        edits.drop("thinking", f"this model does not take {thinking.type}")
    elif thinking.type == "enabled":
        _budget(edits, thinking.budget_tokens or 0, left)


def kept(edits: Edits, body: Body, left: Sequence[Message]) -> None:
    """For the asked model itself: manual thinking goes when its loop in progress lost its own.

    https://platform.claude.com/docs/en/build-with-claude/extended-thinking
    """
    manual = body.thinking is not None and body.thinking.type == "enabled"
    lost = _in_a_loop_without_thinking(left) and not _in_a_loop_without_thinking(body.messages)
    if manual and lost:
        edits.drop("thinking", IN_A_LOOP)


def _budget(edits: Edits, budget: int, left: Sequence[Message]) -> None:
    """A budget model wants thinking at the head of a turn, and room for the answer besides.

    https://platform.claude.com/docs/en/build-with-claude/extended-thinking
    """
    most = edits.value("max_tokens")
    if _in_a_loop_without_thinking(left):
        edits.drop("thinking", IN_A_LOOP)
    elif edits.changed("max_tokens") and most <= LEAST:
        edits.drop("thinking", "max_tokens leaves no room for it")
    elif edits.changed("max_tokens") and budget >= most:
        edits.put_in("thinking", "budget_tokens", max(LEAST, most - 1), "below max_tokens")


def _in_a_loop_without_thinking(messages: Sequence[Message]) -> bool:
    for message in reversed(messages):
        inside = blocks(message.content)
        if message.role == "assistant":
            return not (inside and inside[0].thinks)
        if message.role == "user" and not any(block.type == "tool_result" for block in inside):
            return False
    return False


def _effort(edits: Edits, body: Body, thinking: Thinking, target: Target) -> None:
    said = (body.output_config and body.output_config.effort) or body.effort
    wanted = _wanted(said, thinking, target)
    if wanted is None:
        why = "this model takes no effort"
        edits.drop_in("output_config", "effort", why)
        edits.drop("effort", why)
        return
    asked = nearest(wanted, target.efforts, xhigh_is_max=True)
    if asked != said:
        edits.put_in("output_config", "effort", asked, f"{said or thinking.type} for this model")
        edits.drop("effort", "in output_config")


def _wanted(said: str | None, thinking: Thinking, target: Target) -> Effort | None:
    """What the client said wins over what its thinking amounts to."""
    if target.reasoning not in BY_EFFORT and not target.efforts:
        return None
    if said:
        return _known(said)
    if thinking.type == "enabled" and target.reasoning in BY_EFFORT:
        budget = thinking.budget_tokens
        return "medium" if budget is None else from_budget(budget)
    if thinking.type == "disabled" and target.reasoning_required:
        return lowest(target.efforts)
    return None


def _known(said: str) -> Effort:
    for level in LADDER:
        if level == said:
            return level
    raise UnsupportedError("unknown_field", f"effort {said}")
