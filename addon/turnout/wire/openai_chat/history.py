"""Reasoning in the history of a chat: the words of some servers, which others refuse.

reasoning_content, reasoning    plain words
reasoning_details               OpenRouter's: words, and what only the model behind them reads
                                https://openrouter.ai/docs/use-cases/reasoning-tokens
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from turnout.errors import UnsupportedError
from turnout.wire import splice
from turnout.wire.edits import Edits
from turnout.wire.envelope import DETAILS, Envelope, encode
from turnout.wire.openai_chat.shape import NOTHING, Message
from turnout.wire.request import Target, nobody_knows

SIGNED = "reasoning_details"  # means something only to the model that wrote it
PLAIN = ("reasoning_content", "reasoning")
OPAQUE = ("signature", "data")


def mend(edits: Edits, messages: Sequence[Message], target: Target) -> None:
    """Raises UnsupportedError when the target wants back reasoning that is not there."""
    if target.replays_reasoning and _in_a_loop_without_reasoning(messages):
        raise UnsupportedError("reasoning_replay", f"{target.model} wants its reasoning back")
    plain = () if target.replays_reasoning else PLAIN
    gone = [(*plain, *([] if _own(one, target, alike=False) else [SIGNED])) for one in messages]
    _without(edits, messages, gone, "this model does not take another's")


def unsign(edits: Edits, messages: Sequence[Message], target: Target) -> None:
    """For the asked model itself: without what others signed."""
    if target.asked is not False and target.minted is nobody_knows:
        return
    foreign = [not _own(one, target, alike=True) for one in messages]
    if any(foreign):
        gone = [(SIGNED,) if one else () for one in foreign]
        _without(edits, messages, gone, "another model signed it")


def _own(message: Message, target: Target, *, alike: bool) -> bool:
    """All that is opaque in it is the target's. `alike`: so it counts where nothing is."""
    if message.reasoning_details is NOTHING:
        return True
    found = list(opaque(msgspec.json.decode(message.reasoning_details)))
    return all(target.takes(one, alike=alike) for one in found) if found else alike


def _without(
    edits: Edits, messages: Sequence[Message], gone: Sequence[Sequence[str]], why: str
) -> None:
    if not any(message.reasons for message in messages):
        return
    raws = splice.elements(edits.raw("messages"))
    kept = [
        splice.edit(raw, remove=names) if message.reasons and names else raw
        for message, raw, names in zip(messages, raws, gone, strict=True)
    ]
    edits.put("messages", splice.array(kept))
    edits.note("reasoning", why)


def opaque(details: Any) -> Iterator[str]:
    """Whatever is no such list says nothing."""
    for one in details if isinstance(details, list) else ():
        for name in OPAQUE if isinstance(one, dict) else ():
            if isinstance(value := one.get(name), str) and value:
                yield value


def sealed(value: str) -> str:
    """For who remembers it: no other dialect has a place for it."""
    return encode(Envelope(DETAILS, value))


def _in_a_loop_without_reasoning(messages: Sequence[Message]) -> bool:
    """Since the last human turn, was a tool called without a word of reasoning?"""
    for message in reversed(messages):
        if message.role == "user":
            return False
        if message.tool_calls and message.reasoning_content is NOTHING:
            return True
    return False
