"""Reasoning in the history of a chat: the words of some servers, which others refuse."""

from collections.abc import Sequence

from turnout.errors import UnsupportedError
from turnout.wire import splice
from turnout.wire.edits import Edits
from turnout.wire.openai_chat.shape import NOTHING, Message
from turnout.wire.request import Target

SIGNED = ("reasoning_details",)  # means something only to the model that wrote it
PLAIN = ("reasoning_content", "reasoning")


def mend(edits: Edits, messages: Sequence[Message], target: Target) -> None:
    """Raises UnsupportedError when the target wants back reasoning that is not there."""
    if target.replays_reasoning and _in_a_loop_without_reasoning(messages):
        raise UnsupportedError("reasoning_replay", f"{target.model} wants its reasoning back")
    refused = SIGNED if target.replays_reasoning else (*SIGNED, *PLAIN)
    if not any(message.reasons for message in messages):
        return
    raws = splice.elements(edits.raw("messages"))
    kept = [
        splice.edit(raw, remove=refused) if message.reasons else raw
        for message, raw in zip(messages, raws, strict=True)
    ]
    edits.put("messages", splice.array(kept))
    edits.note("reasoning", "this model does not take another's")


def _in_a_loop_without_reasoning(messages: Sequence[Message]) -> bool:
    """Since the last human turn, was a tool called without a word of reasoning?"""
    for message in reversed(messages):
        if message.role == "user":
            return False
        if message.tool_calls and message.reasoning_content is NOTHING:
            return True
    return False
