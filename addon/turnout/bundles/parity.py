"""route.score and the rule of parity for many prompts at once, as arrays.

The same arithmetic as route.score.score and route.weigh, which serve one request at a time; a test
holds them together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnout.route.bundle import Bundle, Profile
from turnout.route.score import FLOOR, anything, familiarity, nearness

type Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Told:
    """What a bundle says: (prompts, models) each."""

    quality: Matrix
    se: Matrix
    evidence: Matrix
    weight: Matrix | None = None
    table: Matrix | None = None

    def of(self, rows: NDArray[np.int64], models: NDArray[np.int64]) -> "Told":
        return Told(*(getattr(self, name)[np.ix_(rows, models)] for name in self.__slots__[:3]),
            None if self.weight is None else self.weight[rows], None if self.table is None else self.table[:, models][:, :, models])

    def apart(self, home: int) -> Matrix:
        if self.weight is None:
            return np.hypot(self.se, self.se[:, [home]])
        return self.weight @ self.table[:, home]


def weights(vectors: Matrix, tools: NDArray[np.bool_], bundle: Bundle) -> Matrix:
    """(prompts, dim) -> (prompts, clusters), rows add up to 1."""
    logit = nearness(vectors, vectors @ bundle.centroids.T, bundle) / bundle.temperature
    logit = logit + np.where(tools[:, None], np.log(bundle.tools + FLOOR), 0.0)
    order = np.argsort(-logit, axis=1, kind="stable")[:, : bundle.top]
    near = np.take_along_axis(logit, order, axis=1)
    share = np.exp(near - near[:, :1])
    found = np.zeros_like(logit)
    np.put_along_axis(found, order, share / share.sum(axis=1, keepdims=True), axis=1)
    return found


def judged(vectors: Matrix, tools: NDArray[np.bool_], bundle: Bundle) -> Told:
    """(prompts, dim), (prompts,) -> what is said of each prompt."""
    found = told(weights(vectors, tools, bundle), bundle)
    near = familiarity((vectors @ bundle.centroids.T).max(axis=1), bundle)[:, None]
    rest = {offered: anything(bundle, tools=offered) for offered in (False, True)}
    mixed = [
        near * own + (1 - near) * np.where(tools[:, None], rest[True][n], rest[False][n])
        for n, own in enumerate((found.quality, found.se, found.evidence))
    ]
    if bundle.apart is None:
        return Told(*mixed)
    w = weights(vectors, tools, bundle)
    mix = np.hstack([near * w, (1 - near) * np.where(tools[:, None], [[0, 1]], [[1, 0]])])
    table = np.concatenate([bundle.apart, [anything_apart(bundle, False), anything_apart(bundle, True)]])
    return Told(*mixed, mix, table)


def anything_apart(bundle, tools):
    from turnout.route.score import _apart
    mass = _apart(bundle.labels) * (bundle.tools + FLOOR if tools else 1.0)
    mass = mass / mass.sum()
    lead = bundle.quality[:, :, None] - bundle.quality[:, None, :]
    spread = np.tensordot(mass, (lead - np.tensordot(mass, lead, 1)) ** 2, 1)
    return np.minimum(np.sqrt(np.tensordot(mass, bundle.apart, 1) ** 2 + spread), 1.0)


def of_classes(bundle: Bundle) -> Told:
    """(clusters, models): what is said of each cluster, as by route.score.of_class."""
    if bundle.head is None:
        return judged(bundle.centroids, bundle.tools > 0.5, bundle)
    return Told(bundle.quality, bundle.se, bundle.evidence)


def told(weight: Matrix, bundle: Bundle) -> Told:
    return Told(weight @ bundle.quality, weight @ bundle.se, weight @ bundle.evidence)


def able(found: Told, price: Matrix, home: int, rules: Profile) -> NDArray[np.bool_]:
    """(prompts, models): at parity with `home` and not dearer. `price`: (models,), NaN unknown."""
    se = found.apart(home)
    gap = found.quality - found.quality[:, [home]]
    fits = (gap >= rules.z * se - rules.epsilon) & (found.evidence >= rules.min_evidence)
    with np.errstate(invalid="ignore"):
        fits &= price <= price[home]
    fits[:, home] = True
    return np.asarray(fits)


def cheapest(fits: NDArray[np.bool_], price: Matrix, home: int) -> NDArray[np.int64]:
    """(prompts,) the cheapest that may serve; `home` unless something is cheaper."""
    cost = np.where(fits, np.nan_to_num(price, nan=np.inf), np.inf)
    cost[:, home] = np.nan_to_num(price[home], nan=np.inf)
    best = cost.argmin(axis=1)
    gains = cost[np.arange(len(cost)), best] < cost[:, home]
    return np.asarray(np.where(gains, best, home), np.int64)
