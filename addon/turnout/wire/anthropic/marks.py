"""Cache marks on a body that we compose: at most four, and no hour after five minutes.

https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from turnout.wire.changes import Changes

MOST = 4
MARK = {"type": "ephemeral"}  # five minutes
UNMARKABLE = ("thinking", "redacted_thinking")


def add(body: dict[str, Any], note: Changes) -> None:
    """Marks the end of the system text and of the conversation, where the rules leave room."""
    blocks = list(_blocks(body))
    if not valid(_ttls(blocks)):
        for block in blocks:
            block.pop("cache_control", None)
        note("cache_control", "the client's marks broke the rules of order or number")
    for block in _ends(body):
        if "cache_control" in block or block.get("type") in UNMARKABLE:
            continue
        block["cache_control"] = MARK
        if valid(_ttls(blocks)):
            note("cache_control", "added at the end of the system text and of the conversation")
        else:
            del block["cache_control"]


def valid(marks: Sequence[str]) -> bool:
    """`marks`: times to live in the order tools, system, messages."""
    return len(marks) <= MOST and all(pair != ("5m", "1h") for pair in pairwise(marks))


def ttls(body: dict[str, Any]) -> list[str]:
    return _ttls(_blocks(body))


def _ttls(blocks: Iterable[dict[str, Any]]) -> list[str]:
    marks = (block.get("cache_control") for block in blocks)
    return [mark.get("ttl", "5m") for mark in marks if mark]


def _blocks(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from body.get("tools", ())
    yield from body.get("system", ())
    for message in body["messages"]:
        if isinstance(message, msgspec.Raw):  # written already: without marks
            continue
        for block in message["content"]:
            yield block
            if isinstance(inner := block.get("content"), list):
                yield from inner


def _ends(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from body.get("system", ())[-1:]
    yield body["messages"][-1]["content"][-1]
