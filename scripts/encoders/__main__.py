"""The table. See ../compare_encoders for how to call it."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from encoders import cost, gated, utility, variants
from encoders.sets import Labelled, all_sets
from encoders.utility import Grouping
from turnout.bundles import contamination, runs
from turnout.bundles.data import Data
from turnout.paths import artifacts_dir

SPLITS: dict[str, Callable[[Labelled, Grouping], Any]] = {
    "prompt": utility.by_prompt,
    "source": utility.by_source,
}
BASE = "MiniLM 64, clusters"  # what others are compared with: the encoder and groups of a bundle


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--most", type=int, default=1200)
    parser.add_argument("--latency", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    folder = artifacts_dir() / "encoder"
    document: dict[str, Any] = {"costs": [cost.measured(kind, folder) for kind in cost.KINDS]}
    if not args.latency:
        if args.data is None:
            parser.error("--data DIR, with labels.parquet and prompts.parquet")
        document |= compared(args.data, args.cache, args.most, folder)
    print(json.dumps(document, indent=1) if args.json else page(document))


def compared(data: Path, cache: Path | None, most: int, encoder: Path) -> dict[str, Any]:
    shipped = variants.minilm(encoder, 64)
    book = runs.read(data, artifacts_dir())
    kept = _kept(cache, "64")
    whole = runs.vectors(book.data, shipped, kept, lambda *_: None)
    grouped, _ = contamination.grouped(book.data, whole)
    sets = list(all_sets(grouped, most))
    rows = np.unique(np.concatenate([one.rows for one in sets]))
    texts = [book.data.prompts.text[row] for row in rows]
    longer = _vectors(cache, f"256-{most}", lambda: variants.minilm(encoder, 256)(texts))
    static = _vectors(cache, f"static-{most}", lambda: variants.Static(shipped, texts)(texts))
    seen = variants.surfaces(texts)
    found = _groupings(
        _spread(whole[rows], rows, book.data),
        _spread(longer, rows, book.data),
        _spread(static, rows, book.data),
        _spread(seen, rows, book.data),
    )
    table = {
        name: {split: [judge(one, group) for one in sets] for split, judge in SPLITS.items()}
        for name, group in found.items()
    }
    return {
        "sets": [_described(one) for one in sets],
        "utility": {
            name: {split: _told(table, name, split, sets) for split in SPLITS} for name in table
        },
    }


def _groupings(short: Any, longer: Any, static: Any, seen: Any) -> dict[str, Grouping]:
    both, light = np.hstack([short, seen / 10]), np.hstack([static, seen / 10])
    plain = variants.clusters(short)
    return {
        BASE: plain,
        "MiniLM 256, clusters": variants.clusters(longer),
        "MiniLM 64, clusters, known texts": variants.known(short, plain),
        "MiniLM 64, a centroid per task": variants.classes(short),
        "MiniLM 64, trained head": variants.head(short),
        "MiniLM 64 + surface, trained head": variants.head(both),
        "the same, known texts": variants.known(short, variants.head(both)),
        **gated.named(short, both),
        "static, clusters": variants.clusters(static),
        "static + surface, trained head": variants.head(light),
        "surface alone, clusters": variants.lloyd(seen),
        "true task labels": variants.truth,
        "nothing": variants.nothing(),
    }


def _spread(vectors: Any, rows: Any, data: Data) -> Any:
    """(prompts of the data, dim): by the prompt's own index."""
    out = np.zeros((len(data.prompts.id), vectors.shape[1]))
    out[rows] = vectors
    return out


def _kept(cache: Path | None, name: str) -> Path | None:
    if cache:
        cache.mkdir(parents=True, exist_ok=True)
    return cache / f"{name}.npz" if cache else None


def _vectors(cache: Path | None, name: str, make: Callable[[], Any]) -> Any:
    path = _kept(cache, name)
    if path and path.is_file():
        return np.load(path)["vectors"]
    made = make()
    if path:
        np.savez(path, vectors=made)
    return made


def _described(one: Labelled) -> dict[str, Any]:
    return {
        "name": one.name,
        "prompts": len(one.rows),
        "models": len(one.models),
        "tasks": len(np.unique(one.task)),
    }


def _told(table: Any, name: str, split: str, sets: list[Labelled]) -> dict[str, Any]:
    """Mean over sets, its difference from the base, and each set."""
    own, base = table[name][split], table[BASE][split]
    pairs = [(a, b) for a, b in zip(own, base, strict=True) if a is not None]
    mean = np.mean([a for a, _ in pairs], axis=0)
    against = np.mean([a - b for a, b in pairs], axis=0)
    return {
        "mean": utility.interval(mean),
        "against_base": utility.interval(against),
        "sets": {
            one.name: None if a is None else round(float(a[0]), 2)
            for one, a in zip(sets, own, strict=True)
        },
    }


def page(document: dict[str, Any]) -> str:
    lines = ["| encoder, one thread | " + " | ".join(f"{n} tokens" for n in cost.LENGTHS)]
    lines[0] += " | memory |"
    lines.append("|---" * (2 + len(cost.LENGTHS)) + "|")
    for row in document["costs"]:
        times = " | ".join(f"{row['ms'][str(n)]:.1f} ms" for n in cost.LENGTHS)
        lines.append(f"| {row['kind']} | {times} | {row['mb']:.0f} MB |")
    for split in SPLITS if "utility" in document else ():
        lines += ["", f"Held out by {split}: points above the blind-mix line", ""]
        names = [one["name"] for one in document["sets"]]
        lines.append(f"| variant | mean of sets | against {BASE} | " + " | ".join(names) + " |")
        lines.append("|---" * (3 + len(names)) + "|")
        for name, told in document["utility"].items():
            row = told[split]
            cells = ["-" if row["sets"][n] is None else f"{row['sets'][n]:+.2f}" for n in names]
            mean, against = map(_cell, (row["mean"], row["against_base"]))
            lines.append(f"| {name} | {mean} | {against} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(found: tuple[float, float, float]) -> str:
    value, low, high = found
    return f"{value:+.2f} [{low:+.2f}, {high:+.2f}]"


if __name__ == "__main__":
    main()
