"""route.score and the rule of parity for many prompts at once, as arrays.

The same arithmetic as route.score.score and route.weigh, which serve one request at a time; a test
holds them together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from turnout.route.bundle import FARTHEST, Bundle, Profile
from turnout.route.score import FLOOR, anything, anything_apart, familiarity, nearness

type Matrix = NDArray[np.float64]
type Floats = NDArray[np.floating]  # of many bundles at once: in single precision

SAID = ("quality", "se", "evidence")


@dataclass(frozen=True, slots=True)
class Told:
    """What a bundle says: (prompts, models) each.

    `table`: (rows, models, models) standard errors of differences, a row for each class, and for a
    text of any kind; `weight`: (prompts, rows) how they are mixed."""

    quality: Matrix
    se: Matrix
    evidence: Matrix
    weight: Floats
    table: Floats

    @classmethod
    def sure(cls, quality: Matrix) -> Self:
        """Without errors or evidence, as of what was measured."""
        (prompts, models), nothing = quality.shape, np.zeros_like(quality)
        rows = np.zeros((prompts, 1)), np.zeros((1, models, models))
        return cls(quality, nothing, nothing, *rows)

    def of(self, rows: NDArray[np.int64], models: NDArray[np.int64]) -> "Told":
        quality, se, evidence = (getattr(self, name)[np.ix_(rows, models)] for name in SAID)
        return Told(
            quality, se, evidence, self.weight[rows], self.table[:, models[:, None], models]
        )

    def apart(self, home: int) -> Matrix:
        """(prompts, models): standard error of the difference from the model of column `home`."""
        return np.asarray(self.weight @ self.table[:, home])

    def unknown_loses(self) -> "Told":
        """What a bundle does not know, NaN here, is never at parity."""
        return Told(
            np.nan_to_num(self.quality, nan=-1.0),
            np.nan_to_num(self.se, nan=1.0),
            np.nan_to_num(self.evidence, nan=0.0),
            self.weight,
            np.nan_to_num(self.table, nan=FARTHEST),
        )


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
    own = told(weights(vectors, tools, bundle), bundle)
    near = familiarity((vectors @ bundle.centroids.T).max(axis=1), bundle)[:, None]
    offered = tools[:, None]
    plain, armed = (anything(bundle, tools=some) for some in (False, True))
    rest = (np.where(offered, *pair) for pair in zip(armed, plain, strict=True))
    quality, se, evidence = (
        near * getattr(own, name) + (1 - near) * one for name, one in zip(SAID, rest, strict=True)
    )
    weight = np.hstack([near * own.weight, (1 - near) * ~offered, (1 - near) * offered])
    table = np.concatenate([own.table, [_anything(bundle, tools=some) for some in (False, True)]])
    return Told(quality, se, evidence, weight, table)


def _anything(bundle: Bundle, *, tools: bool) -> Matrix:
    """(models, models)"""
    homes = range(len(bundle.models))
    return np.stack([anything_apart(bundle, home, tools=tools) for home in homes])


def of_classes(bundle: Bundle) -> Told:
    """(clusters, models): what is said of each cluster, as by route.score.of_class."""
    if bundle.head is None:
        return judged(bundle.centroids, bundle.tools > 0.5, bundle)
    return told(np.eye(len(bundle.labels)), bundle)


def told(weight: Matrix, bundle: Bundle) -> Told:
    """`weight`: (prompts, clusters)."""
    quality, se, evidence = (weight @ getattr(bundle, name) for name in SAID)
    return Told(quality, se, evidence, weight, bundle.apart)


def joined(parts: Sequence[tuple[NDArray[np.int64], Told]], prompts: int, models: int) -> Told:
    """Of several bundles, each on its rows: NaN where none said anything, else the latest word."""
    tables = [np.zeros((0, models, models)), *(one.table for _, one in parts)]
    table = np.concatenate(tables, dtype=np.float32)
    quality, se, evidence = (np.full((prompts, models), np.nan) for _ in SAID)
    weight = np.zeros((prompts, len(table)), np.float32)
    found = Told(quality, se, evidence, weight, table)
    at = 0
    for rows, one in parts:
        for name in SAID:
            getattr(found, name)[rows] = getattr(one, name)
        weight[rows] = 0.0
        weight[rows, at : at + len(one.table)] = one.weight
        at += len(one.table)
    return found


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
