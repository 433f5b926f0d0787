"""A streamed answer, read: what upstreams send, and what it means."""

import random

import pytest

from turnout.wire.anthropic import stream as anthropic
from turnout.wire.dialect import StreamReader
from turnout.wire.events import Event, Failed, Finished, ToolCall
from turnout.wire.openai_chat import stream as openai_chat
from turnout.wire.translate import Course
from wire.upstreams import ANTHROPIC, CHAT, Row, frame, same, whole

READERS = {"chat": openai_chat.StreamReader, "anthropic": anthropic.StreamReader}
ROWS = {f"{dialect}: {name}": (dialect, row)
        for dialect, rows in (("chat", CHAT), ("anthropic", ANTHROPIC))
        for name, row in rows.items()}  # fmt: skip
HONEST = {"chat": b'"finish_reason":"', "anthropic": b'"type":"message_stop"'}
rows = pytest.mark.parametrize(("dialect", "row"), ROWS.values(), ids=ROWS)


def reader_of(dialect: str) -> StreamReader:
    return READERS[dialect](nonce="nonce")


def events(reader: StreamReader, pieces: list[bytes]) -> list[Event]:
    """A WireError counts as the failure that it becomes."""
    course = Course(lambda _: None)
    return [event for data in [*pieces, b""] for event in course.run(reader.feed(data))]


@rows
def test_read(dialect: str, row: Row) -> None:
    sent, means = row
    assert same(events(reader_of(dialect), sent), means)


@rows
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_cuts_do_not_matter(dialect: str, row: Row, size: int) -> None:
    sent, means = row
    data = b"\xef\xbb\xbf" + whole(sent).replace(b"\n", b"\r\n")
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    assert same(events(reader_of(dialect), pieces), means)


@rows
def test_c8_an_answer_that_is_cut_anywhere_has_not_finished(dialect: str, row: Row) -> None:
    """Cut at each byte, it ends in exactly one terminal, which is Finished only if all was said."""
    sent, means = row
    data = whole(sent)
    for size in range(len(data)):
        got = events(reader_of(dialect), [data[:size]] if size else [])
        terminals = [event for event in got if isinstance(event, Finished | Failed)]
        assert len(terminals) == 1
        assert got[-1] is terminals[0]
        if isinstance(got[-1], Finished):
            assert HONEST[dialect] in data[:size]
            assert got[-1] == means[-1]


@pytest.mark.parametrize("dialect", READERS)
def test_only_wire_errors(dialect: str) -> None:
    """Whatever an upstream sends, a reader raises WireError or nothing."""
    rng = random.Random(7)
    data = b"".join(whole(sent) for kind, (sent, _) in ROWS.values() if kind == dialect)
    for _ in range(1500):
        begin = rng.randrange(len(data))
        piece = bytearray(data[begin : begin + 900])
        for _ in range(rng.randint(1, 8)):
            piece[rng.randrange(len(piece))] = rng.choice(b'{}[]",:0n\\u\n')
        assert isinstance(events(reader_of(dialect), [bytes(piece)])[-1], Finished | Failed)


BAD = {
    "not json": b"data: {oops\n\n",
    "a list": b"data: [1]\n\n",
    "a number": b"data: 1\n\n",
    "null": b"data: null\n\n",
    "deep": b"data: " + b"[" * 100_000 + b"\n\n",
    "a huge number": b'data: {"choices": ' + b"9" * 5000 + b"}\n\n",
    "choices of numbers": b'data: {"choices": [1]}\n\n',
    "finish_reason is a list": b'data: {"choices": [{"delta": {}, "finish_reason": ["stop"]}]}\n\n',
    "finish_reason is a number": b'data: {"choices": [{"delta": {}, "finish_reason": 1}]}\n\n',
    "content is a number": b'data: {"choices": [{"delta": {"content": 5}}]}\n\n',
    "type is a list": b'data: {"type": ["message_start"]}\n\n',
    "no message": b'data: {"type": "message_start"}\n\n',
    "text is an object": frame("content_block_delta", index=0, delta={"text": {}}),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
@pytest.mark.parametrize("dialect", READERS)
def test_bad_frames_fail_and_never_finish(dialect: str, data: bytes) -> None:
    got = events(reader_of(dialect), [data])
    assert isinstance(got[-1], Failed)
    assert got[-1].status == 502


def test_ids_of_ours_differ_from_answer_to_answer() -> None:
    sent, _ = CHAT["c16 no ids, and one twice"]
    ids = [
        event.id
        for _ in range(2)
        for event in events(openai_chat.StreamReader(), sent)
        if isinstance(event, ToolCall) and event.name == "ls"
    ]
    assert len(set(ids)) == 2
