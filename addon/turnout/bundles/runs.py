"""From folders to a bundle or a judgement: reads what is needed, and keeps vectors between runs."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from turnout.bundles import benchmarks, contamination, release
from turnout.bundles import data as labelled
from turnout.bundles import evaluate as evaluation
from turnout.bundles import train as training
from turnout.bundles.benchmarks import PublicScore
from turnout.bundles.data import Data
from turnout.bundles.facts import facts
from turnout.bundles.names import Names
from turnout.bundles.publish import SEEN
from turnout.bundles.splits import Case
from turnout.bundles.tables import Excluded
from turnout.bundles.train import Recipe, Tell, Vectors
from turnout.errors import ArtifactError
from turnout.route.bundle import Bundle
from turnout.route.catalog import Catalog
from turnout.route.embed import Embedder
from turnout.route.shelves import Shelves

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Book:
    """Labelled prompts, and the public scores found beside them."""

    data: Data
    public: list[PublicScore]


def read(folder: Path, artifacts: Path, *, strict: bool = False) -> Book:
    catalog = Catalog.load(artifacts / "catalog.json")
    data = labelled.read(folder, facts(catalog), Names(catalog), strict=strict)
    path = benchmarks.find(folder)
    if path is None:
        why = f"no {benchmarks.NAME} beside the labels: models are placed by price and date alone"
        data.excluded.append(Excluded("public scores", 0, why))
    return Book(data, benchmarks.read(path) if path else [])


def vectors(data: Data, encoder: Embedder, cache: Path | None, tell: Tell) -> Vectors:
    """The cache serves these texts and this encoder only; anything else is made anew."""
    texts = data.prompts.text
    key = hashlib.sha256("\0".join([encoder.id, *texts]).encode("utf-8", "replace")).hexdigest()
    if cache and cache.is_file():
        with np.load(cache, allow_pickle=False) as kept:
            if str(kept["key"]) == key:
                return np.asarray(kept["vectors"], np.float64)
    made = training.embed(texts, encoder, tell)
    if cache:
        np.savez(cache, key=key, vectors=made.astype(np.float32))
    return made


def train(
    book: Book, made: Vectors, encoder: Embedder, recipe: Recipe, folder: Path, tell: Tell
) -> Bundle:
    return training.train(book.data, book.public, encoder, recipe, folder, tell, vectors=made)


def evaluate(
    folder: Path,
    shelves: Shelves,
    version: str,
    encoder: Embedder,
    wanted: Sequence[str],
    cache: Path | None,
    tell: Tell,
    *,
    outliers: bool = False,
) -> Row:
    bundle = release.load(shelves, version, encoder)
    book = read(folder, shelves.shipped)
    made = vectors(book.data, encoder, cache, tell)
    tell("near duplicates", 0, 1)
    data, overlap = contamination.grouped(book.data, made)
    tell("near duplicates", 1, 1)
    scales = training.tuned(data, book.public)
    recipe = replace(Recipe(), temperature=bundle.temperature, top=bundle.top)
    recipe = replace(recipe, clusters=None if bundle.head is not None else len(bundle.labels))
    case = Case(data, made, book.public, encoder, recipe, scales)
    home = release.find(shelves, bundle.version)
    sizes = [int(row["prompts"]) for row in json.loads((home / "clusters.json").read_bytes())]
    seen = fingerprints(home)
    inquiry = evaluation.inquire(case, bundle, sizes, overlap, seen, outliers=outliers)
    return evaluation.evaluate(inquiry, wanted, tell)


def fingerprints(folder: Path) -> Any:
    """Of the texts a bundle was trained on; None when it does not say."""
    path = folder / SEEN
    if not path.is_file():
        return None
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as e:
        raise ArtifactError(f"{path}: not an array: {e}") from e
