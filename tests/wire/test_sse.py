import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turnout.wire import sse
from turnout.wire.sse import Frame, FrameReader

# what a peer sends                                     -> the frames in it
READ: dict[str, tuple[str, list[Frame]]] = {
    "data only": ("data: a\n\n", [Frame("message", "a")]),
    "no blank after the colon": ("data:a\n\n", [Frame("message", "a")]),
    "only one blank goes": ("data:  a\n\n", [Frame("message", " a")]),
    "a name": ("event: ping\ndata: {}\n\n", [Frame("ping", "{}")]),
    "the name is for one frame": (
        "event: x\ndata: 1\n\ndata: 2\n\n",
        [Frame("x", "1"), Frame("message", "2")],
    ),
    "data in lines": ("data: a\ndata: b\ndata\n\n", [Frame("message", "a\nb\n")]),
    "comments": (": keepalive\n\n: more\ndata: a\n\n", [Frame("message", "a")]),
    "a name without data": ("event: x\n\ndata: a\n\n", [Frame("message", "a")]),
    "unknown fields": ("id: 7\nretry: 9\nfoo\ndata: a\n\n", [Frame("message", "a")]),
    "more blank lines": ("\n\n\ndata: a\n\n\n\ndata: b\n\n", [Frame("message", x) for x in "ab"]),
    "a colon in the data": ('data: {"a":1}\n\n', [Frame("message", '{"a":1}')]),
    "no last blank line": ("data: a\n\ndata: b\n", [Frame("message", "a"), Frame("message", "b")]),
    "no last line end": ("event: e\ndata: b", [Frame("e", "b")]),
    "not ASCII": ("data: Grüße 😀 漢\n\n", [Frame("message", "Grüße 😀 漢")]),
    "other breaks are text": (
        "data: a\u2028b\x85c\x0bd\n\n",
        [Frame("message", "a\u2028b\x85c\x0bd")],
    ),
    "a byte order mark": ("\ufeffdata: a\n\n", [Frame("message", "a")]),
    "nothing": ("", []),
}
ENDS = {"LF": "\n", "CRLF": "\r\n", "CR": "\r"}


def read(pieces: list[bytes]) -> list[Frame]:
    reader = FrameReader()
    return [frame for piece in [*pieces, b""] for frame in reader.feed(piece)]


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize(("sent", "frames"), READ.values(), ids=READ)
def test_read(sent: str, frames: list[Frame], end: str) -> None:
    assert read([sent.replace("\n", end).encode()]) == frames


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize(("sent", "frames"), READ.values(), ids=READ)
def test_one_cut_anywhere(sent: str, frames: list[Frame], end: str) -> None:
    whole = sent.replace("\n", end).encode()
    for cut in range(1, len(whole)):
        assert read([whole[:cut], whole[cut:]]) == frames, cut


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize(("sent", "frames"), READ.values(), ids=READ)
def test_byte_by_byte(sent: str, frames: list[Frame], end: str) -> None:
    whole = sent.replace("\n", end).encode()
    assert read([whole[i : i + 1] for i in range(len(whole))]) == frames


def test_a_frame_comes_as_soon_as_it_is_whole() -> None:
    reader = FrameReader()
    assert list(reader.feed(b"data: a\n\ndata: b\n")) == [Frame("message", "a")]
    assert list(reader.feed(b"\n")) == [Frame("message", "b")]


def test_broken_utf8_is_replaced() -> None:
    assert read([b"data: a\xffb\n\n"]) == [Frame("message", "a\ufffdb")]


def test_work_grows_with_the_size_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte in one line, in small pieces: each character is joined once."""
    reader, piece = FrameReader(), b"x" * 100
    list(reader.feed(b"data: "))
    for _ in range(10_000):
        assert list(reader.feed(piece)) == []
        assert max(map(len, reader._pieces)) <= 100
    assert [len(frame.data) for frame in reader.feed(b"\n\n")] == [1_000_000]


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(min_value=1, max_value=9))
def test_any_bytes_cut_alike(data: bytes, size: int) -> None:
    assert read([data]) == read([data[i : i + size] for i in range(0, len(data), size)])


WRITTEN = {
    "plain": ({"a": 1, "b": "Grüße"}, "", 'data: {"a":1,"b":"Grüße"}\n\n'),
    "named": ({"type": "ping"}, "ping", 'event: ping\ndata: {"type":"ping"}\n\n'),
    "a line end stays inside": ({"a": "x\ny\r"}, "", 'data: {"a":"x\\ny\\r"}\n\n'),
    "half a surrogate pair": ({"a": "x\ud83d"}, "", 'data: {"a":"x\\ud83d"}\n\n'),
}


@pytest.mark.parametrize(("payload", "event", "frame"), WRITTEN.values(), ids=WRITTEN)
def test_write(payload: dict[str, object], event: str, frame: str) -> None:
    assert sse.write(payload, event) == frame.encode()


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53) | st.none()))
def test_what_is_written_is_read(payload: dict[str, object]) -> None:
    [frame] = read([sse.write(payload, "x")])
    assert (frame.event, json.loads(frame.data)) == ("x", payload)
