"""Whose name an answer bears that stays in its dialect: a client may want to read the one it asked
for (policy.answer_model). Nothing else of the bytes changes.
"""

import re
from collections.abc import Callable, Mapping

import msgspec

from turnout.errors import WireError
from turnout.wire import mark_out, splice
from turnout.wire.request import DialectName

HINT = b'"model'
_DATA = re.compile(rb"(\A|(?<=[\r\n]))(data: ?)([^\r\n]+)")

# where a whole answer, a chunk or an event of a stream says it
PLACES: Mapping[DialectName, tuple[tuple[str, ...], ...]] = {
    "anthropic": (("model",), ("message", "model")),
    "openai_chat": (("model",),),
    "openai_responses": (("model",), ("response", "model")),
    "gemini": (("modelVersion",),),
}


class Touch:
    """What is written into an answer of the client's dialect: a routing mark, another name."""

    def __init__(self, dialect: DialectName, mark: str = "", model: str = "") -> None:
        self.mark, self._dialect, self._model = mark, dialect, model

    def __bool__(self) -> bool:
        return bool(self.mark or self._model)

    def whole(self, body: bytes) -> bytes:
        if self.mark:
            body = mark_out.whole(body, self._dialect, self.mark)
        return renamed(body, self._dialect, self._model) if self._model else body

    def frames(self) -> Callable[[bytes], bytes] | None:
        """For whole frames of a stream; None when they stay."""
        marks = mark_out.Frames(self._dialect, self.mark) if self.mark else None
        if not self._model:
            return marks
        return lambda frames: self._named(marks(frames) if marks else frames)

    def _named(self, frames: bytes) -> bytes:
        if HINT not in frames:
            return frames
        return _DATA.sub(
            lambda found: found[2] + renamed(found[3], self._dialect, self._model), frames
        )


def renamed(raw: bytes, dialect: DialectName, model: str) -> bytes:
    """An object's JSON with `model` where it names one; as it came where it does not."""
    for path in PLACES[dialect]:
        try:
            if found := _place(raw, path):
                start, end = found
                return raw[:start] + msgspec.json.encode(model) + raw[end:]
        except WireError:
            return raw
    return raw


def _place(raw: bytes, path: tuple[str, ...]) -> tuple[int, int] | None:
    """Offsets of a string in it."""
    start, end = 0, len(raw)
    for step in path:
        piece = raw[start:end]
        field = splice.fields(piece).get(step) if piece.lstrip()[:1] == b"{" else None
        if field is None:
            return None
        start, end = start + field.value, start + field.end
    return (start, end) if raw[start : start + 1] == b'"' else None
