"""Thought signatures: what Gemini's models want back with their calls.

https://ai.google.dev/gemini-api/docs/thought-signatures

The first call of a step bears it. Models from 3 on refuse a step of the turn in progress without;
for calls that another model made, Google documents a word that stands in for it.
"""

import operator
import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from turnout.wire.changes import Changes
from turnout.wire.envelope import GEMINI, MARK, Envelope, encode, split_id, with_id
from turnout.wire.request import Message, Part, Target, Text, ToolResult, ToolUse

FOREIGN = "skip_thought_signature_validator"
_GENERATION = re.compile(r"(?:.*/)?gemini-(?:(\d+)|.)")
FIRST_STRICT = 3
OF_CALLS = (ToolUse, ToolResult)


def strict(model: str) -> bool:
    """Does it refuse unsigned calls? A Gemini without a number ("gemini-flash-latest") is new."""
    match = _GENERATION.match(model)
    return match is not None and int(match[1] or FIRST_STRICT) >= FIRST_STRICT


def sealed(id: str, signature: str) -> str:
    """A call's id for a client of another dialect, which gives nothing else back."""
    return with_id(id, Envelope(GEMINI, signature)) if signature else id


def alone(signature: str) -> str:
    """Of a part that is no call: for who remembers it, and for no client of another dialect."""
    return encode(Envelope(GEMINI, signature))


def opened(message: Message, target: Target) -> Message:
    """Ids without what they carry; the target's own signatures beside them.

    The family's, as long as nobody knows better.
    """
    for part in message.parts:
        if isinstance(part, OF_CALLS) and MARK in part.id:
            return Message(message.role, tuple([_opened(one, target) for one in message.parts]))
    return message


def _opened(part: Part, target: Target) -> Part:
    if not isinstance(part, OF_CALLS):
        return part
    bare, carried = split_id(part.id)
    if bare == part.id:
        return part
    if isinstance(part, ToolResult):
        return replace(part, id=bare)
    ours = carried.payload if carried and carried.family == GEMINI else ""
    if target.minted(ours) is False:
        ours = ""
    return replace(part, id=bare, signature=part.signature or ours)


def filled(messages: Sequence[Message], begins: int, note: Changes) -> Iterator[Message]:
    """The steps of the turn in progress, each signed: a foreign one by the word that says so."""
    yield from messages[:begins]
    signed = [_signed(message) for message in messages[begins:]]
    if any(map(operator.is_not, signed, messages[begins:])):
        note("thoughtSignature", f"{FOREIGN}: another model made these calls")
    yield from signed


def _signed(message: Message) -> Message:
    if message.role != "assistant" or ToolUse not in map(type, message.parts):
        return message
    calls = [part for part in message.parts if isinstance(part, ToolUse)]
    if any([call.signature for call in calls]):  # noqa: C419  a list is the quickest
        return message
    signed = replace(calls[0], signature=FOREIGN)
    parts = [signed if part is calls[0] else part for part in message.parts]
    return Message(message.role, tuple(parts))


def latest(messages: Sequence[Message]) -> int:
    """The latest words of a person: there the turn in progress begins. -1 for none."""
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if message.role == "user":
            kinds = set(map(type, message.parts))
            if Text in kinds and ToolResult not in kinds:
                return index
    return -1
