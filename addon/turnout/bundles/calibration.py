"""When a bundle says that a model is at parity with 80 % certainty, is it so in 80 of 100 cases?"""

from collections.abc import Iterator, Sequence
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
    for name in np.unique(pool.kinds[known]):
        rows = np.flatnonzero(known & (pool.kinds == name))
        if len(rows) < LEAST:
            continue
        found = told.of(pool.prompts[rows], pool.models)
        for home in range(len(pool.models)):
            gap = (found.quality - found.quality[:, [home]]).mean(axis=0)
            se = found.apart(home).mean(axis=0)
            true = pool.score[rows] - pool.score[rows][:, [home]]
            error = true.std(axis=0) / sqrt(len(rows))
            for m in np.flatnonzero(pool.price <= pool.price[home]):
                if m != home:
                    yield (
                        _normal(gap[m] + EPSILON, se[m]),
                        _normal(true[:, m].mean() + EPSILON, error[m]),
                    )


def _normal(value: float, deviation: float) -> float:
    """P(x > 0) for x normal around `value`."""
    return 0.5 * (1 + erf(value / max(deviation, 1e-9) / sqrt(2)))
