"""A call's arguments, as OpenAI's dialects write them: JSON in a string."""

from typing import Any

import msgspec

from turnout.wire.changes import Changes
from turnout.wire.fields import of


def read(said: Any, what: str, note: Changes) -> str:
    """JSON text of an object: other dialects take nothing else. `what`: its field's name."""
    text = of(said or "", str, "arguments").strip()
    if not text:
        return "{}"
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        value = text
    if isinstance(value, dict):
        return text
    if value is not None:
        note(what, "{}: they were no JSON object")
    return "{}"
