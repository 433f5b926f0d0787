"""A streamed answer of Responses, read, written, and translated to and from the other dialects."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.wire import anthropic, openai_chat
from turnout.wire.dialect import Dialect, Hints
from turnout.wire.dialect import StreamReader as Reader
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
from turnout.wire.openai_responses import DIALECT
from turnout.wire.openai_responses.stream import StreamReader, StreamWriter
from turnout.wire.request import Request, Tool
from turnout.wire.sealed import decode
from turnout.wire.translate import Course, Translation
from wire import grammar, grammar_responses, sequences
from wire.responses_upstreams import CREATED, RESPONSES, R, end, event, message
from wire.upstreams import ANTHROPIC, CHAT, HINTS, Row, same, whole

GOLDEN = Path(__file__).parents[1] / "golden"
rows = pytest.mark.parametrize("row", RESPONSES.values(), ids=RESPONSES)


def events(pieces: list[bytes]) -> list[Event]:
    """A WireError counts as the failure that it becomes."""
    course, reader = Course(lambda _: None), StreamReader(nonce="nonce")
    return [event for data in [*pieces, b""] for event in course.run(reader.feed(data))]


def written(said: list[Event], hints: Hints = HINTS) -> bytes:
    writer = StreamWriter(hints)
    return b"".join(piece for event in said for piece in writer.feed(event))


# -- reading


@rows
def test_read(row: Row) -> None:
    sent, means = row
    assert same(events(sent), means)


@rows
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_cuts_do_not_matter(row: Row, size: int) -> None:
    sent, means = row
    data = b"\xef\xbb\xbf" + whole(sent).replace(b"\n", b"\r\n")
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    assert same(events(pieces), means)


@rows
def test_c8_an_answer_that_is_cut_anywhere_has_not_finished(row: Row) -> None:
    sent, means = row
    data = whole(sent)
    for size in range(0, len(data), 3):
        got = events([data[:size]] if size else [])
        terminals = [event for event in got if isinstance(event, Finished | Failed)]
        assert terminals == got[-1:]
        if isinstance(got[-1], Finished):
            assert b"event: response.completed" in data or b"response.incomplete" in data
            assert got[-1] == means[-1]


def test_only_wire_errors() -> None:
    rng = random.Random(7)
    data = b"".join(whole(sent) for sent, _ in RESPONSES.values())
    for _ in range(1500):
        begin = rng.randrange(len(data))
        piece = bytearray(data[begin : begin + 900])
        for _ in range(rng.randint(1, 8)):
            piece[rng.randrange(len(piece))] = rng.choice(b'{}[]",:0n\\u\n')
        assert isinstance(events([bytes(piece)])[-1], Finished | Failed)


BAD = {
    "not json": b"data: {oops\n\n",
    "a list": b"data: [1]\n\n",
    "null": b"data: null\n\n",
    "deep": b"data: " + b"[" * 100_000 + b"\n\n",
    "no response": event("created"),
    "a response that is a number": event("completed", response=7),
    "an output of numbers": event("completed", response={"output": [1]}),
    "an index that is a list": event("output_text.delta", output_index=[], delta="a"),
    "text is an object": event("output_text.delta", output_index=0, delta={"a": 1}),
    "arguments are an object": event(
        "output_item.done",
        output_index=0,
        item={"type": "function_call", "name": "a", "arguments": {}, "input": 3, "content": 5},
    )
    + event("completed", response=None),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_bad_frames_fail_and_never_finish(data: bytes) -> None:
    got = events([data])
    assert isinstance(got[-1], Failed)
    assert got[-1].status == 502


# -- across dialects: what a client sees, byte for byte

CROSS: dict[str, tuple[Dialect, Dialect, dict[str, Row]]] = {
    "responses_to_anthropic": (DIALECT, anthropic.DIALECT, RESPONSES),
    "responses_to_chat": (DIALECT, openai_chat.DIALECT, RESPONSES),
    "anthropic_to_responses": (anthropic.DIALECT, DIALECT, ANTHROPIC),
    "chat_to_responses": (openai_chat.DIALECT, DIALECT, CHAT),
}
# what JSON says of a cut frame differs from one Python to the next
UNSTABLE = "c8 cut off in a frame"
PAIRS = {
    f"{folder}: {name}": (folder, name)
    for folder, (_, _, table) in CROSS.items()
    for name in table
    if name != UNSTABLE
}
READERS: dict[str, Callable[..., Reader]] = {
    "anthropic": anthropic.stream.StreamReader,
    "openai_chat": openai_chat.stream.StreamReader,
    "openai_responses": StreamReader,
}


def check(dialect: Dialect, data: bytes) -> None:
    match dialect.name:
        case "anthropic":
            grammar.check_anthropic(data)
        case "openai_chat":
            grammar.check_chat(data, usage=True)
        case _:
            grammar_responses.check(data)


def translated(folder: str, name: str) -> bytes:
    source, target, table = CROSS[folder]
    reader = READERS[source.name](nonce="nonce")
    passing = Translation(reader, target.stream_writer(HINTS), lambda _: None)
    return b"".join(b"".join(passing(data)) for data in [*table[name][0], b""])


@pytest.mark.parametrize(("folder", "name"), PAIRS.values(), ids=PAIRS)
def test_a_client_sees(folder: str, name: str, update_golden: bool) -> None:
    got = translated(folder, name)
    check(CROSS[folder][1], got)
    plain = re.sub(r"[^a-z0-9_]", "", name.lower().replace(" ", "_"))
    golden = GOLDEN / folder / f"{plain}.sse"
    if update_golden:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(got)
    assert got == golden.read_bytes()


@pytest.mark.parametrize("folder", CROSS)
def test_goldens_are_all_used(folder: str) -> None:
    count = sum(used == folder for used, _ in PAIRS.values())
    assert len(list((GOLDEN / folder).iterdir())) == count


# -- c75: a Responses client on another upstream

LIMITED: dict[str, tuple[str, str, str | None, list[tuple[Any, ...]]]] = {
    "c75 text": ("c15 text", "completed", None, [("message", "Héy")]),
    "c75 interleaved calls": (
        "c16 two calls, interleaved by index",
        "completed",
        None,
        [("function_call", "ls", {"a": 1}), ("function_call", "rm", {"b": 2})],
    ),
    "c75 length": ("c18 the limit", "incomplete", "max_output_tokens", [("message", "a")]),
    "c75 a filter": ("c19 content filter", "incomplete", "content_filter", [("message", "a")]),
    "c75 thinking": (
        "c20 reasoning_content, then text",
        "completed",
        None,
        [("reasoning", "so"), ("message", "a")],
    ),
    "c75 empty": ("c27 empty, with a finish", "completed", None, []),
    "c75 EOF": ("c8 cut off", "failed", None, []),
}


@pytest.mark.parametrize(("name", "status", "why", "said"), LIMITED.values(), ids=LIMITED)
def test_the_answer_that_adds_up(
    name: str, status: str, why: str | None, said: list[tuple[Any, ...]]
) -> None:
    data = translated("chat_to_responses", name)
    answer = grammar_responses.final(data)
    assert answer["status"] == status
    assert (answer["incomplete_details"] or {}).get("reason") == why
    assert grammar_responses.said(data) == said


def test_c75_usage_has_its_details() -> None:
    data = translated("chat_to_responses", "c21 cached tokens are not fresh")
    assert grammar_responses.final(data)["usage"] == {
        "input_tokens": 1000,
        "input_tokens_details": {"cached_tokens": 800, "cache_write_tokens": 0},
        "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 7},
        "total_tokens": 1020,
    }


def test_c75_every_event_in_its_order() -> None:
    data = translated("chat_to_responses", "c15 text")
    kinds = [one["type"].removeprefix("response.") for one in grammar_responses.payloads(data)]
    assert kinds == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]


PATCH = Tool("apply_patch", "", {}, free_form=True)
SPAWN = Tool("agents__spawn", "", {}, namespace="agents", own_name="spawn")
EXEC = Tool("fn__exec", "", {}, namespace="fn", own_name="exec", free_form=True)
ASKED = Hints(id="answer_1", model="m", request=Request(model="gpt-5", tools=(PATCH, SPAWN, EXEC)))
START = Started("c1", "claude-sonnet-4-5-20250929")


def test_c75_a_namespace_is_restored() -> None:
    said: list[Event] = [
        START,
        ToolCall(0, "t0", "agents__spawn"),
        ToolInput(0, "{}"),
        Finished("tools"),
    ]
    data = written(said, ASKED)
    grammar_responses.check(data)
    [item] = grammar_responses.final(data)["output"]
    assert (item["type"], item["namespace"], item["name"]) == ("function_call", "agents", "spawn")


INPUT = '*** Begin Patch\n+"ü\\n" \U0001f600\t\ud83d\n'


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 200])
@pytest.mark.parametrize("ascii_only", [True, False], ids=["escaped", "plain"])
def test_c75_a_custom_tool_round_trips(size: int, ascii_only: bool) -> None:
    """Its input streams: every fragment that holds text is a delta."""
    text = INPUT if ascii_only else INPUT.replace("\ud83d", "")
    arguments = json.dumps({"input": text}, ensure_ascii=ascii_only)
    pieces = [arguments[i : i + size] for i in range(0, len(arguments), size)]
    inputs = (ToolInput(0, piece) for piece in pieces)
    said: list[Event] = [START, ToolCall(0, "t0", "fn__exec"), *inputs, Finished("tools")]
    data = written(said, ASKED)
    grammar_responses.check(data)
    [item] = grammar_responses.final(data)["output"]
    assert item["type"] == "custom_tool_call"
    assert (item["namespace"], item["name"], item["call_id"]) == ("fn", "exec", "t0")
    assert item["input"] == text
    deltas = [one for one in grammar_responses.payloads(data) if "input.delta" in one["type"]]
    assert size > 100 or len(deltas) > len(text) // (2 * size)


# arguments of a free-form tool                     -> the input its client gets
ODD_INPUT = {
    "spaces": ('  { "input" : "a" } ', "a"),
    "another key first": ('{"why":"b","input":"a"}', "a"),
    "another key after it": ('{"input":"a","why":"b"}', "a"),
    "no such key": ('{"patch":"a"}', '{"patch":"a"}'),
    "not a string": ('{"input":["a"]}', '{"input":["a"]}'),
    "no JSON": ("*** Begin", "*** Begin"),
    "nothing": ("", ""),
    "an empty string": ('{"input":""}', ""),
    "raw control characters": ('{"input":"a\nb"}', "a\nb"),
    "cut": ('{"input":"a', "a"),
}


@pytest.mark.parametrize(("arguments", "text"), ODD_INPUT.values(), ids=ODD_INPUT)
def test_odd_input_of_a_custom_tool(arguments: str, text: str) -> None:
    said: list[Event] = [
        START,
        ToolCall(0, "t0", "apply_patch"),
        ToolInput(0, arguments),
        Finished("tools"),
    ]
    data = written(said, ASKED)
    grammar_responses.check(data)
    assert grammar_responses.final(data)["output"][0]["input"] == text


def test_thinking_of_anthropic_is_sealed_with_its_model() -> None:
    said: list[Event] = [START, Thinking("so"), Signature("sig"), Redacted("xyz"), Finished("end")]
    first, second = grammar_responses.final(written(said))["output"]
    signed, redacted = decode(first["encrypted_content"]), decode(second["encrypted_content"])
    assert signed and (signed.kind, signed.data) == ("signature", "sig")
    assert redacted and (redacted.kind, redacted.data) == ("redacted", "xyz")
    assert signed.model == "claude-sonnet-4-5-20250929"


def test_an_envelope_is_not_sealed_again() -> None:
    """An upstream that is a turnout itself has sealed it already."""
    inner = grammar_responses.final(
        written([START, Thinking("so"), Signature("sig"), Finished("end")])
    )
    got = events([CREATED, end(output=inner["output"])])
    assert Signature(inner["output"][0]["encrypted_content"]) in got


def test_a_failure_alone_is_one_event() -> None:
    """A writer that begins with it ends another's stream: nothing may come before."""
    data = written([Failed("broke", 429)])
    [only] = grammar_responses.payloads(data)
    assert only["type"] == "response.failed"
    assert only["response"]["error"] == {
        "code": "rate_limit_exceeded",
        "message": "broke",
        "status": 429,
    }


