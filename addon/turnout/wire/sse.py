"""Server-sent events: bytes <-> frames.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

import codecs
import io
import json
from collections.abc import Iterator
from typing import Any

import msgspec


class Frame(msgspec.Struct, frozen=True, gc=False):
    """`event` is "message" when the peer gave none; `data` are its data lines, joined."""

    event: str
    data: str


class FrameReader:
    """Bytes in, whole frames out. b"" in means the peer is done.

    The bytes may be cut anywhere: inside a line, a CRLF, or a UTF-8 character. The pieces of an
    unfinished line are kept apart until its end comes, so a frame of megabytes in many small pieces
    costs no more than its length.
    """

    def __init__(self) -> None:
        utf8 = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._decoder = io.IncrementalNewlineDecoder(utf8, translate=True)
        self._pieces: list[str] = []
        self._event = ""
        self._data: list[str] = []

    def feed(self, data: bytes) -> Iterator[Frame]:
        for line in self._lines(self._decoder.decode(data, final=not data)):
            if line:
                self._field(line)
            elif frame := self._frame():
                yield frame
        if not data:  # several providers leave off the last blank line
            self._field("".join(self._pieces))
            self._pieces = []
            if frame := self._frame():
                yield frame

    def _lines(self, text: str) -> list[str]:
        """Those that are whole now."""
        *lines, last = text.split("\n")
        if not lines:
            self._pieces.append(last)
            return lines
        lines[0] = "".join([*self._pieces, lines[0]])
        self._pieces = [last]
        return lines

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        elif name == "event":
            self._event = value.removeprefix(" ")

    def _frame(self) -> Frame | None:
        event, data = self._event, self._data
        self._event, self._data = "", []
        return Frame(event or "message", "\n".join(data)) if data else None


def read(data: str) -> Any:
    """The payload of a frame. Python's own reader takes what no JSON is: NaN, half a surrogate."""
    try:
        return msgspec.json.decode(data)
    except ValueError:
        return json.loads(data)


def write(payload: dict[str, Any], event: str = "") -> bytes:
    """One frame. `event` is for the dialects whose clients insist on a name."""
    head = f"event: {event}\n".encode() if event else b""
    return b"%bdata: %b\n\n" % (head, _json(payload))


def _json(payload: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(payload)
    except UnicodeEncodeError:  # half a surrogate pair: only an escape can carry it
        return json.dumps(payload, separators=(",", ":")).encode()
