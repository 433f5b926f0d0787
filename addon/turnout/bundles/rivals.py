"""What a router is compared with. Each is a column of the pool per prompt: (n,).

cheapest at 90 %   the one cheapest model with at least 90 % of the best one's score, in hindsight
kNN                the mean score of the 30 nearest prompts of other folds, then the same parity
oracle             the best score of each prompt, the cheapest that has it: in hindsight
luck               what an oracle would get if, at equal difficulty, who succeeds were chance
blind mix          the best random choice between two models at the same bill, in hindsight
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from turnout.bundles import parity
from turnout.bundles.pools import Pool
from turnout.route.bundle import Profile

type Floats = NDArray[np.float64]
type Columns = NDArray[np.int64]

NEIGHBOURS = 30
STRATUM = 20  # prompts of about the same difficulty
DRAWS = 20


def folds(groups: NDArray[np.str_], seed: int, count: int = 5) -> Columns:
    """(prompts,) fold, by the hash of the group: equal questions stay together."""

    def fold(group: str) -> int:
        return int(hashlib.sha256(f"{seed}:{group}".encode()).hexdigest()[:8], 16) % count

    return np.array([fold(group) for group in groups.tolist()], np.int64)


def cheapest_at_90(pool: Pool) -> int:
    mean, usd = pool.score.mean(axis=0), pool.usd.mean(axis=0)
    return int(np.where(mean >= 0.9 * mean.max(), usd, np.inf).argmin())


def knn(pool: Pool, vectors: Floats, fold: Columns, home: int) -> Columns:
    """`vectors`: (n, dim), `fold`: (n,), those of the pool's prompts."""
    cosine = vectors @ vectors.T
    cosine[fold[:, None] == fold] = -2.0
    near = np.argsort(-cosine, axis=1, kind="stable")[:, :NEIGHBOURS]
    usable = np.take_along_axis(cosine, near, axis=1) > -2
    weight = usable / np.maximum(usable.sum(axis=1, keepdims=True), 1)
    quality = np.einsum("nk,nkm->nm", weight, pool.score[near])
    fits = parity.able(parity.Told.sure(quality), pool.price, home, Profile(0.02, 0.0))
    return parity.cheapest(fits, pool.price, home)


def oracle(pool: Pool) -> Columns:
    best = pool.score >= pool.score.max(axis=1, keepdims=True) - 1e-9
    return np.asarray(np.where(best, pool.usd, np.inf).argmin(axis=1), np.int64)


def luck(pool: Pool, seed: int) -> float:
    """Mean score. Each model's scores are dealt anew among prompts of like difficulty."""
    rng = np.random.default_rng(seed)
    order = np.argsort(pool.score.mean(axis=1) + rng.uniform(0, 1e-9, len(pool.score)))
    strata = np.array_split(order, max(len(order) // STRATUM, 1))
    draws = [
        [rng.permuted(pool.score[rows], axis=0).max(axis=1).sum() for rows in strata]
        for _ in range(DRAWS)
    ]
    return float(np.sum(draws) / DRAWS / len(order))


def blind(score: Floats, usd: Floats, bill: Floats) -> Floats:
    """(r, m), (r, m), (r,) -> (r,): the best mean score of any mix of two models of mean score
    `score` and mean bill `usd` whose mean bill is at most `bill`."""
    within = usd <= bill[:, None] + 1e-12
    alone = np.where(within, score, 0.0).max(axis=1)
    step = np.where(usd[:, None, :] > usd[:, :, None], usd[:, None, :] - usd[:, :, None], np.nan)
    with np.errstate(invalid="ignore"):
        part = (bill[:, None, None] - usd[:, :, None]) / step
        mixed = score[:, :, None] + part * (score[:, None, :] - score[:, :, None])
        usable = within[:, :, None] & ~within[:, None, :]
    best = np.where(usable, np.nan_to_num(mixed, nan=0.0), 0.0).max(axis=(1, 2))
    return np.asarray(np.maximum(alone, best))
