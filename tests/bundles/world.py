"""Labelled prompts small enough to know the answer, and an encoder that reads one word."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

DIM = 8
# source: (category, word that tells it, prompts)
SOURCES = {
    "issues": ("agentic_coding", "repository", 40),
    "sums": ("math_hard", "equation", 40),
    "facts": ("knowledge_mcq", "history", 40),
}
# model: its share of successes per source
MODELS = {
    "claude-opus-4.7": (0.9, 0.9, 0.9),
    "gpt-5.4": (0.8, 0.9, 0.9),
    "minimax-m3": (0.4, 0.9, 0.9),
    "claude-haiku-4.5": (0.3, 0.5, 0.9),
    "gpt-5-nano": (0.1, 0.3, 0.5),
    "nobody-7b": (0.1, 0.1, 0.1),
}


class OneWord:
    """An encoder: the known word of a text is its axis, the rest of the text a small turn."""

    id = "one-word"
    dim = DIM

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        words = [word for _, word, _ in SOURCES.values()]
        rows = []
        for text in texts:
            row = np.random.default_rng(len(text)).normal(0, 0.05, DIM)
            row[next((i for i, word in enumerate(words) if word in text), DIM - 1)] += 1
            rows.append(row / np.linalg.norm(row))
        return np.array(rows, np.float32)


def encoder(artifacts: Path, name: str = OneWord.id) -> None:
    """What is there of one to read, for who does not load it."""
    (artifacts / "encoder").mkdir(exist_ok=True)
    manifest = {"id": name, "dim": DIM, "files": {}}
    (artifacts / "encoder" / "manifest.json").write_text(json.dumps(manifest))


def prompts() -> dict[str, list[object]]:
    rows = [
        (f"{source}-{n}", source, category, f"{word} {'x' * n} number {n}")
        for source, (category, word, count) in SOURCES.items()
        for n in range(count)
    ]
    names = ("prompt_id", "source", "category", "prompt")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def labels(**more: float) -> dict[str, list[object]]:
    """A model solves the first of a source's prompts, after a shuffle that is the same for all."""
    rows = []
    for place, (source, (_, _, count)) in enumerate(SOURCES.items()):
        order = np.random.default_rng(place).permutation(count)
        for model, shares in MODELS.items():
            turn = np.random.default_rng(len(model)).permutation(count)
            hard = (0.7 * order + 0.3 * turn).argsort().argsort()
            solved = hard < shares[place] * count
            rows += [(source, f"{source}-{n}", model, float(solved[n])) for n in range(count)]
    names = ("source", "prompt_id", "model", "score")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def write(
    folder: Path,
    labelled: Mapping[str, Sequence[object]] | None = None,
    asked: Mapping[str, Sequence[object]] | None = None,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(dict(labelled or labels())), folder / "labels.parquet")
    parquet.write_table(pa.table(dict(asked or prompts())), folder / "prompts.parquet")
    return folder


def benchmark_cells(folder: Path, rows: Sequence[str]) -> None:
    head = "model,benchmark,unit,best,median,open_licence_row,best_trust"
    (folder / "benchmark_cells.csv").write_text("\n".join([head, *rows]) + "\n")
