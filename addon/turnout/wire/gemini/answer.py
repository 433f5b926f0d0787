"""Gemini generateContent: a whole answer.

https://ai.google.dev/api/generate-content#generatecontentresponse

Reading takes the answer for a single chunk (or an array for its chunks); writing adds up the chunks
its stream would have had. So a whole answer is the sum of its stream.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from turnout.errors import reading
from turnout.wire import failures
from turnout.wire.bodies import encode, joined
from turnout.wire.dialect import Hints
from turnout.wire.events import Event, Failed, Finished
from turnout.wire.gemini.failure import error_payload
from turnout.wire.gemini.stream import StreamReader, StreamWriter


def read(body: bytes) -> Iterator[Event]:
    reader = StreamReader()
    with reading("gemini"):
        said = json.loads(body)
        for chunk in said if isinstance(said, list) else [said]:
            yield from reader.read(chunk)
        yield from reader.end()


def write(events: Iterable[Event], hints: Hints) -> bytes:
    """An answer that failed on the way is the error alone: half of one would pass for a whole."""
    writer = StreamWriter(hints)
    chunks: list[dict[str, Any]] = []
    for event in joined(events):
        if isinstance(event, Failed):
            return write_error(event.status, event.message)
        chunks.extend(writer.write(event))
        if isinstance(event, Finished):
            return encode(_sum(chunks))
    return write_error(502, "the upstream's answer has no end")


def _sum(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    for part in (part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]):
        if "text" not in part or not parts or not _continues(parts[-1], part):
            parts.append(dict(part))
        else:
            parts[-1]["text"] += part["text"]
    spoken = [part for part in parts if part.get("text") != ""] or [{"text": ""}]
    last = chunks[-1]["candidates"][0]
    candidate = last | {"content": {"role": "model", "parts": spoken}}
    return chunks[-1] | {"candidates": [candidate]}


def _continues(last: dict[str, Any], part: dict[str, Any]) -> bool:
    return "text" in last and last.get("thought") == part.get("thought")


def write_error(status: int, message: str) -> bytes:
    return encode(error_payload(status, message))


def read_error(body: bytes) -> str:
    return failures.message(body)
