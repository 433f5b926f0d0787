"""Mending a conversation in place: what other models left in it, and what the next cannot take.

Only messages that need it are written anew, and in those only the blocks that need it.
"""

from collections.abc import Iterator, Sequence

from turnout.wire import splice
from turnout.wire.anthropic.model import same
from turnout.wire.anthropic.shape import Block, Body, Message, blocks
from turnout.wire.changes import Changes
from turnout.wire.edits import Edits
from turnout.wire.ids import tool_id
from turnout.wire.request import Target

# what foreign models leave on blocks for themselves
STRAY = ("signature", "thought_signature", "thoughtSignature", "extra_content")
ID_KEY = {"tool_use": "id", "tool_result": "tool_use_id"}

type Turn = tuple[Message, bytes]


def mend(edits: Edits, body: Body, target: Target) -> list[Message]:
    """The messages that are left, without the thinking, ids and signatures that the target refuses.

    A thinking block is taken back by the model that signed it; unsigned, by none.
    """
    switched = not same(body.model, target)
    hoists = switched and not target.mid_system and any(m.role == "system" for m in body.messages)
    mends = any(_ill(block, switched) for m in body.messages for block in blocks(m.content))
    if not (hoists or mends):
        return body.messages
    turns = list(zip(body.messages, splice.elements(edits.raw("messages")), strict=True))
    if hoists:
        _hoist(edits, [raw for message, raw in turns if message.role == "system"])
        turns = [turn for turn in turns if turn[0].role != "system"]
    turns = list(_mended(turns, switched, edits.note))
    edits.put("messages", splice.array([raw for _, raw in turns]))
    return [message for message, _ in turns]


def _ill(block: Block, switched: bool) -> bool:
    return _foreign_thinking(block, switched) or block.strays or block.odd_id


def _foreign_thinking(block: Block, switched: bool) -> bool:
    return block.thinks and (switched or not block.signed)


def _mended(turns: Sequence[Turn], switched: bool, note: Changes) -> Iterator[Turn]:
    """Neighbours of one role, which the loss of a message may leave, count as one message.

    https://platform.claude.com/docs/en/api/messages/create (messages)
    """
    for message, raw in turns:
        ill = [_ill(block, switched) for block in blocks(message.content)]
        if not any(ill):
            yield message, raw
            continue
        there = splice.fields(raw)["content"]
        raws = splice.elements(raw[there.value : there.end])
        kept = list(_blocks(blocks(message.content), raws, switched, note))
        if kept:
            content = splice.array([block for _, block in kept])
            left = Message(message.role, [block for block, _ in kept])
            yield left, splice.edit(raw, replace={"content": content})


def _blocks(
    shapes: Sequence[Block], raws: Sequence[bytes], switched: bool, note: Changes
) -> Iterator[tuple[Block, bytes]]:
    for block, raw in zip(shapes, raws, strict=True):
        if _foreign_thinking(block, switched):
            why = "another model signed it" if block.signed else "nobody signed it"
            note("thinking", why)
        else:
            yield block, _cleaned(block, raw, note) if _ill(block, switched) else raw


def _cleaned(block: Block, raw: bytes, note: Changes) -> bytes:
    members = splice.fields(raw)
    own = {"signature"} if block.thinks else set()
    strays = [name for name in STRAY if name in members and name not in own]
    if strays:
        note("signatures", "they are another dialect's")
    replace = {}
    if block.odd_id:
        note("tool ids", "not in this dialect's alphabet")
        replace[ID_KEY[block.type]] = b'"%b"' % tool_id(block.call).encode()
    return splice.edit(raw, replace=replace, remove=strays)


def _hoist(edits: Edits, systems: Sequence[bytes]) -> None:
    """System messages in the conversation become blocks after the system text that is there.

    Their cache marks stay behind: in the new place they might be out of order.
    """
    hoisted = []
    for raw in systems:
        field = splice.fields(raw)["content"]
        hoisted += _system_blocks(raw[field.value : field.end])
    unmarked = [splice.edit(block, remove=("cache_control",)) for block in hoisted]
    edits.put("system", splice.array([*_system_blocks(edits.raw("system")), *unmarked]))
    edits.note("messages", "this model takes no system message in a conversation: in system now")


def _system_blocks(raw: bytes) -> list[bytes]:
    """System text in any of its forms, as blocks. An empty one would be refused."""
    if raw.startswith(b"["):
        return splice.elements(raw)
    return [] if raw in (b"null", b'""') else [b'{"type":"text","text":%b}' % raw]
