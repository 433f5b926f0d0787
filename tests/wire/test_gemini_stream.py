"""Streamed answers of Gemini, read and written, in both framings and cut anywhere."""

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from turnout.wire.anthropic import stream as anthropic
from turnout.wire.dialect import Hints
from turnout.wire.events import Event, Failed, Finished, Started, Text, ToolCall, ToolInput, Usage
from turnout.wire.gemini import answer, stream
from turnout.wire.openai_chat import stream as chat
from turnout.wire.tools import Repair
from turnout.wire.translate import Course, Translation
from wire import gemini_upstreams as upstream
from wire import grammar
from wire.gemini_upstreams import GEMINI, Row, as_array, as_sse, check_gemini, sum_gemini
from wire.test_stream_write import compare, told
from wire.upstreams import ANTHROPIC, CHAT, HINTS, same

FRAMED = {"sse": as_sse, "array": as_array}
framings = pytest.mark.parametrize("framing", FRAMED)
rows = pytest.mark.parametrize("row", GEMINI.values(), ids=GEMINI)


def events(pieces: list[bytes]) -> list[Event]:
    course, reader = Course(lambda _: None), stream.StreamReader(nonce="nonce")
    return [event for data in [*pieces, b""] for event in course.run(reader.feed(data))]


@framings
@rows
def test_read(row: Row, framing: str) -> None:
    assert same(events([FRAMED[framing](row[0])]), row[1])


@framings
@rows
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_cuts_do_not_matter(row: Row, framing: str, size: int) -> None:
    data = b"\xef\xbb\xbf" + FRAMED[framing](row[0]).replace(b"\r", b"").replace(b"\n", b"\r\n")
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    assert same(events(pieces), row[1])


@framings
@rows
def test_c8_an_answer_that_is_cut_anywhere_has_not_finished(row: Row, framing: str) -> None:
    data = FRAMED[framing](row[0])
    for size in range(len(data)):
        got = events([data[:size]])
        assert [isinstance(event, Finished | Failed) for event in got].count(True) == 1
        if isinstance(got[-1], Finished):
            assert b'"finishReason":' in data[:size] or b'"blockReason":' in data[:size]
            assert got[-1] == row[1][-1]


@rows
def test_a_whole_answer_is_one_chunk_or_several(row: Row) -> None:
    """Google answers a stream request without alt=sse with an array, which is whole in the end."""
    body = json.dumps(row[0]).encode()
    reader = stream.StreamReader(nonce="nonce")
    course = Course(lambda _: None)
    told = [e for c in json.loads(body) for e in course.run(reader.read(c))]
    assert same([*told, *course.run(reader.end())], row[1])
    if "nonce" not in repr(row[1]):
        assert same(list(Course(lambda _: None).run(answer.read(body))), row[1])


@framings
@pytest.mark.parametrize("data", [b"[1]", b"[[]]", b"null", b'["a"]', b"<html>", b"[{}]", b"{}"])
def test_what_is_no_answer(data: bytes, framing: str) -> None:
    got = events([b"data: " + data + b"\n\n" if framing == "sse" else data])
    assert isinstance(got[-1], Failed)
    assert len(got) == 1


BAD = {
    "a list": [[1]],
    "candidates is a number": [{"candidates": 1}],
    "a text is a number": [upstream.chunk({"text": 5})],
    "a call is a text": [upstream.chunk({"functionCall": "ls"})],
    "parts of numbers": [upstream.chunk(1)],
    "usage is a list": [{"usageMetadata": [1], "promptFeedback": 3}],
}


@framings
@pytest.mark.parametrize("sent", BAD.values(), ids=BAD)
def test_bad_chunks_fail(sent: list[Any], framing: str) -> None:
    assert isinstance(events([FRAMED[framing](sent)])[-1], Failed)


def test_only_wire_errors() -> None:
    rng = random.Random(7)
    for frame in FRAMED.values():
        data = b"".join(frame(sent) for sent, _ in GEMINI.values())
        for _ in range(800):
            begin = rng.randrange(len(data))
            piece = bytearray(data[begin : begin + 900])
            for _ in range(rng.randint(1, 8)):
                piece[rng.randrange(len(piece))] = rng.choice(b'{}[]",:0n\\u\n')
            assert isinstance(events([bytes(piece)])[-1], Finished | Failed)


# -- what clients of other dialects see of it


@pytest.mark.parametrize("name", GEMINI)
def test_an_anthropic_client_sees(name: str, update_golden: bool) -> None:
    reader = stream.StreamReader(nonce="nonce")
    translation = Translation(reader, anthropic.StreamWriter(HINTS), lambda _: None)
    got = told(translation, ([as_sse(GEMINI[name][0])], []))
    grammar.check_anthropic(got)
    compare(got, "gemini_to_anthropic", name, update=update_golden)


@pytest.mark.parametrize("name", GEMINI)
def test_a_chat_client_sees(name: str) -> None:
    reader = stream.StreamReader(nonce="nonce")
    translation = Translation(reader, chat.StreamWriter(HINTS), lambda _: None)
    grammar.check_chat(told(translation, ([as_array(GEMINI[name][0])], [])), usage=True)


# -- what a Gemini client sees of others

ARRAY = replace(HINTS, sse=False)
STABLE = [name for name in CHAT if name != "c8 cut off in a frame"]


