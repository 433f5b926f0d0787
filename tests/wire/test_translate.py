"""One terminal event, whatever happens; and nothing after it."""

import pytest

from turnout.wire.anthropic.stream import StreamWriter
from turnout.wire.events import Event, Failed, Finished, Started, Text
from turnout.wire.openai_chat import answer as chat
from turnout.wire.openai_chat.stream import StreamReader
from turnout.wire.tools import Repair
from turnout.wire.translate import Translation, translate
from wire.upstreams import CHAT, CUT, DONE, HINTS, chunk


def translation(seen: list[Event]) -> Translation:
    return Translation(StreamReader(), StreamWriter(HINTS), seen.append)


def test_chunks_go_out_as_they_come() -> None:
    one = translation([])
    assert b"message_start" in b"".join(one(chunk({"content": "a"})))
    assert one(b": ping\n\n") == []
    assert one.terminal is None
    assert b"text_delta" in b"".join(one(chunk({"content": "b"}, "stop")))
    assert b"message_stop" in b"".join(one(DONE))
    assert one.terminal == Finished("end")


def test_nothing_follows_the_end() -> None:
    seen: list[Event] = []
    one = translation(seen)
    one(chunk({"content": "a"}, "stop") + DONE)
    told = len(seen)
    assert one(chunk({"content": "b"})) == one(b"{oops") == one(b"") == one(b"") == []
    assert one.fail("late") == []
    assert len(seen) == told


def test_c8_broken_bytes_end_in_an_error_frame() -> None:
    one = translation([])
    assert b'"type":"error"' in b"".join(one(b"data: {oops\n\n"))
    assert isinstance(one.terminal, Failed)
    assert one(b"") == []


def test_c8_the_end_of_the_bytes_is_no_end() -> None:
    seen: list[Event] = []
    one = translation(seen)
    one(chunk({"content": "a"}))
    assert b"event: error" in b"".join(one(b""))
    assert seen == [Started("c1", "m"), Text("a"), CUT]


def test_c7_a_failure_that_no_byte_says() -> None:
    seen: list[Event] = []
    one = translation(seen)
    one(chunk({"content": "a"}))
    out = b"".join(one.fail("no byte for 60 s", 504))
    assert b"api_error" in out
    assert one.terminal == seen[-1] == Failed("no byte for 60 s", 504)
    assert one(chunk({"content": "b"}, "stop")) == []


class Silent:
    """A reader that forgets its terminal event, and one that says two."""

    def __init__(self, *events: Event) -> None:
        self.events = events

    def feed(self, data: bytes) -> list[Event]:
        return [] if data else list(self.events)


@pytest.mark.parametrize(
    ("events", "ends"),
    [
        ([], [Failed]),
        ([Finished("end"), Finished("end")], [Finished]),
        ([Failed("x"), Finished("end"), Text("a")], [Failed]),
    ],
    ids=["none", "two", "more after it"],
)
def test_one_terminal_whatever_the_reader_says(events: list[Event], ends: list[type]) -> None:
    seen: list[Event] = []
    one = Translation(Silent(*events), StreamWriter(HINTS), seen.append)  # type: ignore[arg-type]
    one(b"x")
    one(b"")
    assert [type(event) for event in seen] == ends


def test_a_filter_stands_between_and_watch_sees_what_the_client_sees() -> None:
    seen: list[Event] = []
    notes: list[str] = []
    sent, _ = CHAT["c18 the limit cuts a call"]
    one = Translation(StreamReader(), StreamWriter(HINTS), seen.append, Repair({}, notes.append))
    out = b"".join(b"".join(one(data)) for data in [*sent, b""])
    assert b'"partial_json":"\\"}"' in out
    assert notes == ["ls: unknown_tool", "ls: json_repaired"]
    assert one.terminal == Finished("length")


def test_a_whole_answer() -> None:
    seen: list[Event] = []
    body = b'{"id":"c1","model":"m","choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}'
    out, end = translate(body, chat.read, chat.write, HINTS, seen.append)
    assert end == Finished("end")
    assert b'"content":"a"' in out
    assert seen == [Started("c1", "m"), Text("a"), Finished("end")]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"x"', b"{}"])
def test_a_whole_answer_that_is_none(body: bytes) -> None:
    out, end = translate(body, chat.read, chat.write, HINTS, lambda _: None)
    assert isinstance(end, Failed)
    assert end.status == 502
    assert chat.read_error(out) == end.message
