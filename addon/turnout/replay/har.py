"""HAR: one JSON document, whose entries are read one after another however many there are.

http://www.softwareishard.com/blog/har-12-spec/
"""

import base64
import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from turnout.replay import exchange
from turnout.replay.exchange import Exchange, Home
from turnout.replay.lines import mapping, seconds
from turnout.replay.recorded import Read, Skipped
from turnout.trip import Headers

PIECE = 1 << 20  # bytes; doubled while one entry does not fit
LARGEST = 256 << 20  # characters of one entry
ENTRIES = re.compile(r'"entries"\s*:\s*\[')
LONGEST_MARK = 64  # characters of "entries" and what stands around it
GAP = re.compile(r"[\s,]*")


def read(file: BinaryIO, seen: Callable[[int], None], home: Home) -> Read:
    for entry in entries(file, seen):
        if isinstance(entry, Skipped):
            yield entry
            continue
        try:
            yield exchange.read(_exchange(entry), home)
        except (TypeError, ValueError, LookupError, AttributeError):
            yield Skipped("unreadable")


def entries(file: BinaryIO, seen: Callable[[int], None]) -> Iterator[dict[str, Any] | Skipped]:
    """Every entry of the log; what is cut off in the middle is said."""
    source = _Text(file, seen)
    if not source.find(ENTRIES):
        yield Skipped("unreadable")
        return
    decoder = json.JSONDecoder()
    while True:
        source.skip(GAP)
        if source.peek() in ("]", ""):
            if not source.peek():
                yield Skipped("cut")
            return
        try:
            entry, source.at = decoder.raw_decode(source.text, source.at)
        except ValueError:
            if not source.more():
                yield Skipped("cut")
                return
            continue
        yield entry if isinstance(entry, dict) else Skipped("unreadable")


class _Text:
    """A file as text, a window at a time. `at`: where in the window the reader is."""

    def __init__(self, file: BinaryIO, seen: Callable[[int], None]) -> None:
        self._file, self._seen = file, seen
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self.text, self.at = "", 0

    def more(self) -> bool:
        """At least as much again as is left; False at the end, or when it is too much."""
        left = self.text[self.at :]
        if len(left) > LARGEST:
            return False
        data = self._file.read(max(PIECE, len(left)))
        self._seen(len(data))
        self.text, self.at = left + self._decode(data, not data), 0
        return bool(data)

    def find(self, pattern: re.Pattern[str]) -> bool:
        """Goes to its end."""
        while True:
            if found := pattern.search(self.text, self.at):
                self.at = found.end()
                return True
            self.at = max(len(self.text) - LONGEST_MARK, self.at)
            if not self.more():
                return False

    def skip(self, pattern: re.Pattern[str]) -> None:
        while True:
            if found := pattern.match(self.text, self.at):
                self.at = found.end()
            if self.peek() or not self.more():
                return

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]


def _exchange(entry: dict[str, Any]) -> Exchange:
    request, response = mapping(entry["request"]), mapping(entry.get("response"))
    parts = urlsplit(str(request["url"]))
    began = seconds(entry.get("startedDateTime")) or 0.0
    took = entry.get("time")
    status = response.get("status")
    return Exchange(
        method=str(request["method"]),
        url=str(request["url"]),
        host=parts.hostname or "",
        path=parts.path + (f"?{parts.query}" if parts.query else ""),
        headers=_headers(request.get("headers")),
        body=_data(mapping(request.get("postData"))),
        began=began,
        ended=began + (took / 1000 if isinstance(took, int | float) and took > 0 else 0.0),
        status=status if isinstance(status, int) and status > 0 else None,
        answered=_headers(response.get("headers")),
        answer=_data(mapping(response.get("content"))),
    )


def _headers(pairs: object) -> Headers:
    """Bodies are unpacked already, whatever the headers say."""
    found = [mapping(pair) for pair in pairs] if isinstance(pairs, list) else []
    named = ((str(pair.get("name", "")), str(pair.get("value", ""))) for pair in found)
    return tuple(
        pair
        for pair in named
        if not pair[0].startswith(":") and pair[0].lower() != "content-encoding"
    )


def _data(content: dict[str, Any]) -> bytes:
    text = content.get("text")
    if not isinstance(text, str):
        return b""
    if content.get("encoding") == "base64":
        return base64.b64decode(text)
    return text.encode("utf-8", "surrogatepass")
