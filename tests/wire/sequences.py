"""Answers that models might give, as hypothesis strategies over events, and what they mean."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from turnout.wire.calls import settle
from turnout.wire.events import (
    Event,
    Failed,
    Finished,
    Redacted,
    Signature,
    Started,
    Text,
    Thinking,
    ToolCall,
    ToolInput,
    Usage,
)

# every character that UTF-8 can carry
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
blank = st.sampled_from(["\n", " ", "\t\n", "  "])
scalars = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | words | st.floats(-1e9, 1e9)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)
objects = st.dictionaries(words, values, max_size=4)
counts = st.integers(0, 10**6)
usages = st.builds(Usage, counts, counts, counts, counts, counts, counts)
terminals = st.one_of(
    st.sampled_from([Finished("end"), Finished("length"), Finished("tools"), Finished("refusal")]),
    st.builds(Finished, st.just("stop"), words),
    st.builds(Failed, st.just("it broke"), st.sampled_from([400, 401, 403, 404, 413, 429, 529])),
)


@st.composite
def fragments(draw: st.DrawFn) -> list[str]:
    """A JSON object, cut into pieces."""
    text = json.dumps(draw(objects), ensure_ascii=draw(st.booleans()))
    cuts = draw(st.lists(st.integers(1, len(text)), max_size=4))
    edges = [0, *sorted(cuts), len(text)]
    return [text[a:b] for a, b in pairwise(edges) if a < b]


prose = st.one_of(
    st.builds(lambda text: [Text(text)], words | blank),
    st.builds(lambda text: [Thinking(text)], words),
    st.builds(lambda text, seal: [Thinking(text), Signature(seal)], words, words),
    st.builds(lambda data: [Redacted(data)], words),
    st.builds(lambda usage: [usage], usages),
)


@st.composite
def answers(draw: st.DrawFn) -> list[Event]:
    """A whole answer; fragments of its calls interleave with each other and with all else."""
    calls = draw(st.lists(fragments(), max_size=3))
    turns = draw(st.lists(prose, max_size=5)) + [["call", *pieces] for pieces in calls]
    events: list[Event] = [Started("up_1", "model")]
    begun: list[Any] = []
    while turns:
        turn = turns[draw(st.integers(0, len(turns) - 1))]
        if turn[0] != "call":
            events.extend(turn)
            turns.remove(turn)
            continue
        if not any(turn is known for known in begun):
            begun.append(turn)
            events.append(ToolCall(len(begun) - 1, f"id_{len(begun)}", f"tool_{len(begun)}"))
        index = next(i for i, known in enumerate(begun) if known is turn)
        events.append(ToolInput(index, turn.pop(1)))
        if len(turn) == 1:
            turns = [other for other in turns if other is not turn]
    return [*events, draw(terminals)]


def meaning(events: list[Event], *, sealed: bool = True) -> dict[str, Any]:
    """What a client may not lose. White space is counted out; unknown usage is None."""
    calls = [
        (e.id, e.name, json.loads(_input(events, e.index) or "{}"))
        for e in events
        if isinstance(e, ToolCall)
    ]
    seals = [e for e in events if isinstance(e, Signature | Redacted)]
    return {
        "text": "".join("".join(e.text for e in events if isinstance(e, Text)).split()),
        "thinking": "".join(e.text for e in events if isinstance(e, Thinking)),
        "seals": seals if sealed else [],
        "calls": calls,
        "end": _end(events[-1], called=bool(calls)),
    }


def usage(events: list[Event]) -> Usage | None:
    return next((e for e in reversed(events) if isinstance(e, Usage)), None)


def _input(events: list[Event], index: int) -> str:
    return "".join(e.json for e in events if isinstance(e, ToolInput) and e.index == index)


def _end(event: Event, *, called: bool) -> object:
    if isinstance(event, Finished):
        reason = settle(event.reason, called=called)
        # whole calls mean "tools" to a reader, even at the limit
        return "tools" if called else (reason, event.stop_sequence if reason == "stop" else None)
    return event
