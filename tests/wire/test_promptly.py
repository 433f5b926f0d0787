"""Streams are translated as they come: no piece waits for the next without a reason."""

import pytest

from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Event, Finished, Started, Text, Thinking, ToolCall, ToolInput
from turnout.wire.request import DialectName
from turnout.wire.tools import Repair
from turnout.wire.translate import Translation
from wire.upstreams import HINTS
from wire.vendors import PAIRS, pair

# a dialect whose calls are whole by its grammar
WHOLE_CALLS: set[DialectName] = {"gemini"}
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
SAID: list[Event] = [
    Started("up_1", "model"),
    Thinking("hm"),
    Text("I look."),
    ToolCall(0, "t0", "read"),
    ToolInput(0, '{"path": "a long'),
    ToolInput(0, ' name"}'),
    ToolCall(1, "t1", "read"),
    ToolInput(1, '{"path": "b"}'),
    Finished("tools"),
]
pairs = pytest.mark.parametrize(("source", "to"), PAIRS, ids=map(pair, PAIRS))


def heard(source: DialectName, to: DialectName) -> list[list[Event]]:
    """What a client of `to` has heard after each of SAID."""
    upstream = DIALECTS[source].stream_writer(HINTS)
    repair = Repair({"read": SCHEMA}, lambda _: None)
    reader, writer = DIALECTS[source].stream_reader(), DIALECTS[to].stream_writer(HINTS)
    passing = Translation(reader, writer, lambda _: None, repair)
    client = DIALECTS[to].stream_reader()
    told: list[list[Event]] = []
    so_far: list[Event] = []
    for event in SAID:
        for sent in upstream.feed(event):
            for piece in passing(sent):
                so_far += client.feed(piece)
        told.append(list(so_far))
    return told


@pairs
def test_words_pass_at_once(source: DialectName, to: DialectName) -> None:
    _, thought, text, *_ = heard(source, to)
    assert [event.text for event in thought if isinstance(event, Thinking)] == ["hm"]
    assert [event.text for event in text if isinstance(event, Text)] == ["I look."]


@pairs
def test_arguments_pass_as_they_come(source: DialectName, to: DialectName) -> None:
    _, _, _, named, begun, rest, *_ = heard(source, to)
    if {source, to} & WHOLE_CALLS:
        assert _arguments(begun) == ""
        return
    assert [event.name for event in named if isinstance(event, ToolCall)] == ["read"]
    assert _arguments(begun).startswith('{"path":"along')
    assert _arguments(rest).startswith('{"path":"alongname')


@pairs
def test_a_whole_call_passes_before_the_next(source: DialectName, to: DialectName) -> None:
    *_, named, _, end = heard(source, to)
    # where calls are whole, the last may have been cut short: the end tells
    late = end if {source, to} & WHOLE_CALLS else named
    assert _arguments(late) == '{"path":"alongname"}'


def _arguments(events: list[Event]) -> str:
    """Of the first call, without its spaces."""
    said = (e.json for e in events if isinstance(e, ToolInput) and e.index == 0)
    return "".join("".join(said).split())
