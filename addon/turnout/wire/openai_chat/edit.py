"""OpenAI Chat for another model of the same dialect: the client's bytes, with named edits."""

from typing import Any

import msgspec

from turnout.errors import UnsupportedError, reading
from turnout.wire import able, envelope, schema
from turnout.wire.edits import Edits
from turnout.wire.effort import LADDER, nearest
from turnout.wire.openai_chat import history
from turnout.wire.openai_chat.peek import facts
from turnout.wire.openai_chat.shape import Body, Part, parse, parts
from turnout.wire.request import Ask, Target, Written
from turnout.wire.splice import array, edit, elements

LIMITS = ("max_tokens", "max_completion_tokens")
# a sampler at            its default says nothing       reason when it is not
DEFAULTS: tuple[tuple[str, tuple[Any, ...], str], ...] = (
    ("temperature",       (None, 1),                     "sampling"),
    ("top_p",             (None, 1),                     "sampling"),
    ("top_k",             (None,),                       "sampling"),
    ("presence_penalty",  (None, 0),                     "sampling"),
    ("frequency_penalty", (None, 0),                     "sampling"),
    ("logit_bias",        (None, {}),                    "sampling"),
    ("logprobs",          (None, False),                 "logprobs"),
    ("top_logprobs",      (None, 0),                     "logprobs"),
)  # fmt: skip
# how much to reason, in the words of several servers
REASONING = ("reasoning_effort", "reasoning", "thinking")


def splice(body: bytes, target: Target) -> Written:
    """Raises WireError, and UnsupportedError when the target cannot be told all of it.

    For the model that the client asked for nothing changes, save that what ids carry for other
    families stays here (OpenAI refuses an id of more than 64 characters), and what others signed.
    """
    with reading("openai_chat"):
        plain = envelope.stripped(body)
        parsed, members = parse(plain)
        edits = Edits(plain, members)
        if plain is not body:
            edits.note("tool ids", "without the signatures of another family")
        if parsed.model == target.model:
            history.unsign(edits, parsed.messages, target)
        else:
            _check(facts(parsed, members), parsed, target)
            _fit(edits, parsed, target)
        return edits.written()


def _check(ask: Ask, body: Body, target: Target) -> None:
    able.check(ask, target)
    if ask.server_tools:
        raise UnsupportedError("server_tools", "only known to the requested model")
    if "audio" in (body.modalities or ()) or any(p.type == "input_audio" for p in parts(body)):
        raise UnsupportedError("audio", "only known to the requested model")
    if not target.image_urls and any(_by_url(part) for part in parts(body)):
        raise UnsupportedError("image_url", f"{target.model} fetches none")
    if body.messages and body.messages[-1].role == "assistant" and not target.prefill:
        raise UnsupportedError("prefill", f"{target.model} begins its own turns")


def _by_url(part: Part) -> bool:
    if part.type != "image_url":
        return False
    image = msgspec.json.decode(part.image_url)
    url = image["url"] if isinstance(image, dict) else image
    return not url.startswith("data:")


def _fit(edits: Edits, body: Body, target: Target) -> None:
    edits.put("model", target.model, f"{body.model} was requested")
    _limit(edits, body, target)
    _samplers(edits, target)
    _stop(edits, target)
    _reasoning(edits, target)
    history.mend(edits, body.messages, target)
    _usage(edits, body)
    _patterns(edits, target)


def _limit(edits: Edits, body: Body, target: Target) -> None:
    """The output limit, by the target's name for it and within its cap."""
    name = target.max_tokens_name
    [other] = [one for one in LIMITS if one != name]
    said = {"max_tokens": body.max_tokens, "max_completion_tokens": body.max_completion_tokens}
    limit = said[other] if said[name] is None else said[name]
    edits.drop(other, f"{name} for this model")
    most = target.max_output
    if limit is not None and most is not None and limit > most:
        edits.put(name, most, f"{limit} is more than this model gives")
    elif limit is not None and limit != said[name]:
        edits.put(name, limit)


def _samplers(edits: Edits, target: Target) -> None:
    if target.samplers:
        return
    for name, silent, reason in DEFAULTS:
        if edits.value(name) not in silent:
            raise UnsupportedError(reason, f"{name}: {target.model} takes no samplers")
        edits.drop(name, "at its default; this model takes no samplers")


def _stop(edits: Edits, target: Target) -> None:
    stop = edits.value("stop")
    count = 1 if isinstance(stop, str) else len(stop or ())
    if count > target.stop:
        raise UnsupportedError("stop", f"{target.model} takes {target.stop}")
    if not target.stop:
        edits.drop("stop", "this model takes none, and there is none")


def _reasoning(edits: Edits, target: Target) -> None:
    if target.reasoning == "none":
        for name in REASONING:
            edits.drop(name, "this model does not reason")
        return
    edits.drop("thinking", "another server's word")
    said = edits.value("reasoning_effort")
    wanted = next((level for level in LADDER if level == said), None)
    if wanted and target.efforts and wanted not in target.efforts:
        asked = nearest(wanted, target.efforts)
        edits.put("reasoning_effort", asked, f"{wanted} is {asked} for this model")


def _usage(edits: Edits, body: Body) -> None:
    """Without usage nobody knows what a stream costs."""
    if body.stream and not (edits.value("stream_options") or {}).get("include_usage"):
        edits.put_in("stream_options", "include_usage", True, "to know what it costs")


def _patterns(edits: Edits, target: Target) -> None:
    if target.pattern_in_schema or b'"pattern"' not in edits.raw("tools"):
        return
    tools = [_without_pattern(tool) for tool in elements(edits.raw("tools"))]
    edits.put("tools", array(tools), "pattern is in the description: this model refuses it")


def _without_pattern(tool: bytes) -> bytes:
    function = msgspec.json.decode(tool).get("function") or {}
    if not function.get("parameters"):
        return tool
    function["parameters"] = schema.without_pattern(function["parameters"])
    return edit(tool, replace={"function": msgspec.json.encode(function)})
