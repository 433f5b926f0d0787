"""The table. See ../compare_encoders for how to call it."""

import argparse
import datetime
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from encoders import cost, gated, utility, variants
from encoders.cost import Kind
from encoders.page import command, page, written
from encoders.sets import Labelled, all_sets
from encoders.utility import Grouping
from turnout.bundles import contamination, runs
from turnout.bundles.data import Data
from turnout.bundles.tables import DataError
from turnout.errors import TurnoutError
from turnout.paths import artifacts_dir
from turnout.route.embed import Embedder

SPLITS: dict[str, Callable[[Labelled, Grouping], Any]] = {
    "prompt": utility.by_prompt,
    "source": utility.by_source,
}
FULL, IN_USE = 256, "head in use"  # tokens of full MiniLM; the grouping of a bundle: gated.means
BASE = f"MiniLM {FULL}, {IN_USE}"  # what others are compared with
READS = (32, 48, 64)  # tokens that MiniLM could read instead


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--most", type=int, default=1200)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--student", action="append", default=[])
    parser.add_argument("--latency", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.data is None and not args.latency:
        parser.error("--data DIR, with labels.parquet and prompts.parquet")
    try:
        document = found(args)
    except TurnoutError as e:
        sys.exit(f"compare_encoders: {e}")
    if args.out:
        written(args.out, document)
    print(json.dumps(document, indent=1) if args.json else page(document))


def found(args: argparse.Namespace) -> dict[str, Any]:
    encoder = artifacts_dir() / "encoder"
    students = [student(told) for told in args.student]
    kinds = [*cost.shipped(encoder, Embedder(encoder).max_tokens), *students]
    document: dict[str, Any] = {
        "command": command(sys.argv[1:]),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "base": BASE,
        "read": read([] if args.latency else [args.data], [encoder, *(k.folder for k in students)]),
        "costs": cost.measured(kinds),
        "students": [trained(kind) for kind in students],
    }
    if args.latency:
        return document
    return document | compared(args, encoder, students)


def read(data: Sequence[Path], encoders: Sequence[Path]) -> dict[str, str]:
    """Folder and file -> how its SHA-256 begins. Raises DataError for one that is not there."""
    files = [one / name for one in data for name in ("labels.parquet", "prompts.parquet")]
    files += [one / "model.onnx" for one in encoders]
    if missing := [file for file in files if not file.is_file()]:
        raise DataError(f"{missing[0]}: no such file")
    return {f"{file.parent.name}/{file.name}": _digest(file) for file in files}


def student(told: str) -> Kind:
    """From `DIR` or `DIR@TOKENS`: an encoder's folder, and how many tokens it shall read."""
    folder, _, tokens = told.partition("@")
    made = Embedder(Path(folder))
    count = int(tokens) if tokens.isdigit() else made.max_tokens
    name = Path(folder).name
    return Kind(f"student {name}" + (f" reading {count}" if tokens else ""), Path(folder), count)


def trained(kind: Kind) -> dict[str, Any]:
    """What its manifest says of its making."""
    made = json.loads((kind.folder / "manifest.json").read_bytes())
    return {
        "name": kind.name,
        "id": made["id"],
        "learned": made.get("trained", {}),
        "cosine": made["measured"].get("cosine_to_teacher_mean"),
    }


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:12]


