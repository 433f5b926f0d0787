"""What a grouping of prompts is worth, in points.

The mean score of each model in each group is learned from other prompts, pulled to its mean over
all of them with 20 pseudo-counts. For 14 prices of quality the model with the best score less its
cost is chosen; the utility is the mean, over these prices, of its score above the best blind mix
of two models at the same bill, picked in hindsight. So a grouping that says nothing is worth less
than nothing. Intervals: bootstrap over prompts, the same for all variants.

    prompt split   five folds by question
    source split   each task of a set is judged by what the others told
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from encoders.sets import Labelled
from turnout.bundles.rivals import blind, folds

PSEUDO = 20.0
PRICES = np.concatenate([[0.0], np.geomspace(0.003, 3, 13)])
ROUNDS = 200

# (rows to learn from, set) -> (prompts, groups): how much each prompt belongs to each group
type Grouping = Callable[[Any, Labelled], Any]


def counts(size: int, rounds: int = ROUNDS) -> Any:
    """(1 + rounds, size): shares; the first is the sample itself."""
    drawn = np.random.default_rng(1).multinomial(size, np.full(size, 1 / size), size=rounds)
    return np.vstack([np.ones(size), drawn]) / size


def by_prompt(found: Labelled, grouping: Grouping) -> Any:
    """-> (1 + rounds,) utility."""
    fold = folds(found.group, 0)
    return _area(found, grouping, [fold == f for f in range(5)])


def by_source(found: Labelled, grouping: Grouping) -> Any:
    """None where there is one task only."""
    names = np.unique(found.task)
    if len(names) < 2:
        return None
    return _area(found, grouping, [found.task == name for name in names])


def _area(found: Labelled, grouping: Grouping, judged: list[Any]) -> Any:
    told = np.full(found.score.shape, np.nan)
    for rows in judged:
        if rows.any():
            told[rows] = _told(found, grouping, ~rows)[rows]
    sample = counts(len(told))
    singles, at = sample @ found.score, np.arange(len(told))
    bills = np.tile(found.cost, (len(sample), 1))
    areas = []
    for price in PRICES:
        chosen = (told - price * found.cost).argmax(axis=1)
        own, bill = sample @ found.score[at, chosen], sample @ found.cost[chosen]
        areas.append(own - blind(singles, bills, bill))
    return 100 * np.mean(areas, axis=0)


def _told(found: Labelled, grouping: Grouping, learn: Any) -> Any:
    weight = grouping(learn, found)
    part = weight[learn]
    mean = found.score[learn].mean(axis=0)
    local = (part.T @ found.score[learn] + PSEUDO * mean) / (part.sum(axis=0)[:, None] + PSEUDO)
    left = 1 - weight.sum(axis=1, keepdims=True)  # of an unknown kind: the mean of all
    return weight @ local + left * mean


def interval(values: Any) -> tuple[float, float, float]:
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return float(values[0]), float(low), float(high)
