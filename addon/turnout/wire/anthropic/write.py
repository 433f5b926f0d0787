"""Request -> an Anthropic Messages request.

https://platform.claude.com/docs/en/api/messages/create
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import msgspec
from msgspec.structs import replace as altered

from turnout.errors import UnsupportedError, reading
from turnout.wire.anthropic import blocks, marks, thinking, tools
from turnout.wire.changes import Changes
from turnout.wire.request import (
    Message,
    Part,
    Request,
    Target,
    Text,
    Thinking,
    Written,
    marked,
    plain,
)
from turnout.wire.sampling import DEFAULTS, wished, without_defaults
from turnout.wire.steps import Messages, Pieces, Preparing, Steps

# required by this dialect: what a client that said nothing gets, in tokens
MAX_TOKENS = 8192
LONGEST_USER = 256


def write(request: Request, target: Target) -> Written:
    """Raises UnsupportedError for what the target cannot be told."""
    note = Changes(request.changes)
    with reading("anthropic"):
        request, said = _arranged(request, target, note)
        body = _body(request, said, target, note)
        marks.add(body, note)
        return Written(msgspec.json.encode(body), note.all)


def _body(request: Request, said: list[Steps], target: Target, note: Changes) -> dict[str, Any]:
    if not request.messages or request.messages[0].role != "user":
        raise UnsupportedError("native_only", "the conversation does not begin with a user message")
    max_tokens = _max_tokens(request, target, note)
    thought = thinking.write(request, target, max_tokens, note)
    config = thought.pop("output_config", {}) | tools.write_format(request.format, target, note)
    return (
        {"model": target.model, "max_tokens": max_tokens}
        | tools.write(request, target, note)
        | _system(request, target, note)
        | {"messages": _messages(said, target, note)}
        | _samplers(request, target, note)
        | _stop(request, target)
        | thought
        | ({"output_config": config} if config else {})
        | _user(request, note)
        | ({"stream": True} if request.stream else {})
    )


def _arranged(request: Request, target: Target, note: Changes) -> tuple[Request, list[Steps]]:
    """System texts where the target takes them, and only parts that it can read."""
    messages = request.messages
    if not target.mid_system and (late := _texts(messages)):
        note("messages", "system messages of the conversation moved into system")
        request = replace(request, system=request.system + late)
        messages = tuple(message for message in messages if message.role != "system")
    *early, last = _prepared(messages, target, note, request.model == target.model) or [Steps(())]
    said = [*early, Steps(_ended(last.turns, target, note))]
    turns = chain.from_iterable([steps.turns for steps in said])
    return replace(request, messages=tuple(turns)), said


def _texts(messages: Iterable[Message]) -> tuple[Text, ...]:
    parts = (part for message in messages if message.role == "system" for part in message.parts)
    return tuple(part for part in parts if isinstance(part, Text))


@Preparing
def _prepared(message: Message, target: Target, note: Changes, same_model: bool) -> Message:
    """Thinking is for the model that signed it; blank text is refused."""
    if plain(message):
        return message

    def kept(part: Part) -> Part | None:
        if isinstance(part, Text):
            return part if part.text.strip() else None
        if not isinstance(part, Thinking):
            return part
        if own := thinking.own(part, same_model, target):
            return own
        note("thinking", "of another model: left out of the history")
        return None

    return Message(message.role, tuple(part for part in map(kept, message.parts) if part))


def _ended(messages: Messages, target: Target, note: Changes) -> Messages:
    """A last message of the assistant is one that the target shall go on with."""
    if not messages or messages[-1].role != "assistant":
        return messages
    if not target.prefill:
        raise UnsupportedError("prefill", "the last message is the assistant's")
    *parts, last = messages[-1].parts
    if isinstance(last, Text) and last.text != last.text.rstrip():
        note("messages", "white space at the end of the prefill is refused")
        last = altered(last, text=last.text.rstrip())
    return (*messages[:-1], altered(messages[-1], parts=(*parts, last)))


def _messages(said: list[Steps], target: Target, note: Changes) -> list[Any]:
    """What has marks, or may get some, is not encoded yet."""
    if any(marked(steps.turns) for steps in said if steps.size):
        said = [Steps(steps.turns) for steps in said]
    return _written(said, target, note)


@Pieces
def _written(turns: Messages, target: Target, note: Changes) -> Iterator[dict[str, Any]]:
    return (_message(message, target, note) for message in turns)


def _message(message: Message, target: Target, note: Changes) -> dict[str, Any]:
    content = [blocks.write(part, target, note) for part in message.parts]
    return {"role": message.role, "content": content}


def _system(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    texts = [blocks.write(text, target, note) for text in request.system if text.text.strip()]
    return {"system": texts} if texts else {}


def _max_tokens(request: Request, target: Target, note: Changes) -> int:
    cap = target.max_output
    if request.max_tokens is None:
        note("max_tokens", "required here")
        return min(MAX_TOKENS, cap or MAX_TOKENS)
    if cap and request.max_tokens > cap:
        note("max_tokens", f"{request.max_tokens} is more than this model's {cap}")
        return cap
    return request.max_tokens


def _samplers(request: Request, target: Target, note: Changes) -> dict[str, float]:
    """This dialect's temperature ends at 1; its models take temperature or top_p, not both."""
    said = wished(request, target, note)
    if said.get("temperature", 0) > 1:
        raise UnsupportedError("sampling", f"temperature {request.temperature}")
    if "seed" in said:
        raise UnsupportedError("sampling", "seed")
    if said.keys() >= DEFAULTS.keys():
        spare = "top_p" if said["top_p"] == DEFAULTS["top_p"] else "temperature"
        without_defaults({spare: said.pop(spare)}, "not together with the other", note)
    return said


def _stop(request: Request, target: Target) -> dict[str, Any]:
    if len(request.stop) > target.stop:
        raise UnsupportedError("stop", f"{len(request.stop)}, and this model takes {target.stop}")
    if any(not stop.strip() for stop in request.stop):
        raise UnsupportedError("stop", "white space only")
    return {"stop_sequences": list(request.stop)} if request.stop else {}


def _user(request: Request, note: Changes) -> dict[str, Any]:
    if len(request.user) > LONGEST_USER:
        note("metadata.user_id", "too long")
        return {}
    return {"metadata": {"user_id": request.user}} if request.user else {}
