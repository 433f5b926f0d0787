"""Every answer of the tables of upstreams, translated to every other dialect, and what it means.

A case is what a vendor's own SDK is given to read; `means` is what it must find in it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from turnout.wire.calls import settle
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import (
    Event,
    Failed,
    Finished,
    StopReason,
    Text,
    Thinking,
    ToolCall,
    ToolInput,
    Usage,
)
from turnout.wire.request import DialectName
from turnout.wire.tools import Repair
from turnout.wire.translate import Translation, translate
from wire import gemini_upstreams, responses_upstreams, upstreams
from wire.upstreams import HINTS

type Means = dict[str, Any]

# what upstreams stream, as bytes
TABLES: dict[DialectName, dict[str, bytes]] = {
    "anthropic": {name: b"".join(sent) for name, (sent, _) in upstreams.ANTHROPIC.items()},
    "openai_chat": {name: b"".join(sent) for name, (sent, _) in upstreams.CHAT.items()},
    "openai_responses": {
        name: b"".join(sent) for name, (sent, *_) in responses_upstreams.RESPONSES.items()
    },
    "gemini": {
        name: gemini_upstreams.as_sse(sent) for name, (sent, _) in gemini_upstreams.GEMINI.items()
    },
}
# how it ended, in each vendor's words
ENDS: dict[DialectName, dict[StopReason, str]] = {
    "anthropic": {
        "end": "end_turn",
        "stop": "stop_sequence",
        "length": "max_tokens",
        "tools": "tool_use",
        "refusal": "refusal",
        "pause": "pause_turn",
    },
    "openai_chat": {
        "end": "stop",
        "stop": "stop",
        "length": "length",
        "tools": "tool_calls",
        "refusal": "content_filter",
        "pause": "stop",
    },
    "openai_responses": {
        "end": "completed",
        "stop": "completed",
        "length": "max_output_tokens",
        "tools": "completed",
        "refusal": "content_filter",
        "pause": "completed",
    },
    "gemini": {
        "end": "STOP",
        "stop": "STOP",
        "length": "MAX_TOKENS",
        "tools": "STOP",
        "refusal": "SAFETY",
        "pause": "STOP",
    },
}
# a dialect that gives no call which was cut short
WHOLE_CALLS = {"gemini"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`status`, `body`: the HTTP answer. `means` is None where the SDK must raise."""

    name: str
    dialect: DialectName
    stream: bool
    status: int
    body: bytes
    means: Means | None


def cases() -> Iterator[Case]:
    """One stream and one whole answer for each row and each dialect that it is translated to."""
    for source, rows in TABLES.items():
        for row, sent in rows.items():
            for to in DIALECTS:
                if source in DIALECTS and source != to:
                    yield from translated(f"{source} to {to}: {row}", source, to, sent)


def translated(name: str, source: DialectName, to: DialectName, sent: bytes) -> Iterator[Case]:
    told: list[Event] = []
    passing = Translation(
        DIALECTS[source].stream_reader(),
        DIALECTS[to].stream_writer(HINTS),
        told.append,
        Repair({}, lambda _: None),
    )
    body = b"".join(b"".join(passing(piece)) for piece in (sent, b""))
    failure = told[-1] if isinstance(told[-1], Failed) else None
    means = None if failure else meaning(told, to)
    yield Case(name=name, dialect=to, stream=True, status=200, body=body, means=means)
    if failure:
        error = DIALECTS[to].write_error(failure.status, failure.message)
        yield Case(
            name=name, dialect=to, stream=False, status=failure.status, body=error, means=None
        )
        return
    whole, _ = translate(
        b"", lambda _: iter(told), DIALECTS[to].write_answer, HINTS, lambda _: None
    )
    yield Case(name=name, dialect=to, stream=False, status=200, body=whole, means=means)


def meaning(events: list[Event], to: DialectName) -> Means:
    """In the words that the judges answer with; white space in texts is counted out."""
    end = events[-1]
    assert isinstance(end, Finished)
    calls = [_call(events, event) for event in events if isinstance(event, ToolCall)]
    if to in WHOLE_CALLS and end.reason in ("length", "refusal"):
        calls = calls[:-1]
    usage = next((event for event in reversed(events) if isinstance(event, Usage)), None)
    return {
        "text": "".join("".join(e.text for e in events if isinstance(e, Text)).split()),
        "thinking": "".join("".join(e.text for e in events if isinstance(e, Thinking)).split()),
        "calls": calls,
        "end": ENDS[to][settle(end.reason, called=bool(calls))],
        "tokens": usage and _tokens(usage),
    }


def _call(events: list[Event], call: ToolCall) -> list[Any]:
    said = (e.json for e in events if isinstance(e, ToolInput) and e.index == call.index)
    return [call.name, json.loads("".join(said) or "{}")]


def _tokens(usage: Usage) -> list[int]:
    """Prompt, cached, output."""
    writes = usage.cache_write_5m + usage.cache_write_1h
    return [usage.fresh_input + usage.cache_read + writes, usage.cache_read, usage.output]
