"""A prefix cache as providers keep one, in its simplest form. Tokens are bytes / 4.

Anthropic writes where the client put a mark and reads the longest prefix it has written; OpenAI
caches every prefix by itself, in blocks of 128 tokens. Neither keeps less than 1,024 tokens.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

SECONDS = {"5m": 300.0, "1h": 3600.0}
LEAST = 1024  # tokens
BLOCK = 128  # tokens

type Segments = Sequence[tuple[bytes, str]]


@dataclass(frozen=True, slots=True)
class Prompt:
    """Tokens of one prompt; the four never overlap."""

    fresh: int = 0
    read: int = 0
    write_5m: int = 0
    write_1h: int = 0

    @property
    def total(self) -> int:
        return self.fresh + self.read + self.write_5m + self.write_1h


class PrefixCache:
    """What one provider remembers, per model. `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[tuple[str, bytes], float] = {}

    def marked(self, model: str, segments: Segments) -> Prompt:
        """Anthropic's rule: only up to the client's marks."""
        sizes, keys = _prefixes(segments)
        marks = [(i, ttl) for i, (_, ttl) in enumerate(segments) if ttl and sizes[i] >= LEAST]
        total = sizes[-1] if sizes else 0
        if not marks:
            return Prompt(fresh=total)
        last = marks[-1][0]
        read = self._read(model, sizes, keys, last)
        hour = max((sizes[i] for i, ttl in marks if ttl == "1h"), default=0)
        write_1h = max(0, hour - read)
        for i, ttl in marks:
            self._until[model, keys[i]] = self._clock() + SECONDS[ttl]
        write_5m = sizes[last] - read - write_1h
        return Prompt(total - sizes[last], read, write_5m, write_1h)

    def automatic(self, model: str, segments: Segments) -> Prompt:
        """OpenAI's rule: every prefix, free to write, read in whole blocks."""
        sizes, keys = _prefixes(segments)
        total = sizes[-1] if sizes else 0
        found = self._read(model, sizes, keys, len(sizes) - 1)
        read = found // BLOCK * BLOCK if found >= LEAST else 0
        self._until |= {(model, key): self._clock() + SECONDS["5m"] for key in keys}
        return Prompt(total - read, read)

    def _read(self, model: str, sizes: list[int], keys: list[bytes], last: int) -> int:
        """Tokens of the longest prefix, up to segment `last`, that is still remembered."""
        now = self._clock()
        known = (i for i in range(last, -1, -1) if self._until.get((model, keys[i]), 0) > now)
        return next((sizes[i] for i in known), 0)


def tokens(size: int) -> int:
    return -(-size // 4)


def _prefixes(segments: Segments) -> tuple[list[int], list[bytes]]:
    """Of each prefix: its tokens, and a digest."""
    sizes = [tokens(size) for size in accumulate(len(data) for data, _ in segments)]
    digest, keys = hashlib.sha256(), []
    for data, _ in segments:
        digest.update(len(data).to_bytes(8) + data)
        keys.append(digest.digest())
    return sizes, keys
