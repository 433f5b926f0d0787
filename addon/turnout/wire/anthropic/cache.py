"""The rules of cache_control, which a body must keep before it is routed.

https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from collections.abc import Iterable

from turnout.errors import UnsupportedError
from turnout.wire.anthropic.shape import Mark

MOST = 4
TTLS = (None, "5m", "1h")  # None is 5m


def check(marks: Iterable[Mark]) -> None:
    """`marks` in the order tools, system, messages. Raises UnsupportedError."""
    short = False
    for count, mark in enumerate(marks, start=1):
        if mark.type != "ephemeral" or mark.ttl not in TTLS:
            raise UnsupportedError("cache_control", f"{mark.type} {mark.ttl}")
        if count > MOST:
            raise UnsupportedError("cache_control", f"more than {MOST} marks")
        if short and mark.ttl == "1h":
            raise UnsupportedError("cache_control", "1h after 5m")
        short = short or mark.ttl != "1h"
