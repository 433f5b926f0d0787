"""The objects of a streamed answer, however they are framed; the first byte tells.

data: {...}         server-sent events
[{...}, {...}]      an array that grows
{...}               a single object: a whole answer, or an error
"""

import re
from collections.abc import Iterator

from turnout.wire import sse

BOM = b"\xef\xbb\xbf"
_MARK = re.compile(rb'["{}\[\]]')
# the rest of a string, with its closing quote
_REST = re.compile(rb'(?:[^"\\]++|\\.)*+"', re.DOTALL)


class Objects:
    """Bytes in, whole JSON objects out. b"" in means the peer is done."""

    def __init__(self) -> None:
        self._head = b""
        self._frames: sse.FrameReader | Elements | None = None

    def feed(self, data: bytes) -> Iterator[str]:
        if self._frames is None:
            data = self._head = (self._head + data).lstrip(b" \t\r\n")
            if data and not BOM.startswith(data):
                data = data.removeprefix(BOM).lstrip(b" \t\r\n")
            elif data:
                return  # a byte order mark, or half of one
            if not data:
                return
            self._frames = Elements() if data[:1] in b"[{" else sse.FrameReader()
        if isinstance(self._frames, Elements):
            yield from self._frames.feed(data)
        else:
            for frame in self._frames.feed(data):
                if frame.data.strip() not in ("", "[DONE]"):
                    yield frame.data


class Elements:
    """The objects of a growing array, as soon as each is whole. What is between them is none."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []  # of the object that is open
        self._depth = 0  # inside the array, which is no object
        self._quoted = False
        self._held = b""  # half an escape

    def feed(self, data: bytes) -> Iterator[str]:
        data, self._held = self._held + data, b""
        start = at = 0
        while match := (_REST.match if self._quoted else _MARK.search)(data, at):
            at = match.end()
            if self._quoted or match[0] == b'"':
                self._quoted = not self._quoted
            elif match[0] == b"{" or (match[0] == b"[" and self._depth):
                if not self._depth:
                    start = match.start()
                self._depth += 1
            elif self._depth:
                self._depth -= 1
                if not self._depth:
                    yield self._whole(data[start:at])
        self._keep(data, start)

    def _keep(self, data: bytes, start: int) -> None:
        """What is open goes on in the next piece."""
        if not self._depth:
            return
        rest = data[start:]
        if self._quoted and _cut_escape(rest):
            rest, self._held = rest[:-1], rest[-1:]
        self._pieces.append(rest)

    def _whole(self, last: bytes) -> str:
        data = b"".join([*self._pieces, last])
        self._pieces = []
        return data.decode("utf-8", "replace")


def _cut_escape(data: bytes) -> bool:
    """Does it end inside an escape?"""
    return (len(data) - len(data.rstrip(b"\\"))) % 2 == 1
