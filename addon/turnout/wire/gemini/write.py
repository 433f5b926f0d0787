"""Request -> a generateContent request. The model and whether it streams stand in the path.

https://ai.google.dev/api/generate-content
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from turnout.errors import UnsupportedError, reading
from turnout.wire.changes import Changes
from turnout.wire.gemini import contents, reason, signature, tools
from turnout.wire.memo import Writing
from turnout.wire.request import (
    Message,
    Part,
    Request,
    Target,
    Text,
    Thinking,
    Written,
    plain,
    thinks,
)
from turnout.wire.sampling import wished
from turnout.wire.steps import Messages, Pieces, Preparing, Steps

# the names of a Request's samplers
SAMPLERS = {"temperature": "temperature", "top_p": "topP", "top_k": "topK", "seed": "seed"}
ONE_CALL = "Call at most one function at a time."


def write(request: Request, target: Target) -> Written:
    """Raises UnsupportedError for what the target cannot be told."""
    note = Changes(request.changes)
    _advice(request, note)
    with reading("gemini"):
        return Written(msgspec.json.encode(_body(request, target, note)), note.all)


def _advice(request: Request, note: Changes) -> None:
    if request.marked:
        note("cache_control", "advice: this dialect caches by itself")
    if request.user:
        note("user", "advice: no word for it")


def _body(request: Request, target: Target, note: Changes) -> dict[str, Any]:
    generation = (
        _samplers(request, target, note)
        | _max_tokens(request, target, note)
        | _stop(request, target)
        | tools.write_format(request, target, note)
        | reason.write(request, target, note)
    )
    return (
        _system(request, note)
        | {"contents": _contents(request, target, note)}
        | tools.write(request, target, note)
        | ({"generationConfig": generation} if generation else {})
    )


def _system(request: Request, note: Changes) -> dict[str, Any]:
    """All system text, that of the conversation too, and what this dialect has no field for."""
    late = list(_late(request.messages))
    if late:
        note("messages", "system messages of the conversation moved into systemInstruction")
    texts = [text.text for text in (*request.system, *late) if text.text.strip()]
    if request.tools and request.parallel_tools is False:
        note("parallel_tool_calls", "said in systemInstruction: this dialect has no word for it")
        texts.append(ONE_CALL)
    parts = [{"text": text} for text in texts]
    return {"systemInstruction": {"parts": parts}} if parts else {}


def _late(messages: Iterable[Message]) -> Iterable[Text]:
    parts = (part for message in messages if message.role == "system" for part in message.parts)
    return (part for part in parts if isinstance(part, Text))


def _contents(request: Request, target: Target, note: Changes) -> list[Any]:
    spoken = tuple([message for message in request.messages if message.role != "system"])
    said = _prepared(spoken, target, note)
    if not said or said[0].turns[0].role != "user":
        raise UnsupportedError("native_only", "the conversation does not begin with a user message")
    if said[-1].turns[-1].role == "assistant" and not target.prefill:
        raise UnsupportedError("prefill", "the last message is the assistant's")
    return _written(said, target, note, _turn(said, target, note))


def _turn(said: list[Steps], target: Target, note: Changes) -> list[int]:
    """Of all steps, where the turn in progress has begun; only strict models want to know."""
    none = [len(steps.turns) for steps in said]
    if not signature.strict(target.model):
        return none
    latest = _latest.to(target, note)
    for number in range(len(said) - 1, -1, -1):
        steps = said[number]
        at = latest(steps.turns, steps.size) if steps.size else signature.latest(steps.turns)
        if at >= 0:
            return [*none[:number], at, *[0] * (len(said) - number - 1)]
    return [0] * len(said)


@Writing
def _latest(turns: Messages, _: Target, __: Changes) -> int:
    return signature.latest(turns)


@Pieces
def _written(
    turns: Messages, target: Target, note: Changes, begins: int
) -> Iterator[dict[str, Any]]:
    return contents.write(signature.filled(turns, begins, note), target)


@Preparing
def _prepared(message: Message, target: Target, note: Changes) -> Message:
    return signature.opened(_kept(message, note), target)


def _kept(message: Message, note: Changes) -> Message:
    """Thoughts are for the model that had them; blank text is refused."""
    if plain(message):
        return message
    if thinks(message):
        note("thinking", "of another model: left out of the history")
    return Message(message.role, tuple(filter(_keeps, message.parts)))


def _keeps(part: Part) -> bool:
    if isinstance(part, Text):
        return bool(part.text.strip())
    return not isinstance(part, Thinking)


def _samplers(request: Request, target: Target, note: Changes) -> dict[str, float]:
    said = wished(request, target, note)
    if not 0 <= said.get("temperature", 0) <= 2:
        raise UnsupportedError("sampling", f"temperature {request.temperature}")
    return {SAMPLERS[name]: value for name, value in said.items()}


def _max_tokens(request: Request, target: Target, note: Changes) -> dict[str, int]:
    if request.max_tokens is None:
        return {}
    cap = target.max_output
    if cap and request.max_tokens > cap:
        note("max_tokens", f"{request.max_tokens} is more than this model's {cap}")
        return {"maxOutputTokens": cap}
    return {"maxOutputTokens": request.max_tokens}


def _stop(request: Request, target: Target) -> dict[str, Any]:
    if len(request.stop) > target.stop:
        raise UnsupportedError("stop", f"{len(request.stop)}, and this model takes {target.stop}")
    return {"stopSequences": list(request.stop)} if request.stop else {}
