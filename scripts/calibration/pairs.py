"""The labelled pairs: from prompts that may be redistributed, split by question before anything."""

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from calibration.edits import CHANGING, kept, worded
from turnout.answers.pairs import LONGEST, fit
from turnout.route.bundle import Bundle
from turnout.route.embed import Embedder, Vectors
from turnout.route.score import score

NEIGHBOURS = 3
WORDS = 2  # pairs with another word in them, of each question


@dataclass(frozen=True, slots=True)
class Pair:
    """`how`: the edit, or "neighbour". `split`: train, calibrate or test."""

    old: str
    new: str
    same: bool
    how: str
    split: str
    cosine: float = 0.0
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    group: str
    source: str


def prompts(folder: Path, most: int, chance: random.Random) -> list[Prompt]:
    """Short questions that can be compared at all, one of each group, in a random order."""
    import pyarrow.parquet  # type: ignore[import-untyped]

    names = ["prompt", "dup_group", "text_sha1", "source", "no_redistribute"]
    rows = pyarrow.parquet.read_table(folder / "prompts.parquet", columns=names).to_pylist()
    found: dict[str, Prompt] = {}
    for row in rows:
        text = row["prompt"]
        if text and not row["no_redistribute"] and len(text) <= LONGEST and fit(text):
            group = row["dup_group"] or row["text_sha1"]
            found.setdefault(group, Prompt(text, group, row["source"]))
    taken = sorted(found.values(), key=lambda prompt: prompt.group)
    chance.shuffle(taken)
    return taken[:most]


def split_of(group: str) -> str:
    """Half to train, a quarter to calibrate, a quarter to test; a question is on one side only."""
    number = hashlib.sha256(group.encode()).digest()[0] % 4
    return ("train", "train", "calibrate", "test")[number]


def made(found: Sequence[Prompt], vectors: Vectors, chance: random.Random) -> Iterator[Pair]:
    """Without cosines. Neighbours are of the same split, and no near-duplicates by their text."""
    vocabulary = sorted({w for p in found for w in re.findall(r"\b[A-Za-z]{4,}\b", p.text)})
    changing = {**CHANGING, **{f"word {n}": worded(vocabulary) for n in range(WORDS)}}
    for prompt in found:
        split = split_of(prompt.group)
        for _ in range(2):
            how, text = kept(prompt.text, chance)
            if text != prompt.text:
                yield Pair(prompt.text, text, True, how, split)
        for how, edit in changing.items():
            text = edit(prompt.text, chance)
            if text != prompt.text:
                _, text = kept(text, chance) if chance.random() < 0.5 else ("", text)
                yield Pair(prompt.text, text, False, how.split(" ")[0], split)
    yield from _neighbours(found, vectors)


def _neighbours(found: Sequence[Prompt], vectors: Vectors) -> Iterator[Pair]:
    splits = np.array([split_of(prompt.group) for prompt in found])
    for split in ("train", "calibrate", "test"):
        rows = np.flatnonzero(splits == split)
        alike = vectors[rows] @ vectors[rows].T
        np.fill_diagonal(alike, -1)
        for i, near in enumerate(np.argsort(-alike, axis=1)[:, :NEIGHBOURS]):
            for j in near:
                one, two = found[rows[i]].text, found[rows[int(j)]].text
                if "".join(one.lower().split()) != "".join(two.lower().split()):
                    yield Pair(one, two, False, "neighbour", split)


def measured(pairs: Sequence[Pair], embed: Embedder, bundle: Bundle) -> list[Pair]:
    """With cosines, and the task cluster of the new question."""
    texts = sorted({text for pair in pairs for text in (pair.old, pair.new)})
    vectors = {text: embed([text])[0] for text in texts}
    labels = {text: score(vectors[text], bundle).label for text in {pair.new for pair in pairs}}
    return [
        replace(p, cosine=float(vectors[p.old] @ vectors[p.new]), cluster=labels[p.new])
        for p in pairs
    ]
