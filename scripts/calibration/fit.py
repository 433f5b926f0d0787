"""A logistic model and its thresholds, and how it does on questions it never saw."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import lgamma, log, log1p

import numpy as np
from numpy.typing import NDArray

from calibration.pairs import Pair
from turnout.answers import pairs as rules

type Floats = NDArray[np.float64]

PROMISE = 0.005  # of pairs of different questions that may be admitted
# half of the promise: with all of it, 0.48 % (at most 0.66 %) of the test part was admitted, since
# the questions of one part are not those of the next
AIM = PROMISE / 2
SURE = 0.95  # one-sided


@dataclass(frozen=True, slots=True)
class Model:
    bias: float
    weights: tuple[float, ...]


def matrix(pairs: Sequence[Pair]) -> Floats:
    return np.array([rules.features(p.old, p.new, p.cosine) for p in pairs])


def train(pairs: Sequence[Pair]) -> Model:
    """More words in common must never speak against the same meaning.

    A feature whose weight has the wrong sign has learned how the pairs were made: it is left out.
    """
    x, y = matrix(pairs), np.array([p.same for p in pairs], float)
    signs, weights = np.array([*rules.FEATURES.values()]), np.zeros(x.shape[1])
    left = np.arange(x.shape[1])
    while True:
        bias, *found = _newton(x[:, left], y)
        wrong = np.minimum(np.array(found) * signs[left], 0)
        if not wrong.any():
            weights[left] = found
            return Model(bias, tuple(map(float, weights)))
        left = np.delete(left, int(wrong.argmin()))


def _newton(x: Floats, y: Floats, *, ridge: float = 1.0, rounds: int = 50) -> list[float]:
    """Bias and weights; both labels weigh the same."""
    x = np.hstack([np.ones((len(x), 1)), x])
    weight = np.where(y > 0, 0.5 / max(y.sum(), 1), 0.5 / max((1 - y).sum(), 1)) * len(y)
    beta, penalty = np.zeros(x.shape[1]), ridge * np.eye(x.shape[1])
    penalty[0, 0] = 1e-6
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (weight * (p - y)) + penalty @ beta
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + penalty
        beta -= np.linalg.solve(hessian, gradient)
    return [float(one) for one in beta]


def told(model: Model, pairs: Sequence[Pair]) -> Floats:
    """Probabilities; 0 where a rule speaks against it."""
    if not pairs:
        return np.zeros(0)
    z = matrix(pairs) @ np.array(model.weights) + model.bias
    passed = np.array([rules.agree(p.old, p.new) for p in pairs])
    return np.where(passed, 1 / (1 + np.exp(-np.clip(z, -50, 50))), 0.0)


def cosines(pairs: Sequence[Pair], *, ruled: bool) -> Floats:
    """The other way: one number, with the rules or without."""
    passed = np.array([not ruled or rules.agree(p.old, p.new) for p in pairs])
    return np.where(passed, np.array([p.cosine for p in pairs]), 0.0)


def threshold(scores: Floats, same: NDArray[np.bool_]) -> float | None:
    """The lowest that is shown to admit at most AIM of what differs; None: too few pairs."""
    wrong = np.sort(scores[~same])[::-1]
    allowed = -1
    while upper(allowed + 1, len(wrong)) <= AIM:
        allowed += 1
    if allowed < 0:
        return None
    return float(np.nextafter(wrong[allowed], 2.0)) if allowed < len(wrong) else 0.5


def upper(errors: int, of: int, sure: float = SURE) -> float:
    """Clopper and Pearson's one-sided bound for a share."""
    if errors >= of:
        return 1.0
    low, high = errors / of, 1.0 - 1e-12
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(errors, of, middle) > 1 - sure:
            low = middle
        else:
            high = middle
    return high


def lower(hits: int, of: int, sure: float = SURE) -> float:
    return 1 - upper(of - hits, of, sure) if of else 0.0


def _at_most(errors: int, of: int, share: float) -> float:
    """P(at most so many errors); in logarithms, since the coefficients have hundreds of digits."""
    k = np.arange(errors + 1)
    ways = [lgamma(of + 1) - lgamma(i + 1) - lgamma(of - i + 1) for i in k]
    return float(np.exp(np.array(ways) + k * log(share) + (of - k) * log1p(-share)).sum())