def compared(args: argparse.Namespace, encoder: Path, students: Sequence[Kind]) -> dict[str, Any]:
    data, cache, most = args.data, args.cache, args.most
    shipped = Embedder(encoder)
    book = runs.read(data, artifacts_dir())
    if cache:
        cache.mkdir(parents=True, exist_ok=True)
    whole = runs.vectors(book.data, shipped, cache / "shipped.npz" if cache else None, _tell)
    grouped, _ = contamination.grouped(book.data, whole)
    sets = list(all_sets(grouped, most))
    rows = np.unique(np.concatenate([one.rows for one in sets]))
    texts = [book.data.prompts.text[row] for row in rows]

    def spread(name: str, make: Callable[[], Any]) -> Any:
        return _spread(_vectors(cache, name, texts, make), rows, book.data)

    def reading(tokens: int) -> Any:
        return spread(str(tokens), lambda: variants.minilm(encoder, tokens)(texts))

    static = spread("static", lambda: variants.Static(shipped, texts)(texts))
    seen = _spread(variants.surfaces(texts), rows, book.data)
    full, own = reading(FULL), _spread(whole[rows], rows, book.data)
    found = {BASE: [_in_use(full)], f"MiniLM {FULL}, clusters": seeds(full, args.seeds)}
    found |= {f"MiniLM {n}, {IN_USE}": [_in_use(reading(n))] for n in READS}
    found |= _groupings(f"MiniLM {shipped.max_tokens}", own, static, seen, args.seeds)
    for kind in students:
        key = f"{_digest(kind.folder / 'model.onnx')}-{kind.tokens}"
        made = spread(key, lambda kind=kind: variants.minilm(kind.folder, kind.tokens)(texts))
        found[f"{kind.name}, {IN_USE}"] = [_in_use(made)]
        found[f"{kind.name}, clusters"] = seeds(made, args.seeds)
    table: dict[str, Any] = {}
    for name, group in found.items():
        table[name] = {
            split: [_mean([judge(one, each) for each in group]) for one in sets]
            for split, judge in SPLITS.items()
        }
        _tell(name, len(table), len(found))
    return {
        "sets": [_described(one) for one in sets],
        "utility": {
            name: {split: _told(table, name, split, sets) for split in SPLITS} for name in table
        },
    }


def _tell(what: str, done: int, of: int) -> None:
    if what != "embed" or done % 2000 < 100:
        print(f"{what} {done}/{of}", file=sys.stderr, flush=True)


def seeds(vectors: Any, count: int) -> list[Grouping]:
    """What clusters are worth is the mean over them."""
    return [variants.clusters(vectors, seed) for seed in range(count)]


def _mean(found: Sequence[Any]) -> Any:
    """Over seeds; None where a set has no such split."""
    return None if found[0] is None else np.mean(found, axis=0)


def _in_use(vectors: Any) -> Grouping:
    return gated.means(vectors, variants.head(vectors))


def _groupings(
    name: str, short: Any, static: Any, seen: Any, count: int
) -> dict[str, list[Grouping]]:
    """`short`: the vectors of the shipped encoder, which is called `name`."""
    both, light = np.hstack([short, seen / 10]), np.hstack([static, seen / 10])
    plain, table = seeds(short, count), variants.head(light)
    return {
        f"{name}, {IN_USE}": [_in_use(short)],
        **{f"{name}, {way}": [one] for way, one in gated.named(short, both).items()},
        f"{name}, clusters": plain,
        "the same, another seed": [variants.clusters(short, count)],  # how far luck alone goes
        f"{name}, clusters, known texts": [variants.known(short, one) for one in plain],
        f"{name}, a centroid per task": [variants.classes(short)],
        f"{name}, trained head": [variants.head(short)],
        f"{name} + surface, trained head": [variants.head(both)],
        f"{name} + surface, trained head, near clusters": [
            variants.known(short, variants.head(both))
        ],
        "static, clusters": seeds(static, count),
        "static + surface, trained head": [table],
        f"the same, {name} where unsure": [variants.fallback(table, one) for one in plain],
        "static + surface, trained head, near clusters": [variants.known(static, table)],
        "surface alone, clusters": [variants.lloyd(seen)],
        "true task labels": [variants.truth],
        "nothing": [variants.nothing()],
    }


def _spread(vectors: Any, rows: Any, data: Data) -> Any:
    """(prompts of the data, dim): by the prompt's own index."""
    out = np.zeros((len(data.prompts.id), vectors.shape[1]))
    out[rows] = vectors
    return out


def _vectors(cache: Path | None, name: str, texts: Sequence[str], make: Callable[[], Any]) -> Any:
    """The cache serves these texts only; `name` tells the encoder."""
    key = hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:12]
    path = cache / f"{name}-{key}.npz" if cache else None
    if path and path.is_file():
        return np.load(path)["vectors"]
    made = make()
    _tell(name, len(texts), len(texts))
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


if __name__ == "__main__":
    main()
