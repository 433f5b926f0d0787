"""What is observed of a provider's prefix cache, from the usage in its answers.

Prefix    how a request begins: whether it goes on where an earlier one ended
Cached    what one binding has been seen to keep of one beginning
"""

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Self

from turnout.wire.events import Usage
from turnout.wire.request import Ask, CacheTtl

# seconds a provider keeps a prefix after its last use; without marks it does so by itself.
# https://platform.claude.com/docs/en/build-with-claude/prompt-caching
# https://platform.openai.com/docs/guides/prompt-caching: five to ten minutes
LIFETIMES: dict[CacheTtl | None, float] = {"5m": 300.0, "1h": 3600.0, None: 300.0}
LEAST = 1024  # tokens; no provider keeps a shorter prefix
LARGEST = 10_000_000  # tokens; no model reads so many, whatever its window is said to be
SLACK = 0.02  # share of its bytes by which a history that only grew may shrink: marks move
BACK = 60.0  # seconds that a clock may be set back without being doubted


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """`digest`: of system, tools and the first human words. `tokens`: of the whole, estimated."""

    digest: str = ""
    messages: int = 0
    tokens: int = 0

    @classmethod
    def of(cls, ask: Ask) -> Self:
        digest = blake2b(digest_size=12)
        for part in (ask.system, ask.first_human, *ask.tools):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(b"%d:%b" % (len(data), data))
        return cls(digest=digest.hexdigest(), messages=ask.messages, tokens=ask.input_tokens)

    def extends(self, earlier: "Prefix") -> bool:
        """A history that was trimmed or compacted is cold for everybody (c53)."""
        grown = self.messages >= earlier.messages
        return grown and self.digest == earlier.digest and not self._shrunk(earlier)

    def _shrunk(self, earlier: "Prefix") -> bool:
        return self.tokens < earlier.tokens * (1 - SLACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cached:
    """What one binding was seen to keep of one beginning. Tokens are the binding's own.

    `asked_at`, `at`: epoch seconds of the latest request, and of the last answer. `ttl`: what the
    latest asked for. `total`: its whole input. `kept`: how much of that the cache holds now.
    `hour`: how much was written for an hour. `expected`, `read`: sums of what should have been
    read, and was. `answers`, `output`: how many were seen, and their tokens. `first_at`, `first`:
    the earliest request, and its input.
    """

    provider: str
    model: str
    prefix: Prefix
    asked_at: float
    at: float
    ttl: CacheTtl | None = None
    total: int = 0
    kept: int = 0
    hour: int = 0
    expected: int = 0
    read: int = 0
    answers: int = 1
    output: int = 0
    first_at: float = 0.0
    first: int = 0

    @classmethod
    def seen(
        cls,
        binding: tuple[str, str],
        prefix: Prefix,
        usage: Usage,
        *,
        asked_at: float,
        at: float,
        ttl: CacheTtl | None = None,
        marked: bool = False,
        expected: int = 0,
    ) -> Self:
        """One answer. `marked`: this model keeps only what was marked, and says how much."""
        written = usage.cache_write_5m + usage.cache_write_1h
        total = usage.fresh_input + usage.cache_read + written
        kept = usage.cache_read + written if marked else total
        return cls(
            provider=binding[0],
            model=binding[1],
            prefix=prefix,
            asked_at=asked_at,
            at=at,
            ttl=ttl,
            total=total,
            kept=kept,
            hour=kept - usage.cache_write_5m if ttl == "1h" else usage.cache_write_1h,
            expected=min(expected, total),
            read=min(usage.cache_read, expected),
            output=usage.output,
            first_at=asked_at,
            first=total,
        )

    def same(self, other: "Cached") -> bool:
        """The same beginning at the same binding."""
        mine = (self.provider, self.model, self.prefix.digest)
        return mine == (other.provider, other.model, other.prefix.digest)

    def merged(self, other: "Cached") -> "Cached":
        """Both of them, in whatever order they came: the later request says what is kept."""
        late, early = (self, other) if self._order() >= other._order() else (other, self)
        if not late.prefix.extends(early.prefix):
            return late
        first = min(self, other, key=lambda one: (one.first_at, one.first))
        return replace(
            late,
            at=max(self.at, other.at),
            hour=min(late.kept, max(self.hour, other.hour)),
            expected=self.expected + other.expected,
            read=self.read + other.read,
            answers=self.answers + other.answers,
            output=self.output + other.output,
            first_at=first.first_at,
            first=first.first,
        )

    def _order(self) -> tuple[float, int, int, float]:
        return (self.asked_at, self.total, self.kept, self.at)

    def holds(self, prefix: Prefix, now: float) -> float:
        """Tokens of a request that are read from the cache if it is sent now; 0 is cold."""
        age = now - self.at
        if not prefix.extends(self.prefix) or age < -BACK:
            return 0.0
        kept = self.kept if age <= LIFETIMES["5m" if self.ttl else None] else 0
        if age <= LIFETIMES["1h"]:
            kept = max(kept, self.hour)
        return float(kept) if kept >= LEAST else 0.0

    @property
    def growth(self) -> float | None:
        """Tokens that a step adds to the history; None before the second answer."""
        if self.answers < 2:
            return None
        return max(0.0, (self.total - self.first) / (self.answers - 1))


def credible(usage: Usage | None, window: int | None) -> bool:
    """Usage that lies is not learned from: none, negative, or larger than the window."""
    if usage is None:
        return False
    counts = (usage.fresh_input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h)
    total = sum(counts)
    honest = min(*counts, usage.output) >= 0
    return honest and 0 < total <= (window or LARGEST) and usage.output <= LARGEST
