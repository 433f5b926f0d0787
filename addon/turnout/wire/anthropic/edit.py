"""Anthropic Messages for another model of the dialect: the client's bytes, with named edits."""

from collections.abc import Sequence

import msgspec

from turnout.errors import UnsupportedError, WireError, reading
from turnout.wire import able, schema
from turnout.wire.anthropic import cache, history, reason
from turnout.wire.anthropic.model import LONG_CONTEXT, same
from turnout.wire.anthropic.peek import facts
from turnout.wire.anthropic.shape import Block, Body, Message, Named, marks, parse, walk
from turnout.wire.edits import Edits
from turnout.wire.request import Target, Written
from turnout.wire.splice import array, edit, elements

USUAL_MAX = 8192  # tokens, where the client does not say; the API insists on a number
# a sampler at     its default says nothing
DEFAULTS = {"temperature": 1, "top_p": 1, "top_k": None}
CLEARS_THINKING = "clear_thinking"


def splice(body: bytes, target: Target) -> Written:
    """Raises WireError, and UnsupportedError when the target cannot be told all of it.

    For the model that the client asked for nothing changes, save that thinking which nobody or
    another signed and ids of foreign dialects never reach Anthropic.
    """
    with reading("anthropic"):
        parsed, members = parse(body)
        walked = walk(parsed)
        cache.check(marks(parsed, walked))
        edits = Edits(body, members)
        left = history.mend(edits, parsed, target)
        if same(parsed.model, target):
            _unmark(edits, parsed, target)
            _unthink(edits, parsed, left)
        else:
            able.check(facts(parsed, members, walked), target)
            _check(walked, left, target)
            _fit(edits, parsed, target, left)
        return edits.written()


def _unmark(edits: Edits, body: Body, target: Target) -> None:
    """The API itself does not know the mark of a long context: a beta of the headers says it."""
    if body.model != target.model:
        edits.put("model", target.model, f"{LONG_CONTEXT} is said in the headers")


def _unthink(edits: Edits, body: Body, left: Sequence[Message]) -> None:
    """What goes with thinking that cannot come back."""
    if body.messages and not left:
        raise WireError("no message is left")
    if edits.changed("messages"):
        reason.kept(edits, body, left)
    if edits.changed("thinking"):
        _clearing(edits)


def _check(walked: Sequence[Block], left: Sequence[Message], target: Target) -> None:
    if not left:
        raise WireError("no message is left")
    if left[-1].role == "assistant" and not target.prefill:
        raise UnsupportedError("prefill", f"{target.model} begins its own turns")
    if not target.image_urls and any(_by_url(block) for block in walked):
        raise UnsupportedError("image_url", f"{target.model} fetches none")


def _by_url(block: Block) -> bool:
    return block.type == "image" and msgspec.json.decode(block.source, type=Named).type == "url"


def _fit(edits: Edits, body: Body, target: Target, left: Sequence[Message]) -> None:
    edits.put("model", target.model, f"{body.model} was requested")
    _max_tokens(edits, body, target)
    reason.fit(edits, body, target, left)
    _context_management(edits, target)
    _samplers(edits, target)
    _patterns(edits, target)


def _max_tokens(edits: Edits, body: Body, target: Target) -> None:
    most = target.max_output
    if body.max_tokens is None:
        edits.put("max_tokens", min(USUAL_MAX, most or USUAL_MAX), "required, and not said")
    elif most is not None and body.max_tokens > most:
        edits.put("max_tokens", most, f"{body.max_tokens} is more than this model gives")


def _context_management(edits: Edits, target: Target) -> None:
    if not target.context_management:
        edits.drop("context_management", "this model does not take it; nor its beta")
    _clearing(edits)


def _clearing(edits: Edits) -> None:
    """Of thinking: it is refused without thinking."""
    config = edits.value("context_management")
    if not config or (edits.value("thinking") or {"type": "disabled"})["type"] != "disabled":
        return
    kept = [e for e in config.get("edits", ()) if not e["type"].startswith(CLEARS_THINKING)]
    if not kept:
        edits.drop("context_management", "there is no thinking to clear")
    elif len(kept) < len(config["edits"]):
        edits.put_in("context_management", "edits", kept, "there is no thinking to clear")


def _samplers(edits: Edits, target: Target) -> None:
    if not target.stop and edits.value("stop_sequences"):
        raise UnsupportedError("stop", f"{target.model} takes none")
    if target.samplers:
        return
    for name, default in DEFAULTS.items():
        if edits.value(name) not in (None, default):
            raise UnsupportedError("sampling", f"{name}: {target.model} takes no samplers")
        edits.drop(name, "at its default; this model takes no samplers")


def _patterns(edits: Edits, target: Target) -> None:
    if target.pattern_in_schema or b'"pattern"' not in edits.raw("tools"):
        return
    tools = [_without_pattern(tool) for tool in elements(edits.raw("tools"))]
    edits.put("tools", array(tools), "pattern is in the description: this model refuses it")


def _without_pattern(tool: bytes) -> bytes:
    there = msgspec.json.decode(tool).get("input_schema")
    if not there:
        return tool
    mended = schema.without_pattern(there)
    return edit(tool, replace={"input_schema": msgspec.json.encode(mended)})
