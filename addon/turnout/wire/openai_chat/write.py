"""Request -> a Chat Completions request.

https://platform.openai.com/docs/api-reference/chat/create
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from turnout.errors import UnsupportedError, reading
from turnout.wire.cache_key import cache_key
from turnout.wire.changes import Changes
from turnout.wire.openai_chat import messages, parts, reasoning, tools
from turnout.wire.request import Message, Request, Target, Thinking, Written, thinks
from turnout.wire.sampling import wished
from turnout.wire.steps import Messages, Pieces, Preparing


def write(request: Request, target: Target) -> Written:
    """Raises UnsupportedError for what the target cannot be told."""
    note = Changes(request.changes)
    if request.marked:
        note("cache_control", "advice: this dialect caches by itself")
    with reading("openai_chat"):
        return Written(msgspec.json.encode(_body(request, target, note)), note.all)


def _body(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    return (
        {"model": target.model, "messages": _messages(request, target, note)}
        | tools.write(request, target, note)
        | tools.write_format(request.format, target, note)
        | _max_tokens(request, target, note)
        | _samplers(request, target, note)
        | _stop(request, target)
        | reasoning.write(request, target, note)
        | cache_key(request, target, note)
        | _stream(request)
    )


def _messages(request: Request, target: Target, note: Changes) -> list[dict[str, Any]]:
    system = parts.joined(request.system)
    said = _prepared(request.messages, target, note)
    if not said:
        raise UnsupportedError("native_only", "no message is left")
    if said[-1].turns[-1].role == "assistant" and not target.prefill:
        raise UnsupportedError("prefill", "the last message is the assistant's")
    written = _written(said, target, note)
    if not written:
        raise UnsupportedError("native_only", "no message is left")
    return ([{"role": "system", "content": system}] if system else []) + written


@Pieces
def _written(turns: Messages, target: Target, _: Changes) -> Iterator[dict[str, Any]]:
    for turn in turns:
        yield from messages.write(turn, target)


@Preparing
def _prepared(message: Message, target: Target, note: Changes) -> Message:
    """Thinking goes back only to families that want it, and none that another model signed."""
    if not thinks(message):
        return message
    kept = tuple(
        part
        for part in message.parts
        if not isinstance(part, Thinking) or (target.replays_reasoning and not part.signature)
    )
    if len(kept) == len(message.parts):
        return message
    note("thinking", "left out of the history")
    return Message(message.role, kept)


def _max_tokens(request: Request, target: Target, note: Changes) -> dict[str, int]:
    if request.max_tokens is None:
        return {}
    cap = target.max_output
    if cap and request.max_tokens > cap:
        note("max_tokens", f"{request.max_tokens} is more than this model's {cap}")
        return {target.max_tokens_name: cap}
    return {target.max_tokens_name: request.max_tokens}


def _samplers(request: Request, target: Target, note: Changes) -> dict[str, float]:
    said = wished(request, target, note)
    if "top_k" in said and not target.top_k:
        raise UnsupportedError("sampling", "top_k")
    return said


def _stop(request: Request, target: Target) -> dict[str, Any]:
    if len(request.stop) > target.stop:
        raise UnsupportedError("stop", f"{len(request.stop)}, and this model takes {target.stop}")
    return {"stop": list(request.stop)} if request.stop else {}


def _stream(request: Request) -> dict[str, Any]:
    """Usage is always asked for: money is exact."""
    if not request.stream:
        return {}
    return {"stream": True, "stream_options": {"include_usage": True}}
