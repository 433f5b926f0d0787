"""Vector -> the clusters it is near, and through them how well each model would do.

weight(k) = softmax over the top clusters of  near(k) / temperature  [+ log(tools(k) + floor)]
near(k)   = what the trained head says of it; the cosine to its centroid where there is no head
quality   = sum of weight * quality(k)
se        = sum of weight * se(k)         the errors of one model come from one prior: they add up
apart     = sum of weight * apart(k)      so do those of the difference of two models
evidence  = sum of weight * evidence(k)

A text that is far from all clusters is of a kind that was not learned from. As far as that goes,
it is taken for one of any kind: the mean over all clusters, each kind of work counting alike, with
how much a model's lead differs between them as its error, and no label behind it; two models are
apart there by as much as the lead of one over the other differs.

A text that cannot be read may be anything: every error is then as large as a score, and those of
two models are independent, so nothing is at parity with what was asked for, and a session has no
reason to leave whoever serves it already.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from turnout.route.bundle import FARTHEST, Bundle

type Vector = NDArray[np.float64]
type Blend = tuple[list[float], list[float], list[float]]

FLOOR = 0.05  # no cluster is ruled out by tools alone
UNREAD, ANYTHING = "could not be read", 1.0  # what its class is called, the error of its scores
HALF, UNFAMILIAR = 0.5, "unfamiliar, nearest to "  # of familiarity; what its class is called then


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected score 0..1, its standard error, and the effective number of labels behind it
    (0 = prior only)."""

    quality: float
    se: float
    evidence: float


