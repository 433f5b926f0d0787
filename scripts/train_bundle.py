"""Trains a routing bundle from labelled prompts: artifacts/bundles/VERSION/ and artifacts/latest.

    pip install numpy onnxruntime tokenizers pyarrow
    python scripts/train_bundle.py --data DIR --version 2026-11-22a [--cache FILE]

DIR holds routing/{labels,prompts}.parquet, routing/models.csv, catalog/models.json and
catalog/benchmark_cells.csv. The same data, encoder and seed give the same bytes (on one kind of
CPU: onnxruntime's kernels differ in the last digit). `--cache` keeps the vectors between runs.
No text of a prompt enters any file.
"""

import argparse
import hashlib
import os
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # threads change last digits

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "addon"), str(ROOT / "scripts")]

from brain import cluster, data, evaluate, prior, publish, quality  # noqa: E402
from brain.facts import blended, features  # noqa: E402
from turnout.route.bundle import Bundle, Profile  # noqa: E402
from turnout.route.embed import Embedder  # noqa: E402
from turnout.route.score import Scored, score  # noqa: E402

# From 0.01 to 0.05 and 1 to 8 the held-out squared error changes by about 1 %.
TEMPERATURE, TOP = 0.05, 4
PROFILES = {
    "strict": Profile(epsilon=0.0, z=1.0, min_evidence=20.0),
    "parity": Profile(epsilon=0.02, z=0.5),
    "thrift": Profile(epsilon=0.06, z=0.5),
}
REQUESTED = {
    "agentic coding": ("claude-opus-4-7", "claude-opus-4-6", "claude-sonnet-4-6", "gpt-5.4"),
    "short tasks": ("claude-3-5-sonnet-20241022", "gpt-4o"),
}
START = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - START:6.1f} s  {text}", flush=True)


def embed(texts: list[str], encoder: Embedder, cache: Path | None) -> NDArray[np.float64]:
    """(prompts, dim), zeros where there is no text. The cache is used for these texts only."""
    key = hashlib.sha256("\0".join([encoder.id, *texts]).encode()).hexdigest()
    if cache and cache.is_file():
        kept = np.load(cache, allow_pickle=False)
        if str(kept["key"]) == key:
            return np.asarray(kept["vectors"], np.float64)
    vectors = np.zeros((len(texts), encoder.dim), np.float32)
    for place, text in enumerate(texts):
        if text:
            vectors[place] = encoder([text])[0]
        if place % 2000 == 1999:
            say(f"  {place + 1} of {len(texts)} prompts")
    if cache:
        np.savez(cache, key=key, vectors=vectors)
    return vectors.astype(np.float64)


def learn(
    book: data.Data,
    vectors: NDArray[np.float64],
    at: prior.Cells,
    scales: prior.Scales,
    seen: NDArray[np.bool_],
    *,
    clusters: int,
    seed: int,
    starts: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], quality.Quality]:
    """From the prompts `seen`: centroids, cluster of each prompt (-1: none), weights, quality."""
    weight = np.zeros(len(seen))
    weight[seen] = cluster.weights(book.prompts.source[seen])
    centroids = cluster.kmeans(vectors[seen], weight[seen], clusters, seed, starts)
    group = np.where(seen, cluster.nearest(vectors, centroids), -1)
    found = prior.fit(book, at, scales)
    return centroids, group, weight, quality.quality(book, found, group, weight, clusters)


def bundle(
    centroids: NDArray[np.float64],
    found: quality.Quality,
    rows: list[dict[str, Any]],
    book: data.Data,
    encoder: Embedder,
    version: str,
) -> Bundle:
    return Bundle(
        version=version,
        encoder=encoder.id,
        dim=encoder.dim,
        temperature=TEMPERATURE,
        top=TOP,
        profiles=PROFILES,
        labels=tuple(str(row["label"]) for row in rows),
        tools=np.array([row["tools"] for row in rows], np.float64),
        models={fact["id"]: place for place, fact in enumerate(book.facts)},
        centroids=centroids,
        quality=found.quality,
        se=found.se,
        evidence=found.evidence,
    )


