"""Vector -> the clusters it is near, and through them how well each model would do.

weight(k) = softmax over the top clusters of  cosine(k) / temperature  [+ log(tools(k) + floor)]
quality   = sum of weight * quality(k)
se        = sum of weight * se(k)         the errors of one model come from one prior: they add up
evidence  = sum of weight * evidence(k)
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from turnout.route.bundle import Bundle

type Blend = tuple[list[float], list[float], list[float]]

FLOOR = 0.05  # no cluster is ruled out by tools alone


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

    `blend`: quality, se and evidence, each by the bundle's column of a model.
    """

    cluster: int
    label: str
    similarity: float
    weights: dict[int, float]
    bundle: Bundle = field(repr=False, compare=False)
    blend: Blend = field(repr=False, compare=False)

    def estimate(self, model: str) -> Estimate | None:
        """None for a model (a catalogue id) that the bundle does not know."""
        column = self.bundle.models.get(model)
        if column is None:
            return None
        quality, se, evidence = self.blend
        return Estimate(quality[column], se[column], evidence[column])


def score(vector: NDArray[np.floating], bundle: Bundle, *, tools: bool = False) -> Scored:
    """`vector`: (dim,), length one. `tools`: the request offers tools, so clusters whose prompts
    came with tools are likelier (Bayes' rule; the likelihood is the share of such prompts)."""
    cosine = bundle.centroids @ np.asarray(vector, np.float64)
    logit = cosine / bundle.temperature
    if tools:
        logit = logit + np.log(bundle.tools + FLOOR)
    order = np.argsort(-logit, kind="stable")[: bundle.top]
    share = np.exp(logit[order] - logit[order[0]])
    share /= share.sum()
    best = int(order[0])
    weights = {int(k): float(w) for k, w in zip(order, share, strict=True)}
    label, similarity = bundle.labels[best], float(cosine[best])
    return Scored(best, label, similarity, weights, bundle, _blend(bundle, order, share))


def _blend(bundle: Bundle, order: NDArray[np.intp], share: NDArray[np.float64]) -> Blend:
    """`order`, `share`: (top,), the clusters and their weights. All models at once: a choice asks
    for most of them."""
    quality, se, evidence = (
        (share @ table[order]).tolist() for table in (bundle.quality, bundle.se, bundle.evidence)
    )
    return quality, se, evidence
