"""What the tests of all dialects share: one row a dialect, as many as are registered."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

from hypothesis import settings

from turnout.wire.dialect import Dialect
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Event
from turnout.wire.request import DialectName, Target
from wire import grammar, grammar_responses
from wire.gemini_upstreams import check_gemini
from wire.upstreams import HINTS

GOLDEN = Path(__file__).parents[1] / "golden" / "requests"
NAMES: tuple[DialectName, ...] = tuple(DIALECTS)
PAIRS: tuple[tuple[DialectName, DialectName], ...] = tuple(permutations(NAMES, 2))
PATHS: dict[DialectName, str] = {
    "anthropic": "/v1/messages",
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "gemini": "/v1beta/models/source:generateContent",
}
CHECKS: dict[DialectName, Callable[[bytes], None]] = {
    "anthropic": grammar.check_anthropic,
    "openai_chat": lambda data: grammar.check_chat(data, usage=True),
    "openai_responses": grammar_responses.check,
    "gemini": check_gemini,
}
# how often a property of each pair is tried: EXAMPLES=400 for a long look
few = settings(max_examples=int(os.environ.get("EXAMPLES", "12")))
# a model that can do all that its dialect has words for
TARGET = Target(model="t", documents=True, stop=9, top_k=True)
# what not every dialect has a word for
COMMON: dict[str, Any] = {
    "stop": (), "temperature": None, "top_p": None, "top_k": None, "seed": None, "format": None,
}  # fmt: skip


def pair(names: tuple[str, str]) -> str:
    """The id of a test of two dialects."""
    return f"{names[0]} to {names[1]}"


def written(dialect: Dialect, events: list[Event]) -> bytes:
    """A streamed answer."""
    writer = dialect.stream_writer(HINTS)
    return b"".join(piece for event in events for piece in writer.feed(event))


def read(dialect: Dialect, *pieces: bytes) -> list[Event]:
    reader = dialect.stream_reader()
    return [event for data in (*pieces, b"") for event in reader.feed(data)]


def clients() -> Iterator[tuple[str, DialectName, bytes]]:
    """What golden clients send: the file's name, its dialect, the body."""
    for path in sorted(GOLDEN.glob("*.json")):
        client, name, _ = path.name.split(".")
        if name in NAMES:
            yield client, name, json.dumps(json.loads(path.read_bytes())).encode()


def translations() -> Iterator[tuple[str, DialectName, bytes]]:
    """The same in every other dialect."""
    for client, source, body in clients():
        request = DIALECTS[source].read_request(body, PATHS[source])
        for name in NAMES:
            if name != source:
                plain = replace(request, **COMMON)
                said = DIALECTS[name].write_request(plain, TARGET).body
                yield f"{client} {source} to {name}", name, said


def bodies() -> Iterator[tuple[DialectName, bytes]]:
    """Good requests of every dialect."""
    for _, name, body in (*clients(), *translations()):
        yield name, body
