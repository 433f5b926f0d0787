"""Models placed before anybody had labels of them: learned from older models only.

That is how a bundle meets the newest models, and it is harder than leaving one model out among its
contemporaries. Newer models keep their price, date and public scores, and lose all labels.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from turnout.bundles import arrivals, placing, prior
from turnout.bundles.arrivals import Offers
from turnout.bundles.facts import features
from turnout.bundles.prior import MIDDLE, Cells, kernel, noise
from turnout.bundles.splits import Case

AGES = (0.5, 0.65, 0.8, 1.0)  # quantiles of release dates: each span is judged by what came before
EPSILON = 0.02
LEADERS = 3  # the best of a source's models: what is asked for most
CAUTION = (0.0, 0.5, 1.0, 2.0, 4.0)  # z of the rule of parity


@dataclass(frozen=True, slots=True)
class Pairs:
    """A newer model against an older one with labels on the same source: predicted and measured
    gap, 0..1, predicted standard deviation, and whether the newer one is not dearer; its price, of
    the older one's; a number for the older one and the source; and whether the older one leads."""

    gap: NDArray[np.float64]
    true: NDArray[np.float64]
    deviation: NDArray[np.float64]
    cheaper: NDArray[np.bool_]
    price: NDArray[np.float64]
    case: NDArray[np.int64]
    leads: NDArray[np.bool_]


def forward(case: Case, seed: int) -> dict[str, object]:
    """Errors of placing; and per z the share of judgements of parity that were right."""
    data = case.data
    at, known = prior.cells(data, case.public), len(data.facts)
    labelled = ~at.public & (at.model < known)
    if not labelled.any():
        return {}
    day = features(data.facts, len(data.models))[:, 1][at.model]
    cuts = np.quantile(np.unique(day[labelled]), AGES)
    cuts[-1] += 1
    spans = [(labelled & (day >= a) & (day < b), ~labelled | (day < a)) for a, b in pairwise(cuts)]
    placed: list[tuple[str, float, float]] = []
    pairs: list[Pairs] = []
    for new, seen in spans:
        if new.any() and (seen & labelled).any():
            some, more = _span(case, at, new, seen, seen & labelled)
            placed += some
            pairs.append(more)
    return placing.errors(placed, seed) | {"parity": _parity(pairs, seed)}


def _span(
    case: Case,
    at: Cells,
    new: NDArray[np.bool_],
    seen: NDArray[np.bool_],
    older: NDArray[np.bool_],
) -> tuple[list[tuple[str, float, float]], Pairs]:
    one, other = at.where(new), at.where(older)
    size = len(one.source)
    logit, covariance = _posterior(case, at.where(seen), at.where(new | older), new[new | older])
    share = 1 / (1 + np.exp(-logit))
    spread = covariance * np.outer(share * (1 - share), share * (1 - share))
    true = 1 / (1 + np.exp(-np.concatenate([one.logit, other.logit])))
    row, column = np.nonzero(one.source[:, None] == other.source)
    column = column + size
    variance = spread[row, row] + spread[column, column] - 2 * spread[row, column]
    dollars = np.array([f.dollars or np.nan for f in case.data.facts])
    price = dollars[np.concatenate([one.model, other.model])]
    placed = [
        (case.data.sources[s], float(share[i]), float(true[i])) for i, s in enumerate(one.source)
    ]
    with np.errstate(invalid="ignore"):
        ratio = price[row] / price[column]
    gaps = share[row] - share[column], true[row] - true[column]
    deviation = np.sqrt(np.maximum(variance, 1e-9))
    leads = _leads(other)[column - size]
    return placed, Pairs(*gaps, deviation, ratio <= 1, ratio, column, leads)


def _leads(at: Cells) -> NDArray[np.bool_]:
    """Whether it is one of the best on its source, as it was measured."""
    better = (at.source[:, None] == at.source) & (at.logit[:, None] < at.logit)
    return np.asarray(better.sum(axis=1) < LEADERS)


def _posterior(
    case: Case, seen: Cells, wanted: Cells, first: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and covariance of the cells `wanted`, those marked `first` before the others."""
    known, scales = len(case.data.facts), case.scales
    x = features(case.data.facts, len(case.data.models))
    order = np.argsort(~first, kind="stable")
    grid = Cells(*(getattr(wanted, name)[order] for name in Cells.__slots__))
    kept = prior.robust(seen, x, scales, known)
    inverse = np.linalg.inv(kernel(kept, kept, x, scales, known) + np.diag(noise(kept, scales)))
    across = kernel(grid, kept, x, scales, known)
    mean = MIDDLE + across @ (inverse @ (kept.logit - MIDDLE))
    return mean, kernel(grid, grid, x, scales, known) - across @ inverse @ across.T


def _parity(pairs: list[Pairs], seed: int) -> dict[str, object]:
    if not pairs:
        return {}
    gap, true, deviation, cheaper, price = (
        np.concatenate([getattr(one, name) for one in pairs]) for name in Pairs.__slots__[:5]
    )
    leads = np.concatenate([one.leads for one in pairs])
    offers = Offers(_numbered(pairs), price, gap, true, deviation)
    return {
        "pairs": len(gap),
        "sd_of_error_over_its_predicted_sd": round(float(((gap - true) / deviation).std()), 2),
        "judged": [
            _judged(gap, true, deviation, cheaper, z)
            | {"routed": arrivals.routed(offers, z, EPSILON, seed)}
            | {"routed_from_leaders": arrivals.routed(offers.where(leads), z, EPSILON, seed)}
            for z in CAUTION
        ],
    }


def _numbered(pairs: list[Pairs]) -> NDArray[np.int64]:
    """The same older model at a later day is another case."""
    width = 1 + max(int(one.case.max(initial=0)) for one in pairs)
    return np.concatenate([day * width + one.case for day, one in enumerate(pairs)])


def _judged(
    gap: NDArray[np.float64],
    true: NDArray[np.float64],
    deviation: NDArray[np.float64],
    cheaper: NDArray[np.bool_],
    z: float,
) -> dict[str, object]:
    """`right`: share of those judged at parity that were, by mean score."""
    chosen = cheaper & (gap >= z * deviation - EPSILON)
    if not chosen.any():
        return {"z": z, "at_parity": 0, "of": int(cheaper.sum()), "right": None, "points": None}
    return {
        "z": z,
        "at_parity": int(chosen.sum()),
        "of": int(cheaper.sum()),
        "right": round(float((true[chosen] >= -EPSILON).mean()), 3),
        "points": round(100 * float(true[chosen].mean()), 2),
    }
