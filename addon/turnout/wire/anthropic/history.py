"""Mending a conversation in place: what other models left in it, and what the next cannot take.

Only messages that need it are written anew, and in those only the blocks that need it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

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

UNSIGNED, FOREIGN, ODD = "nobody signed it", "another model signed it", "odd"
GONE = {UNSIGNED, FOREIGN}

type Turn = tuple[Message, bytes]
type Find = Callable[[Block], str]


def mend(edits: Edits, body: Body, target: Target) -> list[Message]:
    """The messages that are left, without the thinking, ids and signatures that the target refuses.

    A thinking block is taken back by the model that signed it; unsigned, by none.
    """
    stays = same(body.model, target)
    hoists = not (stays or target.mid_system) and any(m.role == "system" for m in body.messages)
    ill = partial(_ill, target=target, stays=stays)
    if not (hoists or any(ill(block) for m in body.messages for block in blocks(m.content))):
        return body.messages
    turns = list(zip(body.messages, splice.elements(edits.raw("messages")), strict=True))
    if hoists:
        _hoist(edits, [raw for message, raw in turns if message.role == "system"])
        turns = [turn for turn in turns if turn[0].role != "system"]
    turns = list(_mended(turns, ill, edits.note))
    edits.put("messages", splice.array([raw for _, raw in turns]))
    return [message for message, _ in turns]


def _ill(block: Block, target: Target, *, stays: bool) -> str:
    """What is wrong with it, "" for nothing. `stays`: the model is the one that was asked for."""
    if block.thinks and not block.signed:
        return UNSIGNED
    if block.thinks and not target.takes(block.opaque, alike=stays):
        return FOREIGN
    return ODD if block.strays or block.odd_id else ""


def _mended(turns: Sequence[Turn], ill: Find, note: Changes) -> Iterator[Turn]:
    """Neighbours of one role, which the loss of a message may leave, count as one message.

    https://platform.claude.com/docs/en/api/messages/create (messages)
    """
    for message, raw in turns:
        inside = blocks(message.content)
        found = [ill(block) for block in inside]
        if not any(found):
            yield message, raw
            continue
        there = splice.fields(raw)["content"]
        raws = splice.elements(raw[there.value : there.end])
        kept = list(_blocks(zip(inside, raws, found, strict=True), note))
        if kept:
            content = splice.array([block for _, block in kept])
            left = Message(message.role, [block for block, _ in kept])
            yield left, raw[: there.value] + content + raw[there.end :]


def _blocks(
    found: Iterable[tuple[Block, bytes, str]], note: Changes
) -> Iterator[tuple[Block, bytes]]:
    for block, raw, why in found:
        if why in GONE:
            note("thinking", why)
        else:
            yield block, _cleaned(block, raw, note) if why else raw


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
