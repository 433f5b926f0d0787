"""JSON Lines of any size: one line in memory at a time, a broken one is said and passed over."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, BinaryIO

from turnout.replay.recorded import Skipped

LONGEST = 64 << 20  # bytes of a line; images and pasted logs are in them

type Line = dict[str, Any]


def lines(file: BinaryIO, seen: Callable[[int], None]) -> Iterator[Line | Skipped]:
    """`seen` hears how many bytes were read. The last line may have been cut off."""
    while raw := file.readline(LONGEST):
        seen(len(raw))
        if len(raw) == LONGEST and not raw.endswith(b"\n"):
            yield from _too_long(file, seen)
        elif raw.strip():
            yield _decoded(raw)


def _too_long(file: BinaryIO, seen: Callable[[int], None]) -> Iterator[Skipped]:
    while rest := file.readline(LONGEST):
        seen(len(rest))
        if rest.endswith(b"\n"):
            break
    yield Skipped("too_large")


def _decoded(raw: bytes) -> Line | Skipped:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return Skipped("unreadable" if raw.endswith(b"\n") else "cut")
    return found if isinstance(found, dict) else Skipped("unreadable")


def seconds(value: object) -> float | None:
    """2026-07-05T12:00:00.123Z -> epoch seconds."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):
        return None


def mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def blocks(content: object) -> list[dict[str, Any]]:
    """Content that may be a string or a list of parts."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [b for b in content if isinstance(b, dict)] if isinstance(content, list) else []


def text(block: dict[str, Any]) -> str:
    found = block.get("text")
    return found if isinstance(found, str) else ""
