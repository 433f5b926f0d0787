"""OpenAI Chat Completions: a whole answer.

https://platform.openai.com/docs/api-reference/chat/object

Reading takes the answer for a single chunk; writing adds up the chunks its stream would have had.
So a whole answer is the sum of its stream.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from turnout.errors import reading
from turnout.wire import failures
from turnout.wire.bodies import encode, joined
from turnout.wire.dialect import Hints
from turnout.wire.events import Event, Failed, Finished
from turnout.wire.openai_chat.failure import error_payload
from turnout.wire.openai_chat.stream import StreamReader, StreamWriter


def read(body: bytes) -> Iterator[Event]:
    reader = StreamReader()
    with reading("openai_chat"):
        yield from reader.read(json.loads(body))
        yield from reader.end()


def write(events: Iterable[Event], hints: Hints) -> bytes:
    """An answer that failed on the way is the error alone: half of one would pass for a whole."""
    writer = StreamWriter(replace(hints, wants_usage=True))
    chunks: list[dict[str, Any]] = []
    for event in joined(events):
        if isinstance(event, Failed):
            return write_error(event.status, event.message)
        chunks.extend(writer.write(event))
        if isinstance(event, Finished):
            return encode(_sum(chunks))
    return write_error(502, "the upstream's answer has no end")


def _sum(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    calls: dict[int, dict[str, Any]] = {}
    for delta in (choice["delta"] for choice in choices):
        for key in ("content", "reasoning_content"):
            if text := delta.get(key):
                message[key] = (message.get(key) or "") + text
        for call in delta.get("tool_calls", ()):
            _add(calls, call)
    if calls:
        message["tool_calls"] = list(calls.values())
    elif message["content"] is None:
        message["content"] = ""
    finish = choices[-1]["finish_reason"]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return chunks[-1] | {"object": "chat.completion", "choices": [choice]}


def _add(calls: dict[int, dict[str, Any]], call: dict[str, Any]) -> None:
    """The head of a call, or more of its arguments."""
    if "id" in call:
        function = dict(call["function"])
        calls[call["index"]] = {"id": call["id"], "type": "function", "function": function}
    elif begun := calls.get(call["index"]):
        begun["function"]["arguments"] += call["function"]["arguments"]


def write_error(status: int, message: str) -> bytes:
    return encode(error_payload(status, message))


def read_error(body: bytes) -> str:
    return failures.message(body)
