"""Whatever events come, a writer keeps its vendor's grammar, and its reader finds their meaning."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.wire import anthropic, openai_chat
from turnout.wire.dialect import Dialect
from turnout.wire.events import Event, Failed, Finished, Usage
from turnout.wire.translate import Course, Translation, translate
from wire import grammar, sequences
from wire.upstreams import HINTS

DIALECTS = {"anthropic": anthropic.DIALECT, "chat": openai_chat.DIALECT}
CHECKS: dict[str, Callable[[bytes], None]] = {
    "anthropic": grammar.check_anthropic,
    "chat": lambda data: grammar.check_chat(data, usage=True),
}
dialects = pytest.mark.parametrize("name", DIALECTS)
calm = settings(deadline=None, max_examples=60)


def written(dialect: Dialect, events: list[Event]) -> bytes:
    writer = dialect.stream_writer(HINTS)
    return b"".join(piece for event in events for piece in writer.feed(event))


def read(dialect: Dialect, *pieces: bytes) -> list[Event]:
    reader = dialect.stream_reader()
    return [event for data in (*pieces, b"") for event in reader.feed(data)]


def expected(name: str, events: list[Event]) -> dict[str, object]:
    """This dialect's share: Chat cannot seal thinking, nor tell a stop sequence from an end."""
    means = sequences.meaning(events, sealed=name == "anthropic")
    if name == "chat" and isinstance(means["end"], tuple) and means["end"][0] == "stop":
        means["end"] = ("end", None)
    return means


@dialects
@calm
@given(events=sequences.answers())
def test_a_writer_keeps_the_grammar(name: str, events: list[Event]) -> None:
    CHECKS[name](written(DIALECTS[name], events))


@dialects
@calm
@given(events=sequences.answers())
def test_reading_what_was_written_means_the_same(name: str, events: list[Event]) -> None:
    got = read(DIALECTS[name], written(DIALECTS[name], events))
    assert sequences.meaning(got, sealed=name == "anthropic") == expected(name, events)
    if (told := sequences.usage(events)) and isinstance(events[-1], Finished):
        assert sequences.usage(got) == kept(name, told)


def kept(name: str, usage: Usage) -> Usage:
    """Chat has one kind of cache write."""
    if name == "anthropic":
        return usage
    writes = usage.cache_write_5m + usage.cache_write_1h
    return replace(usage, cache_write_5m=writes, cache_write_1h=0)


@dialects
@calm
@given(events=sequences.answers())
def test_c28_a_whole_answer_means_the_same(name: str, events: list[Event]) -> None:
    dialect = DIALECTS[name]
    got = list(dialect.read_answer(dialect.write_answer(events, HINTS)))
    means = expected(name, events)
    if isinstance(events[-1], Failed):
        assert got == events[-1:]
    else:
        assert sequences.meaning(got, sealed=name == "anthropic") == means


@dialects
@calm
@given(events=sequences.answers(), cut=st.integers(0, 4000))
def test_c8_a_cut_stream_never_finishes_elsewhere(name: str, events: list[Event], cut: int) -> None:
    """A cut answer, translated, is one error in the other dialect's grammar."""
    source, target = DIALECTS[name], next(d for n, d in DIALECTS.items() if n != name)
    data = written(source, events)[:cut]
    translation = Translation(source.stream_reader(), target.stream_writer(HINTS), lambda _: None)
    out = b"".join(b"".join(translation(piece)) for piece in (data, b""))
    CHECKS["chat" if name == "anthropic" else "anthropic"](out)
    ended = b"message_stop" in data or b'"finish_reason":"' in data
    assert isinstance(translation.terminal, Failed) or ended


@dialects
@calm
@given(data=st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
def test_any_bytes_end_in_one_failure(name: str, data: bytes) -> None:
    dialect = DIALECTS[name]
    for framed in (data, b"data: " + data + b"\n\n"):
        seen: list[Event] = []
        course = Course(seen.append)
        reader = dialect.stream_reader()
        for piece in (framed, b""):
            list(course.run(reader.feed(piece)))
        assert [type(event) for event in seen] == [Failed]
    body, end = translate(data, dialect.read_answer, dialect.write_answer, HINTS, lambda _: None)
    assert isinstance(end, Failed)
    assert dialect.read_error(body) == end.message


KEY = """
    type message id model usage content index delta content_block text partial_json
    stop_reason error choices finish_reason tool_calls function name arguments input thinking
    signature data role annotations url_citation cache_creation input_tokens prompt_tokens
    x_groq code status
"""
KIND = """
    message_start content_block_start content_block_delta content_block_stop message_delta
    message_stop error text tool_use thinking redacted_thinking text_delta input_json_delta
    stop tool_calls
"""
KEYS, KINDS = st.sampled_from(KEY.split()), st.sampled_from(KIND.split())
shaped = st.recursive(
    KINDS | sequences.scalars,
    lambda inner: st.dictionaries(KEYS, inner, max_size=5) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@dialects
@settings(deadline=None, max_examples=150)
@given(payloads=st.lists(st.dictionaries(KEYS, shaped, max_size=5), max_size=4))
def test_any_payload_is_read_or_refused(name: str, payloads: list[dict[str, object]]) -> None:
    """The right words in the wrong places: of them come WireError, or events a writer can say."""
    dialect = DIALECTS[name]
    seen: list[Event] = []
    writer = dialect.stream_writer(HINTS)
    reader = dialect.stream_reader()
    course = Course(seen.append)
    for payload in payloads:
        data = grammar.sse.write(payload)
        for event in course.run(reader.feed(data)):
            b"".join(writer.feed(event))
    for event in course.run(reader.feed(b"")):
        b"".join(writer.feed(event))
    assert isinstance(seen[-1], Finished | Failed)
