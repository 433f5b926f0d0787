"""What a bundle is judged on: per source the prompts on which the same models all have a score."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnout.bundles.cluster import kind
from turnout.bundles.data import Data
from turnout.bundles.tables import Excluded

LEAST_PROMPTS, LEAST_MODELS = 10, 2
COVERED = 0.75  # of a source's prompts that a model must have a score on, to be compared there
MEASURED = 0.5  # of the labels that must have measured dollars, for bills to be measured ones
OUTLIERS = ("claude-fable-5",)  # 95 % on SWE-bench Verified: contamination or harness
# what is asked for where it has labels; else the dearest, and the best by the bundle's word
FRONTIER = ("claude-opus-4-8", "claude-opus-4-7", "gpt-5.5", "gpt-5.4")


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """`prompts`: (n,) and `models`: (m,) indices into the data. `score`, `usd`: (n, m).
    `price`: (m,) by which the rule compares. `bill`: "measured" dollars, or "list" price."""

    source: str
    prompts: NDArray[np.int64]
    models: NDArray[np.int64]
    names: list[str]
    kinds: NDArray[np.str_]
    score: NDArray[np.float64]
    usd: NDArray[np.float64]
    price: NDArray[np.float64]
    bill: str


def pools(data: Data, *, outliers: bool = False) -> tuple[list[Pool], list[Excluded]]:
    """Of prompts with text, and models of the catalogue with a price."""
    found: list[Pool] = []
    out: list[Excluded] = []
    for s, name in enumerate(data.sources):
        pool = _pool(data, s, outliers=outliers)
        if isinstance(pool, Pool):
            found.append(pool)
        else:
            out.append(Excluded(f"source {name}", int((data.labels.source == s).sum()), pool))
    return found, out


def _pool(data: Data, s: int, *, outliers: bool) -> Pool | str:
    """The reason, where there is nothing to judge on."""
    readable = np.array([bool(text) for text in data.prompts.text])
    at = data.labels.where(
        (data.labels.source == s)
        & (data.labels.model < len(data.facts))
        & readable[data.labels.prompt]
    )
    if not len(at.score):
        return "no prompt with text has a label of a model in the catalogue: not routed"
    prompts, row = np.unique(at.prompt, return_inverse=True)
    grid = np.full((2, len(prompts), len(data.facts)), np.nan)
    grid[0, row, at.model], grid[1, row, at.model] = at.score, at.usd
    models = [m for m in _covered(grid[0]) if _fair(data, m, outliers=outliers)]
    full = ~np.isnan(grid[0][:, models]).any(axis=1)
    if len(models) < LEAST_MODELS or full.sum() < LEAST_PROMPTS:
        return (
            f"{len(models)} comparable models on {int(full.sum())} prompts: at least "
            f"{LEAST_MODELS} and {LEAST_PROMPTS} are needed"
        )
    price = np.array([data.facts[m].dollars for m in models], np.float64)
    usd, bill = _bills(grid[1][:, models][full], price)
    return Pool(
        data.sources[s],
        prompts[full],
        np.array(models, np.int64),
        [data.models[m] for m in models],
        np.array([kind(c)[0] for c in data.prompts.category[prompts[full]].tolist()], np.str_),
        grid[0][:, models][full],
        usd,
        price,
        bill,
    )


def _covered(score: NDArray[np.float64]) -> list[int]:
    share = 1 - np.isnan(score).mean(axis=0)
    return [int(m) for m in np.flatnonzero(share > COVERED)]


def _fair(data: Data, model: int, *, outliers: bool) -> bool:
    """A model without a price has no bill to compare."""
    priced = bool(data.facts[model].dollars)
    return priced and (outliers or data.models[model] not in OUTLIERS)


def _bills(usd: NDArray[np.float64], price: NDArray[np.float64]) -> tuple[NDArray[np.float64], str]:
    """Gaps in measured dollars are filled with the model's own mean."""
    if (~np.isnan(usd)).mean() < MEASURED or np.isnan(usd).all(axis=0).any():
        return np.tile(price, (len(usd), 1)), "list"
    return np.where(np.isnan(usd), np.nanmean(usd, axis=0), usd), "measured"


def requested(pool: Pool, quality: NDArray[np.float64]) -> list[int]:
    """Columns of what a user would ask for. `quality`: (n, m) as predicted: nothing of the labels
    that are judged on goes into it."""
    frontier = [pool.names.index(name) for name in FRONTIER if name in pool.names]
    if frontier:
        return frontier[:2]
    best, dearest = int(quality.mean(axis=0).argmax()), int(pool.price.argmax())
    return list(dict.fromkeys((dearest, best)))
