"""The features of the fidelity table, each as the smallest answer that has it.

`kept` is what must come out as it went in.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from turnout.wire import events as ev


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A feature of an answer."""

    name: str
    events: tuple[ev.Event, ...]
    kept: Callable[[list[ev.Event]], Any]


BEGUN = ev.Started("answer_1", "model")
DONE = ev.Finished("end")
CALLS = (
    ev.ToolCall(0, "t0", "ls"),
    ev.ToolInput(0, '{"a":'),
    ev.ToolCall(1, "t1", "rm"),
    ev.ToolInput(1, "{}"),
    ev.ToolInput(0, "1}"),
)


def heard(kind: type[ev.Text] | type[ev.Thinking]) -> Callable[[list[ev.Event]], str]:
    return lambda events: "".join(e.text for e in events if isinstance(e, kind))


def called(events: list[ev.Event]) -> list[tuple[str, Any]]:
    found = [event for event in events if isinstance(event, ev.ToolCall)]
    pieces = [event for event in events if isinstance(event, ev.ToolInput)]
    inputs = ["".join(p.json for p in pieces if p.index == one.index) for one in found]
    return [(one.name, json.loads(text)) for one, text in zip(found, inputs, strict=True)]


def ended(events: list[ev.Event]) -> Any:
    end = events[-1]
    return (end.reason, end.stop_sequence) if isinstance(end, ev.Finished) else type(end)


def counted(*names: str) -> Callable[[list[ev.Event]], Any]:
    def kept(events: list[ev.Event]) -> Any:
        told = [event for event in events if isinstance(event, ev.Usage)]
        return told and [getattr(told[-1], name) for name in names]

    return kept


USAGE = ev.Usage(200, 800, 30, 20, 50, 7)
TOLD: tuple[Told, ...] = (
    Told(name="text", events=(BEGUN, ev.Text("Hé"), ev.Text("y"), DONE), kept=heard(ev.Text)),
    Told(
        name="thoughts",
        events=(BEGUN, ev.Thinking("hm"), ev.Text("a"), DONE),
        kept=heard(ev.Thinking),
    ),
    Told(
        name="parallel calls, interleaved",
        events=(BEGUN, *CALLS, ev.Finished("tools")),
        kept=called,
    ),
    Told(name="end: the limit", events=(BEGUN, ev.Text("a"), ev.Finished("length")), kept=ended),
    Told(name="end: a refusal", events=(BEGUN, ev.Text("a"), ev.Finished("refusal")), kept=ended),
    Told(
        name="end: a stop sequence",
        events=(BEGUN, ev.Text("a"), ev.Finished("stop", "END")),
        kept=ended,
    ),
    Told(
        name="end: a failure in mid-stream",
        events=(BEGUN, ev.Text("a"), ev.Failed("it broke", 529)),
        kept=ended,
    ),
    Told(
        name="tokens: input, cached, output",
        events=(BEGUN, ev.Text("a"), USAGE, DONE),
        kept=counted("cache_read", "output"),
    ),
    Told(
        name="tokens: reasoning",
        events=(BEGUN, ev.Text("a"), USAGE, DONE),
        kept=counted("reasoning"),
    ),
    Told(
        name="tokens: writes to the cache",
        events=(BEGUN, ev.Text("a"), USAGE, DONE),
        kept=counted("cache_write_5m", "cache_write_1h"),
    ),
)  # fmt: skip