def test_garbage_after_a_whole_call() -> None:
    said: list[Event] = [START, ToolCall(0, "t0", "ls"), ToolInput(0, "{}"), Text("a")]
    data = written([*said, ToolInput(0, "]]"), Finished("tools")])
    grammar_responses.check(data)
    assert grammar_responses.said(data) == [("function_call", "ls", {}), ("message", "a")]


# -- whatever events come


@given(said=sequences.answers())
def test_the_writer_keeps_the_grammar(said: list[Event]) -> None:
    grammar_responses.check(written(said))


@given(said=sequences.answers())
def test_reading_what_was_written_means_the_same(said: list[Event]) -> None:
    got = events([written(said)])
    assert sequences.meaning(got, sealed=False) == expected(said)
    if (told := sequences.usage(said)) and isinstance(said[-1], Finished):
        writes = told.cache_write_5m + told.cache_write_1h
        assert sequences.usage(got) == Usage(
            told.fresh_input, told.cache_read, writes, 0, told.output, told.reasoning
        )


def expected(said: list[Event]) -> dict[str, object]:
    """This dialect cannot tell a stop sequence from an end."""
    means: dict[str, object] = sequences.meaning(said, sealed=False)
    told = means["end"]
    if isinstance(told, tuple) and told[0] == "stop":
        means["end"] = ("end", None)
    return means