def held_out(
    book: data.Data,
    folder: Path,
    vectors: NDArray[np.float64],
    scales: prior.Scales,
    encoder: Embedder,
    args: argparse.Namespace,
) -> list[dict[str, Any]]:
    """Routes every prompt of the pools with what was learned from the other folds."""
    fold = evaluate.folds(book.prompts.group, args.seed)
    pools = {name: evaluate.pool(book, name) for name in evaluate.POOLS}
    scored: dict[int, Scored] = {}
    for number in np.unique(fold):
        say(f"  fold {number + 1}")
        trial = _trial(book, folder, vectors, scales, fold != number, encoder, args)
        for name, at in pools.items():
            for prompt in at.prompts[fold[at.prompts] == number].tolist():
                tools = name.startswith("agentic")
                scored[prompt] = score(vectors[prompt], trial, tools=tools)
    return [row for name, at in pools.items() for row in _judged(name, at, scored, book, args.seed)]


def _trial(
    book: data.Data,
    folder: Path,
    vectors: NDArray[np.float64],
    scales: prior.Scales,
    seen: NDArray[np.bool_],
    encoder: Embedder,
    args: argparse.Namespace,
) -> Bundle:
    part = replace(book, labels=book.labels.where(seen[book.labels.prompt]))
    shown = seen & (np.linalg.norm(vectors, axis=1) > 0)
    at = prior.cells(part, folder)
    k, seed = args.clusters, args.seed
    made = learn(part, vectors, at, scales, shown, clusters=k, seed=seed, starts=1)
    centroids, group, weight, found = made
    rows = cluster.describe(book.prompts, weight, group, k)
    return bundle(centroids, found, rows, book, encoder, "trial")


def _judged(
    name: str, at: evaluate.Pool, scored: dict[int, Scored], book: data.Data, seed: int
) -> list[dict[str, Any]]:
    price = {fact["id"]: blended(fact) for fact in book.facts}
    near = [scored[prompt] for prompt in at.prompts.tolist()]
    results = []
    for requested in REQUESTED[name]:
        for profile, rules in PROFILES.items():
            chosen = evaluate.choices(at, near, requested, rules, price)
            told = evaluate.judge(at, chosen, requested, seed)
            results.append({"pool": name, "requested": requested, "profile": profile, **told})
            say(f"  {name}, {requested}, {profile}: {told}")
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--artifacts", type=Path, default=ROOT / "artifacts")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--clusters", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if (args.artifacts / "bundles" / args.version).exists():
        sys.exit(f"bundle {args.version} is there already: a version is written once")

    say("1/6 read")
    book = data.read(args.data)
    say(f"2/6 embed {sum(map(bool, book.prompts.text))} prompts")
    encoder = Embedder(args.artifacts / "encoder")
    vectors = embed(book.prompts.text, encoder, args.cache)
    say("3/6 prior")
    at = prior.cells(book, args.data)
    scales = prior.tune(at, features(book.facts, len(book.models)), len(book.facts))
    say(f"  {scales}")
    say("4/6 cluster and quality")
    seen = np.array([bool(text) for text in book.prompts.text])
    centroids, group, weight, found = learn(
        book, vectors, at, scales, seen, clusters=args.clusters, seed=args.seed, starts=4
    )
    rows = cluster.describe(book.prompts, weight, group, args.clusters)
    say("5/6 judge on held-out prompts")
    results = held_out(book, args.data, vectors, scales, encoder, args)
    x, known = features(book.facts, len(book.models)), len(book.facts)
    unseen = {
        name: evaluate.leave_model_out(at, x, scales, known, keep_public=keep)
        for name, keep in (("price_and_date", False), ("and_public_scores", True))
    }
    say(f"  models left out: {unseen}")
    say("6/6 write")
    made = bundle(centroids, found, rows, book, encoder, args.version)
    folder = publish.write(
        made,
        rows,
        found,
        book,
        args,
        {"held_out": results, "unseen_models": unseen, "prior_scales": asdict(scales)},
    )
    Bundle.load(folder, encoder=encoder.id, dim=encoder.dim)
    say(f"{folder} is written and loads")


if __name__ == "__main__":
    main()
