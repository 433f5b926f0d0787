"""Quality and bill of a way of choosing, against always the requested model, with intervals.

Points are percentage points of mean score; bills are per cent of the requested model's. Several
sources are put together with every source's requested bill as its unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnout.bundles.pools import Pool
from turnout.bundles.rivals import blind

type Floats = NDArray[np.float64]

ROUNDS = 500  # of the bootstrap


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some prompts of a pool: `rows`; `home`: the column of the requested model; `chosen`: the
    column of each prompt, by the name of who chose; `share` of the whole."""

    pool: Pool
    rows: NDArray[np.int64]
    home: int
    chosen: Mapping[str, NDArray[np.int64]]
    share: float


@dataclass(frozen=True, slots=True)
class Interval:
    """`low`, `high`: 2.5 and 97.5 % of the bootstrap over prompts."""

    value: float
    low: float
    high: float

    def scaled(self) -> dict[str, float]:
        names = ("value", "low", "high")
        return {name: round(100 * getattr(self, name), 2) for name in names}


def judged(parts: Sequence[Part], name: str, seed: int) -> dict[str, object]:
    """`name`: whose choice."""
    rng = np.random.default_rng(seed)
    figures = np.zeros((4, ROUNDS + 1))  # the first column is the sample itself
    for part in parts:
        figures += part.share * _figures(part, part.chosen[name], _counts(len(part.rows), rng))
    gain, bill, over, level = (_interval(row) for row in figures)
    moved = [part.share * (part.chosen[name] != part.home).mean() for part in parts]
    return {
        "quality": level.scaled(),
        "against_requested": gain.scaled(),
        "bill_percent": bill.scaled(),
        "over_blind_mix": over.scaled(),
        "routed_percent": round(100 * float(np.sum(moved)), 1),
    }


def _counts(size: int, rng: np.random.Generator) -> Floats:
    """(1 + rounds, size): how often each prompt is in the sample; once in the first."""
    drawn = rng.multinomial(size, np.full(size, 1 / size), size=ROUNDS)
    return np.vstack([np.ones(size), drawn]) / size


def _figures(part: Part, chosen: NDArray[np.int64], counts: Floats) -> Floats:
    """(4, 1 + rounds): gain over the requested, bill, gain over the blind mix, quality."""
    score, usd = part.pool.score[part.rows], part.pool.usd[part.rows]
    models, bills = counts @ score, counts @ usd
    at = np.arange(len(chosen))
    own, cost = counts @ score[at, chosen], counts @ usd[at, chosen]
    home = np.maximum(bills[:, part.home], 1e-12)
    over = own - blind(models, bills, cost)
    return np.stack([own - models[:, part.home], cost / home, over, own])


def _interval(row: Floats) -> Interval:
    low, high = np.quantile(row[1:], [0.025, 0.975])
    return Interval(float(row[0]), float(low), float(high))
