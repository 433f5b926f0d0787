"""Mending the items of an input in place: what other models left in it, and what OpenAI refuses."""

from collections.abc import Iterator

from turnout.wire import splice
from turnout.wire.changes import Changes
from turnout.wire.edits import Edits
from turnout.wire.envelope import IN_ID
from turnout.wire.ids import LONGEST, tool_id
from turnout.wire.openai_responses import compaction
from turnout.wire.openai_responses.shape import Body, Item
from turnout.wire.request import Target
from turnout.wire.sealed import is_sealed, maker

# in the ids of items that we made: nobody else knows them
OURS = "_turnout_"


def mend(edits: Edits, body: Body, target: Target) -> None:
    """Without reasoning that the target cannot read, and without ids of ours."""
    if not any(_ill(item, body, target) for item in body.items):
        return
    raws = splice.elements(edits.raw("input"))
    kept = list(_mended(body, raws, target, edits.note))
    edits.put("input", splice.array(kept))


def _ill(item: Item, body: Body, target: Target) -> bool:
    return (
        bool(_foreign(item, body, target))
        or _made_here(item)
        or bool(_odd_call(item))
        or _ours(item)
    )


def _ours(item: Item) -> bool:
    """A summary that was written here."""
    return item.kind == compaction.ITEM and item.portable


def _made_here(item: Item) -> bool:
    return OURS in (item.id or "")


def _odd_call(item: Item) -> str:
    """What is wrong with its call's id, "" for nothing."""
    if IN_ID.fullmatch(item.call_id or ""):
        return "without the signatures of another family"
    return f"longer than {LONGEST}" if len(item.call_id or "") > LONGEST else ""


def _foreign(item: Item, body: Body, target: Target) -> str:
    """Why this reasoning means nothing to the target; "" when it may stay."""
    if item.kind != "reasoning":
        return ""
    if is_sealed(item.encrypted_content or ""):
        return "another model sealed it"
    if _made_here(item) and not item.encrypted_content:
        return "nobody sealed it"
    stays = body.model == target.model
    if target.reasoning == "none" and not stays:
        return "this model does not reason"
    alike = stays or maker(body.model) == maker(target.model)
    if target.takes(item.encrypted_content or "", alike=alike):
        return ""
    return "of another maker" if alike else "of another family"


def _mended(body: Body, raws: list[bytes], target: Target, note: Changes) -> Iterator[bytes]:
    for item, raw in zip(body.items, raws, strict=True):
        if why := _foreign(item, body, target):
            note("reasoning", why)
        elif _ours(item):
            note("compaction", "a summary of ours, said in words")
            yield compaction.message(compaction.opened(item.encrypted_content) or "")
        else:
            yield _cleaned(item, raw, note)


def _cleaned(item: Item, raw: bytes, note: Changes) -> bytes:
    if _made_here(item):
        note("ids", "of items made here: they mean nothing there")
        raw = splice.edit(raw, remove=("id",))
    if why := _odd_call(item):
        note("call ids", why)
        raw = splice.edit(raw, replace={"call_id": b'"%b"' % tool_id(item.call_id or "").encode()})
    return raw
