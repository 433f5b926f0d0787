"""Whatever events come, the Gemini writer keeps its grammar, and the reader finds their meaning."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.wire import anthropic, gemini
from turnout.wire.dialect import Hints
from turnout.wire.events import Event, Failed, Finished, ToolCall, Usage
from turnout.wire.translate import Course, Translation, translate
from wire import grammar, sequences
from wire.gemini_upstreams import check_gemini
from wire.upstreams import HINTS

G, A = gemini.DIALECT, anthropic.DIALECT
framings = pytest.mark.parametrize("sse", [True, False], ids=["sse", "array"])
calm = settings(deadline=None, max_examples=60)
CUTTING = ("length", "refusal")


def hints(sse: bool) -> Hints:
    return replace(HINTS, sse=sse)


def written(events: list[Event], *, sse: bool = True) -> bytes:
    writer = G.stream_writer(hints(sse))
    return b"".join(piece for event in events for piece in writer.feed(event))


def read(*pieces: bytes) -> list[Event]:
    reader = G.stream_reader()
    return [event for data in (*pieces, b"") for event in reader.feed(data)]


def expected(events: list[Event]) -> dict[str, Any]:
    """This dialect's share: no seals, no word for a stop sequence; of a cut answer not the last
    call, and a failure leaves the calls out that wait for their end."""
    means = sequences.meaning(events, sealed=False)
    last = events[-1]
    if isinstance(last, Finished) and last.reason in CUTTING and means["calls"]:
        means["calls"].pop()
        means["end"] = "tools" if means["calls"] else (last.reason, None)
    if isinstance(means["end"], tuple) and means["end"][0] == "stop":
        means["end"] = ("end", None)
    return means


@framings
@calm
@given(events=sequences.answers())
def test_a_writer_keeps_the_grammar(sse: bool, events: list[Event]) -> None:
    check_gemini(written(events, sse=sse), sse=sse)


@framings
@calm
@given(events=sequences.answers())
def test_reading_what_was_written_means_the_same(sse: bool, events: list[Event]) -> None:
    got = sequences.meaning(read(written(events, sse=sse)), sealed=False)
    means = expected(events)
    if isinstance(events[-1], Failed):  # calls that wait for their end are not given
        means["calls"] = means["calls"][: len(got["calls"])]
    assert got == means
    if (told := sequences.usage(events)) and isinstance(events[-1], Finished):
        assert sequences.usage(read(written(events, sse=sse))) == kept(told)


def kept(usage: Usage) -> Usage:
    """Writing to the cache is input here; reasoning is never more than the output."""
    writes = usage.cache_write_5m + usage.cache_write_1h
    return Usage(
        fresh_input=usage.fresh_input + writes,
        cache_read=usage.cache_read,
        output=usage.output,
        reasoning=min(usage.reasoning, usage.output),
    )


@calm
@given(events=sequences.answers())
def test_c28_a_whole_answer_means_the_same(events: list[Event]) -> None:
    got = list(G.read_answer(G.write_answer(events, HINTS)))
    if isinstance(events[-1], Failed):
        assert got == events[-1:]
    else:
        assert sequences.meaning(got, sealed=False) == expected(events)


@framings
@calm
@given(events=sequences.answers(), cut=st.integers(0, 4000))
def test_c8_a_cut_stream_never_finishes_elsewhere(sse: bool, events: list[Event], cut: int) -> None:
    data = written(events, sse=sse)[:cut]
    translation = Translation(G.stream_reader(), A.stream_writer(HINTS), lambda _: None)
    grammar.check_anthropic(b"".join(b"".join(translation(piece)) for piece in (data, b"")))
    assert isinstance(translation.terminal, Failed) or b'"finishReason":"' in data


@framings
@calm
@given(events=sequences.answers(), cut=st.integers(0, 4000))
def test_c8_a_cut_stream_of_another_never_finishes_here(
    sse: bool, events: list[Event], cut: int
) -> None:
    writer = A.stream_writer(HINTS)
    data = b"".join(piece for event in events for piece in writer.feed(event))[:cut]
    translation = Translation(A.stream_reader(), G.stream_writer(hints(sse)), lambda _: None)
    out = b"".join(b"".join(translation(piece)) for piece in (data, b""))
    check_gemini(out, sse=sse)
    assert isinstance(translation.terminal, Failed) == (b'"error":' in out[-600:])


@calm
@given(data=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_bytes_end_in_one_failure(data: bytes) -> None:
    for framed in (data, b"data: " + data + b"\n\n", b"[" + data, b"{" + data):
        seen: list[Event] = []
        course, reader = Course(seen.append), G.stream_reader()
        for piece in (framed, b""):
            list(course.run(reader.feed(piece)))
        assert [type(event) for event in seen] == [Failed]
    body, end = translate(data, G.read_answer, G.write_answer, HINTS, lambda _: None)
    assert isinstance(end, Failed)
    assert G.read_error(body) == end.message


KEY = """
    candidates content parts text thought thoughtSignature functionCall name args id index role
    finishReason promptFeedback blockReason usageMetadata promptTokenCount error code status
    citationMetadata citationSources uri responseId
"""
KEYS = st.sampled_from(KEY.split())
KINDS = st.sampled_from(["STOP", "SAFETY", "model", "ls", "MALFORMED_FUNCTION_CALL"])
shaped = st.recursive(
    KINDS | sequences.scalars,
    lambda inner: st.dictionaries(KEYS, inner, max_size=5) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200)
@given(payloads=st.lists(st.dictionaries(KEYS, shaped, max_size=5), max_size=4))
def test_any_payload_is_read_or_refused(payloads: list[dict[str, object]]) -> None:
    seen: list[Event] = []
    writer, reader, course = A.stream_writer(HINTS), G.stream_reader(), Course(seen.append)
    for piece in (*map(grammar.sse.write, payloads), b""):
        for event in course.run(reader.feed(piece)):
            b"".join(writer.feed(event))
    assert isinstance(seen[-1], Finished | Failed)
    assert len({event.id for event in seen if isinstance(event, ToolCall)}) == sum(
        isinstance(event, ToolCall) for event in seen
    )
