"""Thought signatures in the contents of a body: what others than the target made goes.

A call of the turn in progress that loses its own is marked as another model's, in the word that
Google documents for it; see signature.py. Only parts that need it are written anew.
"""

from collections.abc import Sequence

import msgspec

from turnout.wire import splice
from turnout.wire.edits import Edits
from turnout.wire.gemini import signature
from turnout.wire.gemini.shape import NOTHING, Body, Content, Part
from turnout.wire.request import Target

NAMES = ("thoughtSignature", "thought_signature")
WHY = "another model signed it"


def mend(edits: Edits, body: Body, target: Target) -> None:
    foreign = [[_foreign(part, target) for part in one.parts or ()] for one in body.contents]
    if not any(map(any, foreign)):
        return
    begins = turn(body.contents) if signature.strict(target.model) else len(foreign)
    raws = splice.elements(edits.raw("contents"))
    kept = [
        _content(content, raw, found, signs=index >= begins) if any(found) else raw
        for index, (content, raw, found) in enumerate(
            zip(body.contents, raws, foreign, strict=True)
        )
    ]
    edits.put("contents", splice.array([raw for raw in kept if raw]))
    edits.note("thoughtSignature", WHY)


def turn(contents: Sequence[Content]) -> int:
    """Where the turn in progress begins: after the latest words of a person."""
    for index in range(len(contents) - 1, -1, -1):
        content = contents[index]
        if content.role != "model" and any(map(_speaks, content.parts or ())):
            return index + 1
    return 0


def _speaks(part: Part) -> bool:
    return part.text is not NOTHING and part.function_response is NOTHING


def _foreign(part: Part, target: Target) -> bool:
    """The models of the family read each other's, as long as nobody knows better."""
    if part.thought_signature is NOTHING:
        return False
    said = msgspec.json.decode(part.thought_signature)
    if not isinstance(said, str) or said in ("", signature.FOREIGN):
        return False
    return not target.takes(said, alike=True)


def _content(content: Content, raw: bytes, foreign: Sequence[bool], *, signs: bool) -> bytes:
    """b"" when nothing is left of it. `signs`: its first call must be signed."""
    inside, there = content.parts or [], splice.fields(raw)["parts"]
    raws = splice.elements(raw[there.value : there.end])
    calls = [i for i, part in enumerate(inside) if part.function_call is not NOTHING]
    own = any(inside[i].thought_signature is not NOTHING and not foreign[i] for i in calls)
    marked = calls[0] if calls and signs and not own else -1
    parts = [
        _part(part, one, marks=i == marked) if theirs or i == marked else one
        for i, (part, one, theirs) in enumerate(zip(inside, raws, foreign, strict=True))
    ]
    kept = splice.array([part for part in parts if part])
    return splice.edit(raw, replace={"parts": kept}) if any(parts) else b""


def _part(part: Part, raw: bytes, *, marks: bool) -> bytes:
    """Without its signature; b"" for a text that was there only to bear one."""
    members = splice.fields(raw)
    named = [name for name in NAMES if name in members]
    if marks:
        word = msgspec.json.encode(signature.FOREIGN)
        if named:
            return splice.edit(raw, replace=dict.fromkeys(named, word))
        return splice.edit(raw, insert={NAMES[0]: word})
    empty = part.text is not NOTHING and not msgspec.json.decode(part.text)
    return b"" if empty and not _holds(part) else splice.edit(raw, remove=named)


def _holds(part: Part) -> bool:
    held = (part.function_call, part.function_response, part.inline_data, part.file_data)
    return part.of_server or any(raw is not NOTHING for raw in held)


def signed(body: Body) -> bool:
    """Has each step of the turn in progress a signature?"""
    for content in body.contents[turn(body.contents) :]:
        calls = [part for part in content.parts or [] if part.function_call is not NOTHING]
        if calls and all(part.thought_signature is NOTHING for part in calls):
            return False
    return True