@given(said=sequences.answers())
def test_c28_a_whole_answer_means_the_same(said: list[Event]) -> None:
    got = list(DIALECT.read_answer(DIALECT.write_answer(said, HINTS)))
    if isinstance(said[-1], Failed):
        assert got == said[-1:]
    else:
        assert sequences.meaning(got, sealed=False) == expected(said)


@given(said=sequences.answers())
def test_c28_a_whole_answer_is_what_the_stream_ends_with(said: list[Event]) -> None:
    if isinstance(said[-1], Finished):
        body = json.loads(DIALECT.write_answer(said, HINTS))
        assert body == grammar_responses.final(written(said))


@given(said=sequences.answers(), cut=st.integers(0, 6000))
@pytest.mark.parametrize("target", [anthropic.DIALECT, openai_chat.DIALECT], ids=["A", "C"])
def test_c8_a_cut_stream_never_finishes_elsewhere(
    target: Dialect, said: list[Event], cut: int
) -> None:
    data = written(said)[:cut]
    passing = Translation(StreamReader(), target.stream_writer(HINTS), lambda _: None)
    out = b"".join(b"".join(passing(piece)) for piece in (data, b""))
    check(target, out)
    ended = b"event: response.completed" in data or b"event: response.incomplete" in data
    assert isinstance(passing.terminal, Failed) or ended


