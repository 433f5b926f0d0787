"""OpenAI Responses: a whole answer.

https://platform.openai.com/docs/api-reference/responses/object

It is what the last event of its stream holds, and is read and written as such.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from turnout.errors import reading
from turnout.wire import failures
from turnout.wire.bodies import encode, joined
from turnout.wire.dialect import Hints
from turnout.wire.events import Event, Failed, Finished
from turnout.wire.openai_responses import stream
from turnout.wire.openai_responses.failure import error_payload


def read(body: bytes) -> Iterator[Event]:
    with reading("openai_responses"):
        yield from stream.StreamReader().whole(json.loads(body))


def write(events: Iterable[Event], hints: Hints) -> bytes:
    """An answer that failed on the way is the error alone: half of one would pass for a whole."""
    writer = stream.writer(hints)
    last: dict[str, Any] = {}
    for event in joined(events):
        if isinstance(event, Failed):
            return write_error(event.status, event.message)
        for payload in writer.write(event):
            last = payload
        if isinstance(event, Finished):
            return encode(last["response"])
    return write_error(502, "the upstream's answer has no end")


def write_error(status: int, message: str) -> bytes:
    return encode(error_payload(status, message))


def read_error(body: bytes) -> str:
    return failures.message(body)
