"""Encoders (texts -> vectors) and groupings (vectors -> groups), by name."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from encoders.sets import Labelled
from encoders.utility import Grouping
from turnout.bundles.cluster import kmeans
from turnout.route.embed import Embedder, ends, unit
from turnout.route.text import tail

GROUPS, TEMPERATURE, TOP = 24, 0.05, 4  # as in a bundle
RIDGE, SHARP, SURE = 10.0, 0.05, 0.5
FAMILIAR = (0.0, 0.05)  # quantiles between which a text becomes a known one, as in a bundle
CODE = re.compile(r"[{};=()\[\]<>]|\bdef \b|\bimport\b|\breturn\b")
CHOICES = re.compile(r"(?m)^\s*\(?[A-J][).:]\s")
WORD = re.compile(r"\w+")


def minilm(folder: Path, tokens: int) -> Embedder:
    """The shipped weights, reading so many tokens, half of them from each end."""
    encoder = Embedder(folder)
    encoder.max_tokens = tokens
    return encoder


class Static:
    """A table of tokens: each run alone through MiniLM, weighted by how rare it is (SIF, Arora et
    al. 2017), the common direction removed. `dim`: of the first components that are kept."""

    def __init__(self, encoder: Embedder, texts: Sequence[str], dim: int = 256) -> None:
        self._tokenizer = encoder._tokenizer
        ids = [self._ids(text) for text in texts]
        count = Counter(i for row in ids for i in row)
        total = sum(count.values())
        size = self._tokenizer.get_vocab_size()
        names = [self._tokenizer.id_to_token(i) or "" for i in range(size)]
        used = sorted(count)
        table = np.zeros((size, encoder.dim), np.float32)
        table[used] = encoder([names[i].removeprefix("##") or "?" for i in used])
        rare = np.array([1e-3 / (1e-3 + count.get(i, 0) / total) for i in range(size)])
        self._table = table * rare[:, None].astype(np.float32)
        means = np.stack([self._mean(row) for row in ids])
        self._middle = means.mean(axis=0)
        _, _, axes = np.linalg.svd(means - self._middle, full_matrices=False)
        self._axes = axes[:dim].T
        self._table = np.ascontiguousarray(self._table @ self._axes)
        self._middle = self._middle @ self._axes

    def _ids(self, text: str) -> list[int]:
        return list(ends(self._tokenizer.encode(text, add_special_tokens=False).ids, 256))

    def _mean(self, ids: Sequence[int]) -> Any:
        return self._table[ids].mean(axis=0) if ids else np.zeros(self._table.shape[1], np.float32)

    def __call__(self, texts: Sequence[str]) -> Any:
        return unit(np.stack([self._mean(self._ids(text)) - self._middle for text in texts]))


def surface(text: str) -> list[float]:
    """Eleven things that can be seen without reading."""
    size = max(len(text), 1)
    words = WORD.findall(text)
    return [
        np.log1p(size),
        np.log1p(text.count("\n")),
        sum(c.isdigit() for c in text) / size,
        sum(c.isupper() for c in text) / size,
        len(CODE.findall(text)) / size,
        float(len(CHOICES.findall(text))),
        float("?" in text[-200:]),
        float("```" in text),
        text.count("$") / size + text.count("\\") / size,
        sum(map(len, words)) / max(len(words), 1),
        len(set(words)) / max(len(words), 1),
    ]


def surfaces(texts: Sequence[str]) -> Any:
    """(texts, 11), mean 0 and deviation 1 over all texts: no label goes into it."""
    found = np.array([surface(tail(text)) for text in texts])
    return (found - found.mean(axis=0)) / (found.std(axis=0) + 1e-9)


# -- groupings


def clusters(vectors: Any, seed: int = 0) -> Grouping:
    """As a bundle does: spherical K-means, a softmax over the nearest."""

    def group(learn: Any, found: Labelled) -> Any:
        own = vectors[found.rows]
        seen = own[learn]
        k = min(GROUPS, len(np.unique(seen, axis=0)))
        centroids = kmeans(seen, np.ones(len(seen)), k, seed=seed, starts=1)
        return near(own, centroids)

    return group


def classes(vectors: Any) -> Grouping:
    """The mean vector of each task: a bundle could hold them as they are."""

    def group(learn: Any, found: Labelled) -> Any:
        own, names = vectors[found.rows], np.unique(found.task[learn])
        means = np.stack([own[learn & (found.task == name)].mean(axis=0) for name in names])
        return near(own, unit(means))

    return group


def near(vectors: Any, centroids: Any) -> Any:
    logit = vectors @ centroids.T / TEMPERATURE
    order = np.argsort(-logit, axis=1, kind="stable")[:, :TOP]
    close = np.take_along_axis(logit, order, axis=1)
    share = np.exp(close - close[:, :1])
    weight = np.zeros_like(logit)
    np.put_along_axis(weight, order, share / share.sum(axis=1, keepdims=True), axis=1)
    return weight


def known(vectors: Any, grouping: Grouping) -> Grouping:
    """As far as a text is near to what was learned from; else it belongs nowhere."""

    def group(learn: Any, found: Labelled) -> Any:
        own = vectors[found.rows]
        seen = own[learn]
        k = min(GROUPS, len(np.unique(seen, axis=0)))
        centroids = kmeans(seen, np.ones(len(seen)), k, seed=0, starts=1)
        cosine = (own @ centroids.T).max(axis=1)
        low, high = np.quantile(cosine[learn], FAMILIAR)
        return grouping(learn, found) * np.clip((cosine - low) / (high - low), 0, 1)[:, None]

    return group


def head(features: Any) -> Grouping:
    """A trained head: ridge regression on the tasks, a softmax."""

    def group(learn: Any, found: Labelled) -> Any:
        names, task = np.unique(found.task[learn], return_inverse=True)
        x = np.hstack([features[found.rows], np.ones((len(found.rows), 1))])
        seen, wanted = x[learn], np.eye(len(names))[task]
        gram = seen.T @ seen + RIDGE * np.eye(x.shape[1])
        logit = x @ np.linalg.solve(gram, seen.T @ wanted) / SHARP
        share = np.exp(logit - logit.max(axis=1, keepdims=True))
        return share / share.sum(axis=1, keepdims=True)

    return group


def fallback(first: Grouping, other: Grouping) -> Grouping:
    """`first` where it is surer of one group than of all the others together, else `other`."""

    def group(learn: Any, found: Labelled) -> Any:
        own = first(learn, found)
        sure = (own.max(axis=1, keepdims=True) > SURE).astype(float)
        return np.hstack([own * sure, other(learn, found) * (1 - sure)])

    return group


def lloyd(features: Any) -> Grouping:
    """K-means by distance, for features that are no directions."""

    def group(learn: Any, found: Labelled) -> Any:
        own = features[found.rows]
        seen, rng = own[learn], np.random.default_rng(0)
        centres = seen[rng.choice(len(seen), min(GROUPS, len(seen)), replace=False)]
        for _ in range(30):
            close = _distance(seen, centres).argmin(axis=1)
            sums = np.zeros_like(centres)
            np.add.at(sums, close, seen)
            size = np.bincount(close, minlength=len(centres))[:, None]
            centres = np.where(size > 0, sums / np.maximum(size, 1), centres)
        return np.eye(len(centres))[_distance(own, centres).argmin(axis=1)]

    return group


def _distance(points: Any, centres: Any) -> Any:
    return (centres**2).sum(axis=1) - 2 * points @ centres.T


def truth(learn: Any, found: Labelled) -> Any:
    """The task itself; one that was not learned from is unknown."""
    return (found.task[:, None] == np.unique(found.task[learn])).astype(float)


@cache
def nothing() -> Grouping:
    return lambda learn, found: np.ones((len(found.rows), 1)) * bool(learn.any())