KEY = """
    type response id model usage output output_index item item_id content_index summary_index
    delta text part content summary encrypted_content call_id name namespace arguments input
    error code message status incomplete_details reason annotations annotation url refusal
    input_tokens input_tokens_details
"""
KIND = """
    response.created response.completed response.incomplete response.failed error
    response.output_item.added response.output_item.done response.output_text.delta
    response.output_text.done response.refusal.delta response.reasoning_summary_text.delta
    response.reasoning_text.done response.function_call_arguments.delta
    response.function_call_arguments.done response.custom_tool_call_input.delta
    response.output_text.annotation.added message reasoning function_call custom_tool_call
    output_text refusal url_citation completed max_output_tokens
"""
KEYS, KINDS = st.sampled_from(KEY.split()), st.sampled_from(KIND.split())
SHAPED = st.recursive(
    KINDS | sequences.scalars,
    lambda inner: st.dictionaries(KEYS, inner, max_size=5) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(KEYS, SHAPED, max_size=6), max_size=4))
def test_any_payload_is_read_or_refused(payloads: list[dict[str, object]]) -> None:
    """The right words in the wrong places: of them come WireError, or events a writer can say."""
    seen: list[Event] = []
    course, reader = Course(seen.append), StreamReader()
    writers = [anthropic.DIALECT.stream_writer(HINTS), StreamWriter(HINTS)]
    for payload in payloads:
        for told in course.run(reader.feed(grammar.sse.write(payload))):
            for writer in writers:
                b"".join(writer.feed(told))
    list(course.run(reader.feed(b"")))
    assert isinstance(seen[-1], Finished | Failed)


def test_the_account_hears_one_answer_once() -> None:
    """Deltas, done events and the last event all repeat the text."""
    got = events([CREATED, message(0, "a"), end(output=[{"type": "message", "id": "message_0"}])])
    assert got == [R, Text("a"), Finished("end")]
