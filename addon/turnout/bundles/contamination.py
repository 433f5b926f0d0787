"""Is a prompt on both sides? Equal after normalisation, nearly equal, or trained on.

Prompts that are equal but for case, spaces and punctuation, or share most of their five-word
shingles, get one group; a group stays on one side of any split.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from turnout.bundles.data import Data, Prompts

NEAR = 0.92  # cosine from which two prompts are compared word by word
ALIKE = 0.5  # Jaccard similarity of shingles from which they are the same question
SHINGLE = 5  # words
BLOCK = 1024  # rows of the matrix of cosines at once


@dataclass(frozen=True, slots=True)
class Overlap:
    """`stated`, `equal`, `near`: pairs joined by dup_group, by equal words, by most of them.
    `sources`: pairs of sources with the number of questions they share."""

    groups: int
    stated: int
    equal: int
    near: int
    sources: dict[str, int]


def normal(text: str) -> str:
    """Letters and digits in lower case, one space between."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def fingerprints(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Sorted 64-bit hashes of the normalised texts. They tell whether a text is known, not what it
    says."""
    words = {normal(text) for text in texts if text} - {""}
    return np.array(sorted(_hash(text) for text in words), np.uint64)


def known(texts: Sequence[str], seen: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """(texts,) is it among those whose fingerprints are `seen`?"""
    hashes = np.array([_hash(normal(text)) for text in texts], np.uint64)
    return np.asarray(np.isin(hashes, seen) & np.array([bool(text) for text in texts], bool))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())


def grouped(data: Data, vectors: NDArray[np.float64]) -> tuple[Data, Overlap]:
    """With every question in one group, and what was found."""
    prompts = data.prompts
    tree = Forest(len(prompts.id))
    stated = sum(tree.join(*pair) for pair in _twins(prompts.group.tolist()))
    equal = sum(tree.join(*pair) for pair in _twins([normal(text) for text in prompts.text]))
    near = sum(tree.join(*pair) for pair in _near(prompts, vectors))
    roots = np.array([f"g{tree.root(i)}" for i in range(len(prompts.id))], np.str_)
    joined = replace(prompts, group=roots)
    found = Overlap(len(set(roots.tolist())), stated, equal, near, _shared(data, roots))
    return replace(data, prompts=joined), found


class Forest:
    """Union and find (Tarjan 1975)."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, one: int) -> int:
        while self._parent[one] != one:
            self._parent[one] = self._parent[self._parent[one]]
            one = self._parent[one]
        return one

    def join(self, one: int, other: int) -> bool:
        """Whether they were apart."""
        a, b = sorted((self.root(one), self.root(other)))
        self._parent[b] = a
        return a != b


def _twins(keys: Sequence[str]) -> Iterator[tuple[int, int]]:
    first: dict[str, int] = {}
    for place, key in enumerate(keys):
        if key:
            yield first.setdefault(key, place), place


def _near(prompts: Prompts, vectors: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Pairs of near vectors whose words are alike too: templates alone bring vectors together."""
    unit = vectors.astype(np.float32)
    shingles: dict[int, set[str]] = {}
    for start in range(0, len(unit), BLOCK):
        cosine = unit[start : start + BLOCK] @ unit[start:].T
        for row, column in np.argwhere(cosine >= NEAR).tolist():
            one, other = start + row, start + column
            if one < other and _alike(one, other, prompts.text, shingles):
                yield one, other


def _alike(one: int, other: int, texts: Sequence[str], kept: dict[int, set[str]]) -> bool:
    for place in (one, other):
        if place not in kept:
            kept[place] = _shingles(texts[place])
    both = kept[one] & kept[other]
    return bool(both) and len(both) >= ALIKE * len(kept[one] | kept[other])


def _shingles(text: str) -> set[str]:
    words = normal(text).split()
    return {" ".join(words[i : i + SHINGLE]) for i in range(max(len(words) - SHINGLE + 1, 1))}


def _shared(data: Data, groups: NDArray[np.str_]) -> dict[str, int]:
    """Label sources that ask the same questions, from five on."""
    of = [
        set(groups[np.unique(data.labels.prompt[data.labels.source == s])].tolist())
        for s in range(len(data.sources))
    ]
    pairs = {
        f"{data.sources[a]} / {data.sources[b]}": len(of[a] & of[b])
        for a in range(len(of))
        for b in range(a + 1, len(of))
    }
    return {name: count for name, count in pairs.items() if count >= 5}
