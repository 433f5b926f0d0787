"""Anthropic Messages: a whole answer.

https://docs.anthropic.com/en/api/messages

Reading takes the message apart into the payloads its stream would have had; writing adds such
payloads up, as the official clients do. So a whole answer is the sum of its stream.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from turnout.errors import reading
from turnout.wire import failures
from turnout.wire.anthropic.failure import error_payload
from turnout.wire.anthropic.stream import StreamReader, StreamWriter
from turnout.wire.bodies import encode, joined
from turnout.wire.dialect import Hints
from turnout.wire.events import Event, Failed, Finished
from turnout.wire.tools import repair


def read(body: bytes) -> Iterator[Event]:
    reader = StreamReader()
    with reading("anthropic"):
        for payload in _payloads(json.loads(body)):
            yield from reader.read(payload)


def _payloads(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if message.get("type") == "error" or message.get("error"):
        yield message | {"type": "error"}
        return
    yield {"type": "message_start", "message": message}
    for index, block in enumerate(message["content"]):
        yield {"type": "content_block_start", "index": index, "content_block": block}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": message}
    yield {"type": "message_stop"}


def write(events: Iterable[Event], hints: Hints) -> bytes:
    """An answer that failed on the way is the error alone: half of one would pass for a whole."""
    writer = StreamWriter(hints)
    message: dict[str, Any] = {}
    inputs: dict[int, str] = {}
    for event in joined(events):
        if isinstance(event, Failed):
            return write_error(event.status, event.message)
        for payload in writer.write(event):
            _add(message, inputs, payload)
        if isinstance(event, Finished):
            return encode(message)
    return write_error(502, "the upstream's answer has no end")


def _add(message: dict[str, Any], inputs: dict[int, str], payload: dict[str, Any]) -> None:
    match payload:
        case {"type": "message_start", "message": start}:
            message |= start
        case {"type": "content_block_start", "content_block": block}:
            message["content"].append(block)
        case {"type": "content_block_delta", "index": index, "delta": {"partial_json": fragment}}:
            inputs[index] = inputs.get(index, "") + fragment
        case {"type": "content_block_delta", "index": index, "delta": delta}:
            block = message["content"][index]
            block |= {key: block[key] + delta[key] for key in delta if key != "type"}
        case {"type": "content_block_stop", "index": index} if index in inputs:
            message["content"][index]["input"] = json.loads(repair(inputs[index], None).json)
        case {"type": "message_delta", "delta": delta, "usage": usage}:
            message |= delta | {"usage": usage}
        case _:
            pass


def write_error(status: int, message: str) -> bytes:
    return encode(error_payload(status, message))


def read_error(body: bytes) -> str:
    return failures.message(body)