@dataclass(frozen=True, slots=True)
class Scored:
    """`cluster` and `label` are those of the greatest weight; `similarity` is its cosine.

    `familiarity`: 0 to 1, how much of the estimate rests on the clusters it is near.

    `blend`: quality, se and evidence, each by the bundle's column of a model. `tools`: the request
    offers some. `readable`: its text is.
    """

    cluster: int
    label: str
    similarity: float
    familiarity: float
    weights: dict[int, float]
    bundle: Bundle = field(repr=False, compare=False)
    blend: Blend = field(repr=False, compare=False)
    tools: bool = False
    readable: bool = True
    _apart: dict[str, list[float]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    def estimate(self, model: str) -> Estimate | None:
        """None for a model (a catalogue id) that the bundle does not know."""
        column = self.bundle.models.get(model)
        if column is None:
            return None
        quality, se, evidence = self.blend
        return Estimate(quality[column], se[column], evidence[column])

    def apart(self, model: str, home: str) -> float | None:
        """Standard error of the difference of their scores. None unless both are known.

        One row of all pairs, that of `home`, is worked out when it is first asked for."""
        columns = self.bundle.models
        if model not in columns or home not in columns:
            return None
        row = self._apart.get(home)
        if row is None:
            row = self._apart[home] = self._row(columns[home])
        return row[columns[model]]

    def _row(self, home: int) -> list[float]:
        """Of the column of a model, by the columns of all."""
        if not self.readable:
            return [FARTHEST] * len(self.bundle.models)
        clusters, share = list(self.weights), np.array(list(self.weights.values()))
        found = share @ self.bundle.apart[clusters, home]
        if self.familiarity < 1:
            rest = anything_apart(self.bundle, home, tools=self.tools)
            found = self.familiarity * found + (1 - self.familiarity) * rest
        row: list[float] = found.tolist()
        return row


def score(vector: NDArray[np.floating], bundle: Bundle, *, tools: bool = False) -> Scored:
    """`vector`: (dim,), length one; of zeros for a text of which nothing is known.

    `tools`: the request offers tools, so clusters whose prompts came with tools are likelier
    (Bayes' rule; the likelihood is the share of such prompts).
    """
    cosine = bundle.centroids @ np.asarray(vector, np.float64)
    logit = nearness(np.asarray(vector, np.float64), cosine, bundle) / bundle.temperature
    if tools:
        logit = logit + np.log(bundle.tools + FLOOR)
    order = np.argsort(-logit, kind="stable")[: bundle.top]
    share = np.exp(logit[order] - logit[order[0]])
    share /= share.sum()
    best = int(order[0])
    weights = {int(k): float(w) for k, w in zip(order, share, strict=True)}
    near = float(familiarity(cosine.max(), bundle)) if np.any(vector) else 0.0
    label = bundle.labels[best] if near >= HALF else f"{UNFAMILIAR}{bundle.labels[best]}"
    # all models at once: a choice asks for most of them
    found = share @ bundle.quality[order], share @ bundle.se[order], share @ bundle.evidence[order]
    if near < 1:
        rest = anything(bundle, tools=tools)
        found = tuple(near * a + (1 - near) * b for a, b in zip(found, rest, strict=True))
    quality, se, evidence = (one.tolist() for one in found)
    blend = quality, se, evidence
    return Scored(best, label, float(cosine[best]), near, weights, bundle, blend, tools)


def unread(bundle: Bundle, *, tools: bool = False) -> Scored:
    """Of a text that an encoder of English cannot read: another language, an emoji, nothing."""
    found = score(np.zeros(bundle.centroids.shape[1]), bundle, tools=tools)
    quality, se, evidence = found.blend
    blend = quality, [ANYTHING] * len(se), evidence
    return replace(found, label=UNREAD, blend=blend, readable=False)


def of_class(cluster: int, bundle: Bundle, *, tools: bool = False) -> Scored:
    """Of a text whose class is known. A head knows no text that stands for all of a class."""
    if bundle.head is None:
        return score(bundle.centroids[cluster], bundle, tools=tools)
    rows = (one[cluster].tolist() for one in (bundle.quality, bundle.se, bundle.evidence))
    quality, se, evidence = rows
    blend = quality, se, evidence
    return Scored(cluster, bundle.labels[cluster], 1.0, 1.0, {cluster: 1.0}, bundle, blend)


def nearness(vectors: Vector, cosine: Vector, bundle: Bundle) -> Vector:
    """(..., dim), (..., clusters) -> (..., clusters)"""
    if bundle.head is None:
        return cosine
    return np.asarray(vectors @ bundle.head[:-1] + bundle.head[-1])


def familiarity(similarity: Vector | np.float64, bundle: Bundle) -> Vector:
    """Cosine to the nearest cluster -> 0 to 1."""
    low, high = bundle.familiar
    return np.asarray(np.clip((similarity - low) / max(high - low, 1e-9), 0.0, 1.0))


def anything(bundle: Bundle, *, tools: bool) -> tuple[Vector, Vector, Vector]:
    """(models,) each: quality, se and evidence for a text of any kind."""
    mass = _mass(bundle, tools=tools)
    lead = bundle.quality - bundle.quality.mean(axis=1, keepdims=True)
    se = _unsure(mass, bundle.se, lead)
    return mass @ bundle.quality, np.minimum(se, 1.0), np.zeros_like(se)


def anything_apart(bundle: Bundle, home: int, *, tools: bool) -> Vector:
    """(models,): standard error of the difference from the model of column `home`, as above."""
    mass = _mass(bundle, tools=tools)
    lead = bundle.quality - bundle.quality[:, [home]]
    return np.minimum(_unsure(mass, bundle.apart[:, home], lead), FARTHEST)


def _unsure(mass: Vector, error: Vector, lead: Vector) -> Vector:
    """(clusters,), (clusters, models), (clusters, models) -> (models,)"""
    spread = mass @ (lead - mass @ lead) ** 2
    return np.asarray(np.sqrt((mass @ error) ** 2 + spread))


def _mass(bundle: Bundle, *, tools: bool) -> Vector:
    """(clusters,) adds up to 1."""
    mass = _alike(bundle.labels) * (bundle.tools + FLOOR if tools else 1.0)
    return np.asarray(mass / mass.sum())


@lru_cache(maxsize=8)
def _alike(labels: tuple[str, ...]) -> Vector:
    """(clusters,) one over how many are of the same kind of work: what their labels begin with."""
    kinds = [label.split(":")[0] for label in labels]
    return 1 / np.array([kinds.count(kind) for kind in kinds], np.float64)
