"""Predicted against measured quality of models: mean absolute error and rank correlation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnout.bundles.data import Data
from turnout.bundles.parity import Told

LEAST_LABELS = 10  # of a model on a source
LEAST_MODELS = 5  # on a source, to be ranked


@dataclass(frozen=True, slots=True)
class Cell:
    """A model on a source: mean score 0..1, predicted and measured on the same prompts.
    `evidence`: labels behind the prediction; 0 = public facts and scores alone."""

    source: str
    model: str
    prompts: int
    predicted: float
    measured: float
    se: float
    evidence: float


def cells(data: Data, told: Told) -> list[Cell]:
    known = (data.labels.model < len(data.facts)) & ~np.isnan(
        told.quality[data.labels.prompt, np.minimum(data.labels.model, len(data.facts) - 1)]
    )
    at = data.labels.where(known)
    pairs, place = np.unique(np.stack([at.source, at.model]), axis=1, return_inverse=True)
    count = np.bincount(place, minlength=pairs.shape[1])

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(place, values, pairs.shape[1]) / count

    columns = [
        mean(value)
        for value in (
            *(getattr(told, name)[at.prompt, at.model] for name in ("quality", "se", "evidence")),
            at.score,
        )
    ]
    return [
        Cell(data.sources[s], data.models[m], int(n), float(q), float(y), float(se), float(e))
        for (s, m), n, q, se, e, y in zip(pairs.T.tolist(), count, *columns, strict=True)
        if n >= LEAST_LABELS
    ]


def errors(pairs: Sequence[tuple[str, float, float]], seed: int) -> dict[str, object]:
    """(source, predicted, measured) -> per source and over sources, each source counting once.

    `error`: mean absolute, in points. `error_of_rank`: the same once the source's own mean error is
    taken away, as only differences between models decide. Intervals: bootstrap over sources."""
    per = {
        source: _errors([pair[1:] for pair in pairs if pair[0] == source])
        for source in sorted({pair[0] for pair in pairs})
    }
    ranked = {source: row for source, row in per.items() if row["models"] >= LEAST_MODELS}
    names = ("error", "error_of_rank", "rank_correlation")
    table = np.array([[row[name] for name in names] for row in ranked.values()], np.float64)
    whole = {name: _spread(table[:, i], seed) for i, name in enumerate(names)} if ranked else {}
    return {"sources": per, "all": whole | {"sources": len(ranked), "models": LEAST_MODELS}}


def _spread(values: NDArray[np.float64], seed: int) -> dict[str, float]:
    values = values[~np.isnan(values)]
    if not len(values):
        return {}
    picks = np.random.default_rng(seed).integers(len(values), size=(1000, len(values)))
    low, high = np.quantile(values[picks].mean(axis=1), [0.025, 0.975])
    found = {"value": float(values.mean()), "low": float(low), "high": float(high)}
    return {name: round(value, 3) for name, value in found.items()}


def _errors(pairs: Iterable[tuple[float, ...]]) -> dict[str, float]:
    predicted, measured = np.array(list(pairs), np.float64).T
    gap = predicted - measured
    return {
        "models": len(gap),
        "error": round(100 * float(np.abs(gap).mean()), 2),
        "error_of_rank": round(100 * float(np.abs(gap - gap.mean()).mean()), 2),
        "rank_correlation": round(spearman(predicted, measured), 3),
    }


def spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """NaN where one of them is constant. Ties share the mean of their ranks."""
    a, b = _ranks(one), _ranks(other)
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[place])
