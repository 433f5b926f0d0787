"""From labelled prompts to a bundle: embed, prior, cluster, quality, write.

The same data, encoder and seed give the same bytes (on one kind of CPU: onnxruntime's kernels
differ in the last digit). No text of a prompt enters any file.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turnout.bundles import cluster, prior, publish, quality, tasks
from turnout.bundles.benchmarks import PublicScore
from turnout.bundles.data import Data
from turnout.bundles.facts import features
from turnout.bundles.release import vacant
from turnout.route.bundle import Bundle, Profile
from turnout.route.embed import Embedder

# what is being done, how much of it is done, of how much
type Tell = Callable[[str, int, int], None]
type Vectors = NDArray[np.float64]  # (prompts, dim), a row of zeros where there is no text

COSINE = 0.05  # temperature of groups by K-means
KMEANS = 24  # groups, where the sources name one task only
PROFILES = {
    "strict": Profile(epsilon=0.0, z=1.0, min_evidence=20.0),
    "parity": Profile(epsilon=0.02, z=0.5),
    "thrift": Profile(epsilon=0.06, z=0.5),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """`clusters`: so many by K-means; None: the task classes that the sources name, and a head.

    `temperature`: of the softmax over the `top` nearest clusters. With K-means the held-out squared
    error changes by 1 % from 0.01 to 0.05 and 1 to 8. `familiar`: quantiles of the training
    prompts' cosines to their clusters, between which a text becomes a known one."""

    clusters: int | None = None
    seed: int = 0
    starts: int = 4
    temperature: float = tasks.TEMPERATURE
    top: int = 4
    familiar: tuple[float, float] = (0.0, 0.05)


@dataclass(frozen=True, slots=True)
class Learned:
    """`rows`: what a person may know of each cluster."""

    centroids: Vectors
    head: Vectors | None
    rows: list[dict[str, Any]]
    found: quality.Quality
    scales: prior.Scales
    familiar: tuple[float, float]


def embed(texts: Sequence[str], encoder: Embedder, tell: Tell) -> Vectors:
    vectors = np.zeros((len(texts), encoder.dim), np.float32)
    for place, text in enumerate(texts):
        if text:
            vectors[place] = encoder([text])[0]
        if place % 100 == 99 or place + 1 == len(texts):
            tell("embed", place + 1, len(texts))
    return vectors.astype(np.float64)


def tuned(data: Data, public: Sequence[PublicScore]) -> prior.Scales:
    at = prior.cells(data, public)
    return prior.tune(at, features(data.facts, len(data.models)), len(data.facts))


def learn(
    data: Data,
    vectors: Vectors,
    public: Sequence[PublicScore],
    scales: prior.Scales,
    seen: NDArray[np.bool_],
    recipe: Recipe,
) -> Learned:
    """From the prompts `seen`, and of their labels only. `data` holds no other labels."""
    shown = seen & (np.linalg.norm(vectors, axis=1) > 0)
    weight = np.zeros(len(seen))
    weight[shown] = cluster.weights(data.prompts.source[shown])
    group, centroids, head = _grouped(data, vectors, shown, weight, recipe)
    k = len(centroids)
    found = prior.fit(data, prior.cells(data, public), scales)
    made = quality.quality(data, found, group, weight, k)
    rows = cluster.describe(data.prompts, weight, group, k)
    closest = (vectors[shown] @ centroids.T).max(axis=1)
    low, high = np.quantile(closest, recipe.familiar).clip(-1, 1).round(4).tolist()
    return Learned(centroids, head, rows, made, scales, (low, high))


def _grouped(
    data: Data, vectors: Vectors, shown: NDArray[np.bool_], weight: Vectors, recipe: Recipe
) -> tuple[cluster.Groups, Vectors, Vectors | None]:
    """(prompts,) group or -1; (groups, dim) their middles; the head. One task makes no head."""
    labelled = np.bincount(data.labels.prompt, minlength=len(shown)) > 0
    group, k = tasks.classes(data.prompts, shown & labelled)
    if recipe.clusters is None and k > 1:
        centroids = tasks.means(vectors, weight, group, k)
        return group, centroids, tasks.head(vectors, weight, group, k)
    most = KMEANS if recipe.clusters is None else recipe.clusters
    k = min(most, len(np.unique(vectors[shown], axis=0)))
    centroids = cluster.kmeans(vectors[shown], weight[shown], k, recipe.seed, recipe.starts)
    return np.where(shown, cluster.nearest(vectors, centroids), -1), centroids, None


def as_bundle(
    learned: Learned, data: Data, encoder: Embedder, recipe: Recipe, version: str
) -> Bundle:
    found = learned.found
    return Bundle(
        version=version,
        encoder=encoder.id,
        dim=encoder.dim,
        temperature=recipe.temperature,
        top=min(recipe.top, len(learned.rows)),
        profiles=PROFILES,
        labels=tuple(str(row["label"]) for row in learned.rows),
        tools=np.array([row["tools"] for row in learned.rows], np.float64),
        models={fact.id: place for place, fact in enumerate(data.facts)},
        centroids=learned.centroids,
        quality=found.quality,
        se=found.se,
        apart=found.apart,
        evidence=found.evidence,
        familiar=learned.familiar,
        head=learned.head,
    )


def train(
    data: Data,
    public: Sequence[PublicScore],
    encoder: Embedder,
    recipe: Recipe,
    folder: Path,
    tell: Tell,
    *,
    vectors: Vectors | None = None,
) -> Bundle:
    """Writes the bundle `folder`, whose name is its version. Raises when it is there already."""
    vacant(folder)
    if vectors is None:
        vectors = embed(data.prompts.text, encoder, tell)
    tell("prior", 0, 1)
    scales = tuned(data, public)
    tell("prior", 1, 1)
    tell("classes", 0, 1)
    learned = learn(data, vectors, public, scales, np.ones(len(vectors), bool), recipe)
    made = as_bundle(learned, data, encoder, recipe, folder.name)
    tell("classes", 1, 1)
    tell("write", 0, 1)
    publish.write(folder, made, learned, data, asdict(recipe), bool(public))
    tell("write", 1, 1)
    return Bundle.load(folder, encoder=encoder.id, dim=encoder.dim)
