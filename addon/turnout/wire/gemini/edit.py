"""Gemini for another model of the dialect: the client's bytes, with named edits.

The model stands in the path, so this is only asked for when it is another one.
"""

import msgspec

from turnout.errors import UnsupportedError, reading
from turnout.wire import able
from turnout.wire.changes import Changes
from turnout.wire.dialect import Place
from turnout.wire.edits import Edits
from turnout.wire.gemini import history, reason, signature
from turnout.wire.gemini.names import camel, normal
from turnout.wire.gemini.peek import facts
from turnout.wire.gemini.shape import (
    Body,
    Generation,
    parse,
    parts,
    server_tools,
)
from turnout.wire.request import Target, Written, nobody_knows
from turnout.wire.splice import edit, fields

# a sampler at     its default says nothing
DEFAULTS = {"temperature": (1,), "topP": (1, 0.95), "topK": (40, 64)}
GENERATION = "generationConfig"


def splice(body: bytes, target: Target) -> Written:
    """Raises WireError, and UnsupportedError when the target cannot be told all of it."""
    with reading("gemini"):
        parsed, members = parse(body)
        able.check(facts(parsed, members, Place(target.model, stream=False, sse=False)), target)
        _check(parsed, target)
        edits = Edits(body, members)
        history.mend(edits, parsed, target)
        _fit(edits, parsed.generation_config or Generation(), target)
        return edits.written()


def mend(body: bytes, target: Target) -> Written:
    """For the very model that the path names: without what others signed. Raises WireError."""
    if target.asked is not False and target.minted is nobody_knows:
        return Written(body)
    with reading("gemini"):
        parsed, members = parse(body)
        edits = Edits(body, members)
        history.mend(edits, parsed, target)
        return edits.written()


def _check(body: Body, target: Target) -> None:
    if body.cached_content:
        raise UnsupportedError("native_only", "cachedContent is one model's")
    if (tools := server_tools(body)) or any(part.of_server for part in parts(body)):
        raise UnsupportedError("server_tools", f"{', '.join(tools)}: not every model has them")
    if signature.strict(target.model) and not history.signed(body):
        raise UnsupportedError("signature", f"{target.model} wants its calls signed")
    stops = (body.generation_config or Generation()).stop_sequences or ()
    if len(stops) > target.stop:
        raise UnsupportedError("stop", f"{target.model} takes {target.stop}")


def _fit(edits: Edits, generation: Generation, target: Target) -> None:
    """generationConfig as the target takes it; untouched when nothing in it has to change."""
    name = next((key for key in (GENERATION, "generation_config") if key in edits), GENERATION)
    raw = edits.raw(name)
    if raw == b"null":
        return
    there = {camel(key): key for key in fields(raw)}
    new: dict[str, bytes] = {}
    gone: set[str] = set()
    limit, most = generation.max_output_tokens, target.max_output
    if limit is not None and most is not None and limit > most:
        new[there["maxOutputTokens"]] = b"%d" % most
        edits.note(f"{GENERATION}.maxOutputTokens", f"{limit} is more than this model gives")
    if not target.samplers:
        gone |= set(_samplers(normal(msgspec.json.decode(raw)), there, edits.note))
    if generation.thinking_config:
        config = reason.fit(generation.thinking_config, target, edits.note)
        if config is not None:
            new |= {there["thinkingConfig"]: msgspec.json.encode(config)} if config else {}
            gone |= set() if config else {there["thinkingConfig"]}
    if new or gone:
        edits.put(name, edit(raw, replace=new, remove=gone))


def _samplers(said: dict[str, object], there: dict[str, str], note: Changes) -> list[str]:
    gone: list[str] = []
    for name, defaults in DEFAULTS.items():
        if name not in said:
            continue
        if said[name] not in (None, *defaults):
            raise UnsupportedError("sampling", f"{name}: this model takes no samplers")
        note(f"{GENERATION}.{name}", "at its default; this model takes no samplers")
        gone.append(there[name])
    return gone
