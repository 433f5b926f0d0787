"""Request -> a Responses request.

https://platform.openai.com/docs/api-reference/responses/create
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from turnout.errors import UnsupportedError, reading
from turnout.wire.cache_key import cache_key
from turnout.wire.changes import Changes
from turnout.wire.levels import level
from turnout.wire.openai_responses import content, tools, turns
from turnout.wire.openai_responses.edit import ENCRYPTED
from turnout.wire.request import Request, Target, Written
from turnout.wire.sampling import wished
from turnout.wire.steps import Messages, Pieces, Preparing

LEAST = 16  # tokens; a smaller limit is refused
ROOM = 16_000  # tokens for a model that reasons before it answers


def write(request: Request, target: Target) -> Written:
    """Raises UnsupportedError for what the target cannot be told.

    The answer is always streamed: a client that wants it whole gets the sum.
    """
    note = Changes(request.changes)
    if request.marked:
        note("cache_control", "advice: this dialect caches by itself")
    with reading("openai_responses"):
        return Written(msgspec.json.encode(_body(request, target, note)), note.all)


def _body(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    if request.stop:
        raise UnsupportedError("stop", "this dialect has none")
    instructions = content.joined(request.system)
    return (
        {"model": target.model}
        | ({"instructions": instructions} if instructions else {})
        | {"input": _input(request, target, note)}
        | tools.write(request, target, note)
        | tools.write_format(request.format, target, note)
        | _max_tokens(request, target, note)
        | _samplers(request, target, note)
        | _reasoning(request, target, note)
        | cache_key(request, target, note)
        | {"store": False, "stream": True}
    )


def _input(request: Request, target: Target, note: Changes) -> list[Any]:
    said = _prepared(request.messages, target, note)
    if not said:
        raise UnsupportedError("native_only", "no message is left")
    if said[-1].turns[-1].role == "assistant" and not target.prefill:
        raise UnsupportedError("prefill", "the last message is the assistant's")
    return _written(said, target, note)


_prepared = Preparing(turns.kept)


@Pieces
def _written(said: Messages, target: Target, _: Changes) -> Iterator[dict[str, Any]]:
    for message in said:
        yield from turns.write(message, target)


def _max_tokens(request: Request, target: Target, note: Changes) -> dict[str, int]:
    if request.max_tokens is None:
        return {}
    least = LEAST if target.reasoning == "none" else ROOM
    wanted = max(request.max_tokens, least)
    most = min(wanted, target.max_output or wanted)
    if most > request.max_tokens:
        note("max_output_tokens", f"{request.max_tokens} leaves this model no room")
    elif most < request.max_tokens:
        note("max_output_tokens", f"{request.max_tokens} is more than this model's {most}")
    return {"max_output_tokens": most}


def _samplers(request: Request, target: Target, note: Changes) -> dict[str, float]:
    said = wished(request, target, note)
    if foreign := [name for name in ("top_k", "seed") if name in said]:
        raise UnsupportedError("sampling", foreign[0])
    return said


def _reasoning(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    """What it thought comes back sealed, for the next request; a summary for those who asked."""
    effort = level(request, target, note)
    if target.reasoning == "none":
        return {}
    shown = {"summary": "auto"} if request.thinking and effort != "none" else {}
    config = ({"effort": effort} if effort else {}) | shown
    return ({"reasoning": config} if config else {}) | {"include": [ENCRYPTED]}
