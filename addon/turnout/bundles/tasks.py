"""Task classes as the sources name them, and a head that tells them by a text's vector.

A class is a kind of work and its topic, in people's words (cluster.NAMES). Sources that ask for the
same are one class; topics with few prompts are put together, as the rest of their kind. The head is
a ridge regression on the classes: its outputs go through the same softmax as cosines do.

Against K-means it is worth 0.27 points [0.05, 0.49] on prompts of known tasks, and 0.51
[0.28, 0.78] on tasks never trained on, once texts that are far from all classes count as of any
kind (`Recipe.familiar`; without that it loses there): scripts/compare_encoders.
"""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from turnout.bundles import cluster
from turnout.bundles.cluster import Groups, Vectors, Weights
from turnout.bundles.data import Prompts

LEAST = 100  # prompts of a topic, to be a class of its own
# Of held-out prompts (five folds by question, the log loss of their class): 1.14 at these two; 1.07
# at a tenth of the ridge; 2.1 at a hundred times.
RIDGE = 0.0003  # for each prompt
TEMPERATURE = 0.08


def classes(prompts: Prompts, shown: NDArray[np.bool_]) -> tuple[Groups, int]:
    """(prompts,) the class, -1 where it is not `shown`; and how many there are."""
    pairs = [
        (kind[0], f"{kind[0]}: {cluster.topic(kind, domain)}")
        for category, domain in zip(prompts.category.tolist(), prompts.domain.tolist(), strict=True)
        for kind in [cluster.kind(category)]
    ]
    rows = np.flatnonzero(shown).tolist()
    count = Counter(pairs[row][1] for row in rows)
    names = {row: pairs[row][count[pairs[row][1]] >= LEAST] for row in rows}
    place = {name: k for k, name in enumerate(sorted(set(names.values())))}
    group = np.full(len(shown), -1, np.int64)
    group[rows] = [place[names[row]] for row in rows]
    return group, len(place)


def means(vectors: Vectors, weight: Weights, group: Groups, k: int) -> Vectors:
    """(k, dim) unit rows: the middle of each class."""
    total = _hot(group, k).T @ (vectors * weight[:, None])
    return np.asarray(total / np.linalg.norm(total, axis=1, keepdims=True).clip(1e-12))


def head(vectors: Vectors, weight: Weights, group: Groups, k: int) -> Vectors:
    """(dim + 1, k), the last row the bias. Prompts of no class have no weight."""
    x = np.hstack([vectors, np.ones((len(vectors), 1))])
    weighted = x * (weight * (group >= 0))[:, None]
    mass = float(weight[group >= 0].sum())
    gram = x.T @ weighted + RIDGE * mass * np.eye(x.shape[1])
    return np.asarray(np.linalg.solve(gram, weighted.T @ _hot(group, k)))


def _hot(group: Groups, k: int) -> Vectors:
    return np.asarray(group[:, None] == np.arange(k), np.float64)
