"""OpenAI Responses for another model of the same dialect: the client's bytes, with named edits."""

from typing import Any

import msgspec

from turnout.errors import UnsupportedError, reading
from turnout.wire import able, schema
from turnout.wire.edits import Edits
from turnout.wire.effort import LADDER, nearest
from turnout.wire.media import is_data
from turnout.wire.openai_responses import history
from turnout.wire.openai_responses.peek import facts
from turnout.wire.openai_responses.shape import Body, Part, parse, parts
from turnout.wire.request import Ask, Target, Written
from turnout.wire.sealed import maker
from turnout.wire.splice import array, edit, elements

ENCRYPTED = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"
# a sampler at            its default says nothing       reason when it is not
DEFAULTS: tuple[tuple[str, tuple[Any, ...], str], ...] = (
    ("temperature",       (None, 1),                     "sampling"),
    ("top_p",             (None, 1),                     "sampling"),
    ("top_logprobs",      (None, 0),                     "logprobs"),
)  # fmt: skip


def splice(body: bytes, target: Target) -> Written:
    """Raises WireError, and UnsupportedError when the target cannot be told all of it.

    For the model that the client asked for nothing changes, save that reasoning which other models
    sealed, and ids made here, never reach OpenAI.
    """
    with reading("openai_responses"):
        parsed, members = parse(body)
        edits = Edits(body, members)
        history.mend(edits, parsed, target)
        if parsed.model != target.model:
            _check(facts(parsed, members), parsed, target)
            _fit(edits, parsed, target)
        return edits.written()


def _check(ask: Ask, body: Body, target: Target) -> None:
    able.check(ask, target)
    if not target.image_urls and any(map(_by_url, parts(body))):
        raise UnsupportedError("image_url", f"{target.model} fetches none")
    if body.compacts and maker(target.model) != "openai":
        raise UnsupportedError("native_only", "only OpenAI's models sum up in their own way")
    if body.items and body.items[-1].role == "assistant" and not target.prefill:
        raise UnsupportedError("prefill", f"{target.model} begins its own turns")


def _by_url(part: Part) -> bool:
    url = msgspec.json.decode(part.image_url)
    return isinstance(url, str) and not is_data(url)


def _fit(edits: Edits, body: Body, target: Target) -> None:
    edits.put("model", target.model, f"{body.model} was requested")
    said, most = body.max_output_tokens, target.max_output
    if said is not None and most is not None and said > most:
        edits.put("max_output_tokens", most, f"{said} is more than this model gives")
    _samplers(edits, target)
    _reasoning(edits, target)
    _patterns(edits, target)


def _samplers(edits: Edits, target: Target) -> None:
    if target.samplers:
        return
    if LOGPROBS in (edits.value("include") or ()):
        raise UnsupportedError("logprobs", f"{target.model} gives none")
    for name, silent, reason in DEFAULTS:
        if edits.value(name) not in silent:
            raise UnsupportedError(reason, f"{name}: {target.model} takes no samplers")
        edits.drop(name, "at its default; this model takes no samplers")


def _reasoning(edits: Edits, target: Target) -> None:
    if target.reasoning == "none":
        _without_reasoning(edits)
        return
    said = (edits.value("reasoning") or {}).get("effort")
    wanted = next((level for level in LADDER if level == said), None)
    if wanted and target.efforts and wanted not in target.efforts:
        asked = nearest(wanted, target.efforts)
        edits.put_in("reasoning", "effort", asked, f"{wanted} is {asked} for this model")


def _without_reasoning(edits: Edits) -> None:
    """A model that does not reason refuses to be asked for it, and has no verbosity either."""
    why = "this model does not reason"
    edits.drop("reasoning", why)
    if ENCRYPTED in (said := edits.value("include") or ()):
        rest = [name for name in said if name != ENCRYPTED]
        edits.put("include", rest, why) if rest else edits.drop("include", why)
    edits.drop_in("text", "verbosity", "advice: this model does not take it")


def _patterns(edits: Edits, target: Target) -> None:
    if target.pattern_in_schema or b'"pattern"' not in edits.raw("tools"):
        return
    tools = [_without_pattern(tool) for tool in elements(edits.raw("tools"))]
    edits.put("tools", array(tools), "pattern is in the description: this model refuses it")


def _without_pattern(tool: bytes) -> bytes:
    parameters = msgspec.json.decode(tool).get("parameters")
    if not parameters:
        return tool
    return edit(
        tool, replace={"parameters": msgspec.json.encode(schema.without_pattern(parameters))}
    )
