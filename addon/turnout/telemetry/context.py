"""W3C trace context (https://www.w3.org/TR/trace-context): which trace an action belongs to.

The ids of an action's spans follow from the decision's id. So the header for an upstream can be
written before any span exists, and `x-turnout-decision` in an answer leads to its trace.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
SAMPLED = 0x01


@dataclass(frozen=True, slots=True)
class Context:
    """The span of one action. `parent`: the client's span, None when it named none.

    `sampled`: what the client decided; None when it said nothing.
    """

    decision: str
    trace: int
    parent: int | None
    sampled: bool | None

    def span(self, name: str = "") -> int:
        """The id of a span below it, or its own. 64 bits, never 0."""
        return _number(f"{self.decision}/{name}", 8)

    @property
    def traceparent(self) -> str:
        """For an upstream whose spans shall be below this one."""
        flags = 0 if self.sampled is False else SAMPLED
        return f"00-{self.trace:032x}-{self.span():016x}-{flags:02x}"


def context(decision: str, traceparent: str) -> Context:
    """`traceparent`: the client's header; one that cannot be read starts a trace of its own."""
    found = _TRACEPARENT.fullmatch(traceparent.strip())
    trace, parent = (int(found[1], 16), int(found[2], 16)) if found else (0, 0)
    if not found or not trace or not parent:
        return Context(decision, _number(decision, 16), None, None)
    return Context(decision, trace, parent, bool(int(found[3], 16) & SAMPLED))


def _number(text: str, size: int) -> int:
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=size).digest()
    return int.from_bytes(digest, "big") or 1
