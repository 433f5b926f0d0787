"""Every dialect to every other, whatever is registered: what must hold for all pairs."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as altered

from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Event, Failed, Finished, ToolCall, Usage
from turnout.wire.request import DialectName, Image, Part, Request, Text, ToolResult
from turnout.wire.tools import Repair
from turnout.wire.translate import Translation, translate
from wire import conversations, sequences
from wire.essence import essence
from wire.upstreams import HINTS
from wire.vendors import CHECKS, NAMES, PAIRS, PATHS, TARGET, few, pair, read, written

pairs = pytest.mark.parametrize(("source", "to"), PAIRS, ids=map(pair, PAIRS))
dialects = pytest.mark.parametrize("name", NAMES)


def through(source: DialectName, to: DialectName, data: bytes) -> bytes:
    """A stream, translated as it comes, in pieces of 100 bytes."""
    reader, writer = DIALECTS[source].stream_reader(), DIALECTS[to].stream_writer(HINTS)
    passing = Translation(reader, writer, lambda _: None, Repair({}, lambda _: None))
    pieces = [data[i : i + 100] for i in range(0, len(data), 100)]
    return b"".join(b"".join(passing(piece)) for piece in (*pieces, b""))


def summed(source: DialectName, to: DialectName, body: bytes) -> bytes:
    """The same answer, not streamed."""
    reader, writer = DIALECTS[source].read_answer, DIALECTS[to].write_answer
    return translate(body, reader, writer, HINTS, lambda _: None, Repair({}, lambda _: None))[0]


def told(events: list[Event]) -> dict[str, object]:
    """What every dialect can say: no seals, no ids, and no name for a stop sequence.

    When an answer broke off, a call that was under way may not have been told yet.
    """
    means = sequences.meaning(events, sealed=False)
    calls = means.pop("calls")
    if not isinstance(events[-1], Failed):
        means["calls"] = [(name, arguments) for _, name, arguments in calls]
    if isinstance(end := means["end"], tuple):
        means["end"] = "end" if end[0] == "stop" else end[0]
    return means


def tokens(events: list[Event]) -> tuple[int, ...] | None:
    """Prompt, cached, output and reasoning: what every dialect counts."""
    if not (usage := sequences.usage(events)):
        return None
    writes = usage.cache_write_5m + usage.cache_write_1h
    prompt = usage.fresh_input + usage.cache_read + writes
    return prompt, usage.cache_read, usage.output, usage.reasoning


@dialects
@few
@given(events=sequences.answers())
def test_c15_c75_a_writer_keeps_its_vendors_grammar(name: DialectName, events: list[Event]) -> None:
    CHECKS[name](written(DIALECTS[name], sane(events)))


@dialects
@few
@given(events=sequences.answers())
def test_what_was_written_reads_the_same(name: DialectName, events: list[Event]) -> None:
    events = sane(events)
    got = read(DIALECTS[name], written(DIALECTS[name], events))
    assert told(got) == told(events)


@pairs
@few
@given(events=sequences.answers())
def test_c28_the_stream_and_the_sum_say_the_same(
    source: DialectName, to: DialectName, events: list[Event]
) -> None:
    events = sane(events)
    stream = through(source, to, written(DIALECTS[source], events))
    CHECKS[to](stream)
    streamed = read(DIALECTS[to], stream)
    whole = summed(source, to, DIALECTS[source].write_answer(events, HINTS))
    added = list(DIALECTS[to].read_answer(whole))
    assert told(streamed) == told(events)
    if isinstance(events[-1], Failed):
        assert added[-1] == streamed[-1]
    else:
        assert told(added) == told(streamed)
        if sequences.usage(events):
            assert tokens(added) == tokens(streamed) == tokens(events)


def sane(events: list[Event]) -> list[Event]:
    """As readers give them: reasoning is part of output; no limit stands beside whole calls."""
    *said, end = [
        replace(event, reasoning=min(event.reasoning, event.output))
        if isinstance(event, Usage)
        else event
        for event in events
    ]
    if any(isinstance(event, ToolCall) for event in said) and isinstance(end, Finished):
        end = Finished("tools")
    return [*said, end]


@pairs
@few
@given(events=sequences.answers(), cut=st.integers(0, 4000))
def test_c8_a_cut_stream_is_one_failure(
    source: DialectName, to: DialectName, events: list[Event], cut: int
) -> None:
    """Cut at any byte before its end, it is an error in the other dialect's grammar."""
    got = through(source, to, written(DIALECTS[source], events[:-1])[:cut])
    CHECKS[to](got)
    ends = [event for event in read(DIALECTS[to], got) if isinstance(event, Finished | Failed)]
    assert [type(end) for end in ends] == [Failed]


# what a dialect cannot be asked, so that a request for it is without
WITHOUT: dict[DialectName, dict[str, object]] = {
    "openai_responses": {"stop": (), "temperature": None},
    "gemini": {"format": None},  # not together with tools, before its third generation
}


def nothing_fetched(request: Request) -> Request:
    """A picture by URL has no type in other dialects, and Gemini wants one."""

    def kept(parts: tuple[Part, ...]) -> tuple[Part, ...]:
        inner = (
            altered(part, content=kept(part.content)) if isinstance(part, ToolResult) else part
            for part in parts
        )
        shown = tuple(part for part in inner if not (isinstance(part, Image) and part.url))
        return shown if shown or not parts else (Text("a picture"),)

    messages = (altered(message, parts=kept(message.parts)) for message in request.messages)
    return replace(request, messages=tuple(messages))


@pairs
@few
@given(request=conversations.requests())
def test_there_and_back(source: DialectName, to: DialectName, request: Request) -> None:
    """A -> B -> A means what A said first: nothing is lost, nothing is invented."""
    for name in (source, to):
        if name == "gemini":
            request = nothing_fetched(request)
        request = replace(request, **WITHOUT.get(name, {}))  # type: ignore[arg-type]
    sent = DIALECTS[source].write_request(request, TARGET).body
    first = DIALECTS[source].read_request(sent, PATHS[source])
    there = DIALECTS[to].write_request(first, TARGET).body
    second = DIALECTS[to].read_request(there, PATHS[to])
    back = DIALECTS[source].write_request(second, TARGET).body
    third = DIALECTS[source].read_request(back, PATHS[source])
    assert essence(first) == essence(request)
    assert essence(second) == essence(request)
    assert essence(third) == essence(request)
