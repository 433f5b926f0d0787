"""When a bundle says that a model is at parity with 80 % certainty, is it so in 80 of 100 cases?"""

from collections.abc import Iterator, Sequence
from itertools import permutations
from math import erf, sqrt

import numpy as np

from turnout.bundles.parity import Told
from turnout.bundles.pools import Pool

EPSILON = 0.02  # of profile parity
LEAST = 50  # prompts of a source and class
BINS = 10


def calibration(pools: Sequence[Pool], told: Told) -> list[dict[str, float]]:
    """Per bin of predicted probability: cases, predicted and measured share. A case: a model, a
    dearer one, a source and class.

    Measured parity is softened by the error of the measurement itself."""
    cases = np.array([case for pool in pools for case in _cases(pool, told)], np.float64)
    if not len(cases):
        return []
    place = np.minimum((cases[:, 0] * BINS).astype(int), BINS - 1)
    return [
        {
            "cases": int((place == number).sum()),
            "predicted": round(float(cases[place == number, 0].mean()), 3),
            "measured": round(float(cases[place == number, 1].mean()), 3),
        }
        for number in range(BINS)
        if (place == number).any()
    ]


def _cases(pool: Pool, told: Told) -> Iterator[tuple[float, float]]:
    known = ~np.isnan(told.quality[np.ix_(pool.prompts, pool.models)]).any(axis=1)
    found = told.of(pool.prompts, pool.models)
    for name in np.unique(pool.kinds[known]):
        rows = np.flatnonzero(known & (pool.kinds == name))
        if len(rows) < LEAST:
            continue
        for home, m in permutations(range(len(pool.models)), 2):
            if pool.price[m] <= pool.price[home]:
                gap = found.quality[rows, m] - found.quality[rows, home]
                se = found.apart(home)[rows, m].mean()
                true = pool.score[rows, m] - pool.score[rows, home]
                yield (
                    _normal(gap.mean() + EPSILON, se),
                    _normal(true.mean() + EPSILON, true.std() / sqrt(len(rows))),
                )


def _normal(value: float, deviation: float) -> float:
    """P(x > 0) for x normal around `value`."""
    return 0.5 * (1 + erf(value / max(deviation, 1e-9) / sqrt(2)))