def to_gemini(name: str, hints: Hints) -> bytes:
    reader = chat.StreamReader(nonce="nonce")
    mend = Repair({}, lambda _: None)
    return told(Translation(reader, stream.StreamWriter(hints), lambda _: None, mend), CHAT[name])


@pytest.mark.parametrize("name", STABLE)
def test_c78_a_gemini_client_sees(name: str, update_golden: bool) -> None:
    got = to_gemini(name, HINTS)
    check_gemini(got)
    compare(got, "chat_to_gemini", name, update=update_golden)


@pytest.mark.parametrize("name", STABLE)
def test_c78_without_sse_it_is_an_array_of_the_same(name: str) -> None:
    got = to_gemini(name, ARRAY)
    check_gemini(got, sse=False)
    assert upstream.chunks(got, sse=False) == upstream.chunks(to_gemini(name, HINTS), sse=True)


@pytest.mark.parametrize("name", ANTHROPIC)
def test_c78_from_anthropic(name: str) -> None:
    reader = anthropic.StreamReader(nonce="nonce")
    writer = stream.StreamWriter(HINTS)
    check_gemini(told(Translation(reader, writer, lambda _: None), ANTHROPIC[name]))


def test_the_array_grows_element_by_element() -> None:
    writer = stream.StreamWriter(ARRAY)
    said = [START, Text("a"), Text("b"), Finished("end")]
    pieces = [b"".join(writer.feed(event)) for event in said]
    assert pieces[0] == b""
    assert pieces[1].startswith(b"[{")
    assert pieces[2].startswith(b",\r\n{")
    assert pieces[3].endswith(b"}]")


def test_goldens_are_all_used() -> None:
    from wire.test_stream_write import GOLDEN

    assert len(list((GOLDEN / "gemini_to_anthropic").iterdir())) == len(GEMINI)
    assert len(list((GOLDEN / "chat_to_gemini").iterdir())) == len(STABLE)


START, CALL = Started("c1", "m"), ToolCall(0, "t0", "ls")
LS = {"id": "t0", "name": "ls", "args": {}}


def write(said: list[Event], hints: Hints = HINTS) -> bytes:
    writer = stream.StreamWriter(hints)
    return b"".join(piece for event in said for piece in writer.feed(event))


def test_a_call_waits_until_it_is_whole() -> None:
    writer = stream.StreamWriter(HINTS)
    said = [START, CALL, ToolInput(0, '{"a"'), ToolInput(0, ":1}")]
    assert b"".join(piece for event in said for piece in writer.feed(event)) == b""
    other = b"".join(writer.feed(ToolCall(1, "t1", "rm")))
    assert other == b"", "the first is not known to be whole until another follows"
    assert b'"args":{"a":1}' in b"".join(writer.feed(Text("x")))


@pytest.mark.parametrize("reason", ["length", "refusal"])
def test_c18_a_call_that_was_cut_is_not_given(reason: Any) -> None:
    """A Gemini client runs every call that it gets, whatever the finishReason."""
    said = [START, CALL, ToolInput(0, "{}"), ToolCall(1, "t1", "rm"), ToolInput(1, '{"path":"/"}')]
    got = sum_gemini(write([*said, Finished(reason)]))
    assert got["calls"] == [LS]
    assert sum_gemini(write([*said, Finished("tools")]))["calls"][1]["name"] == "rm"


def test_nothing_of_a_failed_call_is_given() -> None:
    data = write([START, CALL, ToolInput(0, "{}"), Failed("no", 529)])
    assert upstream.chunks(data, sse=True) == [
        {"error": {"code": 529, "message": "no", "status": "UNAVAILABLE"}}
    ]
    assert write([Failed("no")], ARRAY).startswith(b'[{"error":')


@pytest.mark.parametrize(
    ("asked", "bears"), [("gemini-3.8-flash", True), ("gemini-2.5-pro", False), ("", False)]
)
def test_foreign_calls_are_marked_for_a_client_of_gemini_3(asked: str, bears: bool) -> None:
    """The client echoes the first call's word, and Gemini takes the step as another model's."""
    said = [START, CALL, ToolInput(0, "{}"), ToolCall(1, "t1", "ls"), Finished("tools")]
    data = write(said, replace(HINTS, asked=asked))
    parts = [
        p for c in upstream.chunks(data, sse=True) for p in c["candidates"][0]["content"]["parts"]
    ]
    words = [part.get("thoughtSignature") for part in parts]
    assert words == ["skip_thought_signature_validator" if bears else None, None]


def test_usage_of_the_last_chunk() -> None:
    got = sum_gemini(write([START, Text("a"), Usage(200, 800, 50, 0, 27, 7), Finished("end")]))
    assert got["usage"] == {
        "promptTokenCount": 1050,
        "cachedContentTokenCount": 800,
        "candidatesTokenCount": 20,
        "thoughtsTokenCount": 7,
        "totalTokenCount": 1077,
    }


@pytest.mark.parametrize("name", STABLE)
def test_c28_a_whole_answer_is_the_sum_of_the_stream(name: str) -> None:
    reader, mend = chat.StreamReader(nonce="nonce"), Repair({}, lambda _: None)
    read = [event for data in [*CHAT[name][0], b""] for event in reader.feed(data)]
    said = [mended for event in read for mended in mend.feed(event)]
    got = answer.write(said, HINTS)
    if isinstance(said[-1], Failed):
        assert got == answer.write_error(said[-1].status, said[-1].message)
    else:
        assert sum_gemini(b"[" + got + b"]", sse=False) == sum_gemini(write(said))
