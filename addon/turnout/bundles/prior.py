"""How well every model of the catalogue does on every source, with and without labels.

On the logit scale, for model m and source s (a label source or a public benchmark):

    y(m, s) = level(s) + slope(s) . (log price, release date)(m)
              + u(m) + v(m, axis of s) + e(m, s) + noise

All terms are independent normals, so their sum is a Gaussian process (Rasmussen, Williams 2006,
chapter 2): the slopes are a ridge; u and v carry what is known of a model from one source to
another, more so within an axis; the posterior says how unsure it is. The standard deviations
maximise the marginal likelihood. `level(s)` is the additive effect of the source, so a model that
was labelled on hard sources only is not taken for a weak one. Of e, the share OWN is the model's
way with the task, and so part of its quality there; the rest is the harness's way with the model,
and noise. Cells that lie far off (a harness failure: a strong model at 0.12 on GAIA) weigh less, as
under Student's t with 4 degrees of freedom.

The posterior's errors of two models go together: of one price and age, they hang on the same
slopes; labelled on one source, on the same level. How far apart the two are is then better known
than where either is; quality.py turns this into a bundle's `apart`.

Public benchmarks are here for the axes on which no modern model has labels (knowledge, maths, tool
calling). On the label sources they do not beat price and date: see `unseen_models` in a manifest.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turnout.bundles.benchmarks import BENCHMARKS, PublicScore
from turnout.bundles.data import Data
from turnout.bundles.facts import features

# source            axis
AXES = {
    "aoc_agent": "agentic coding",
    "commit0_openhands": "agentic coding",
    "swebmm_openhands": "agentic coding",
    "swebv_openhands": "agentic coding",
    "swtbench_openhands": "agentic coding",
    "terminal_bench": "agentic coding",
    "gaia_openhands": "assistant",
    "svelte_bench": "short coding",
    "evalperf": "short coding",
    "zeroeval_crux": "short coding",
    "bfcl_2024_08": "tool calling",
    "bfcl_v4_gptoss": "tool calling",
    "bullshit_benchmark": "everyday",
    "misguided_attention": "everyday",
    "wildbench": "everyday",
    "fusionbench": "knowledge",
    "mmlu_pro": "knowledge",
    "routellm_mmlu": "knowledge",
    "zeroeval_gsm": "mathematics",
    "zeroeval_math-l5": "mathematics",
    "routellm_gsm8k": "mathematics",
    "zoonk_battles": "writing",
    "zoonk_results": "writing",
}
# the start of a prompt's category -> axis, for sources that are not in the table above
CATEGORIES = {
    "agentic_assistant": "assistant",
    "agentic": "agentic coding",
    "coding": "short coding",
    "tool": "tool calling",
    "everyday": "everyday",
    "knowledge": "knowledge",
    "math": "mathematics",
    "reasoning": "mathematics",
    "writing": "writing",
    "structured": "writing",
}
ALL_AXES = sorted({*AXES.values(), *CATEGORIES.values(), *BENCHMARKS, "other"})
# Of the variance of e. Twelve models have scores on SWE-bench Verified both from OpenHands and from
# other harnesses: what either leaves unexplained correlates by 0.8, covariance 0.05 where 0.02 is
# foreseen without this; 0.03 of the 0.07 that e has. A label source's own figures cannot tell.
OWN = 0.5
MIDDLE = 0.5  # logit of the level expected of an unknown source


@dataclass(frozen=True, slots=True)
class Cells:
    """A (source, model) each: logit of the mean score, and the variance of that from sampling."""

    source: NDArray[np.int64]
    axis: NDArray[np.int64]
    model: NDArray[np.int64]
    logit: NDArray[np.float64]
    variance: NDArray[np.float64]
    public: NDArray[np.bool_]

    def where(self, keep: NDArray[np.bool_]) -> "Cells":
        return Cells(*(getattr(self, name)[keep] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Scales:
    """Standard deviations in logits. `price` per fourfold price, `date` per year; `by_axis` and
    `by_source` are how far these slopes differ, relative to themselves."""

    price: float = 0.4
    date: float = 0.8
    by_axis: float = 0.4
    by_source: float = 0.4
    model: float = 0.25
    model_axis: float = 0.35
    model_source: float = 0.2
    benchmark: float = 0.27
    unknown: float = 0.7
    level: float = 2.0


@dataclass(frozen=True, slots=True)
class Prior:
    """`quality`: (models, sources) expected score. `error`: (models, sources, models, sources),
    the covariance of its errors relative to the mean model: a source's level is everybody's."""

    quality: NDArray[np.float64]
    error: NDArray[np.float64]


def axis_of(data: Data, s: int) -> str:
    """Of a source: by its name, else by the category that most of its prompts have."""
    if name := AXES.get(data.sources[s]):
        return name
    prompts = np.unique(data.labels.prompt[data.labels.source == s])
    count = Counter(data.prompts.category[prompts].tolist())
    category = max(count, key=lambda name: (count[name], name), default="")
    return next((axis for word, axis in CATEGORIES.items() if category.startswith(word)), "other")


def cells(data: Data, public: Sequence[PublicScore]) -> Cells:
    """Label cells of `data`, then those of public benchmarks.

    Models outside the catalogue stand in only for sources that know fewer than five of it."""
    rows = _label_cells(data) + _benchmark_cells(data, public)
    axes = ALL_AXES
    source, axis, model, logit, variance, public = zip(*rows, strict=True)
    names = sorted(set(source) - set(data.sources))
    place = {name: i for i, name in enumerate([*data.sources, *names])}
    return Cells(
        np.array([place[s] for s in source]),
        np.array([axes.index(a) for a in axis]),
        np.array(model),
        np.array(logit),
        np.array(variance),
        np.array(public),
    )


type Row = tuple[str, str, int, float, float, bool]


def _label_cells(data: Data) -> list[Row]:
    at, known, rows = data.labels, len(data.facts), []
    for s, name in enumerate(data.sources):
        here = at.source == s
        count = np.bincount(at.model[here], minlength=len(data.models))
        total = np.bincount(at.model[here], at.score[here], len(data.models))
        few = (count[:known] > 0).sum() < 5
        for m in np.flatnonzero(count[: None if few else known]):
            share = (total[m] + 1) / (count[m] + 2)  # Laplace: a mean of 0 or 1 is not certain
            rows.append((name, axis_of(data, s), int(m), *_logit(share, count[m]), False))
    return rows


def _benchmark_cells(data: Data, public: Sequence[PublicScore]) -> list[Row]:
    axis = {name: axis for axis, names in BENCHMARKS.items() for name in names.split()}
    place = {fact.id: m for m, fact in enumerate(data.facts)}
    return [
        (f"public:{one.benchmark}", axis[one.benchmark], place[one.model], *_logit(p, 100), True)
        for one in public
        if one.benchmark in axis and one.model in place
        for p in [min(max(one.share, 0.02), 0.98)]
    ]


def _logit(share: float, count: float) -> tuple[float, float]:
    """The logit of a share of `count` trials, and its variance (delta method)."""
    return float(np.log(share / (1 - share))), float(1 / (count * share * (1 - share)))


def kernel(a: Cells, b: Cells, x: NDArray[np.float64], scales: Scales, known: int) -> Any:
    """(len(a), len(b)): prior covariance of the cells' true logits; x: (models, 2) features."""
    source = a.source[:, None] == b.source
    axis = a.axis[:, None] == b.axis
    model = a.model[:, None] == b.model
    slope = (x[a.model] * [scales.price**2, scales.date**2]) @ x[b.model].T
    own = model & source & ~a.public[:, None]
    stranger = model & (a.model >= known)[:, None]
    return (
        scales.level**2 * source
        + slope * (1 + scales.by_axis**2 * axis + scales.by_source**2 * source)
        + model * (scales.model**2 + scales.model_axis**2 * axis)
        + OWN * scales.model_source**2 * own
        + scales.unknown**2 * stranger
    )


def noise(at: Cells, scales: Scales) -> NDArray[np.float64]:
    own = np.where(at.public, scales.benchmark**2, (1 - OWN) * scales.model_source**2)
    return np.asarray(at.variance + own, np.float64)


def loss(at: Cells, x: NDArray[np.float64], scales: Scales, known: int) -> float:
    """Negative log marginal likelihood."""
    covariance = kernel(at, at, x, scales, known) + np.diag(noise(at, scales))
    factor = np.linalg.cholesky(covariance)
    white = np.linalg.solve(factor, at.logit - MIDDLE)
    return float(white @ white / 2 + np.log(np.diag(factor)).sum())


def tune(at: Cells, x: NDArray[np.float64], known: int, rounds: int = 2) -> Scales:
    """Coordinate search over factors; `level` and `unknown` are given."""
    scales = Scales()
    best = loss(at, x, scales, known)
    for _ in range(rounds):
        for name in Scales.__slots__[:-2]:
            for factor in (0.5, 0.75, 4 / 3, 2.0):
                tried = replace(scales, **{name: round(getattr(scales, name) * factor, 4)})
                if (found := loss(at, x, tried, known)) < best - 0.01:
                    best, scales = found, tried
    return scales


def robust(at: Cells, x: NDArray[np.float64], scales: Scales, known: int, nu: float = 4) -> Cells:
    """Two passes of reweighting: variance grows with the squared leave-one-out residual."""
    variance = noise(at, scales)
    total = variance
    for _ in range(2):
        inverse = np.linalg.inv(kernel(at, at, x, scales, known) + np.diag(total))
        left_out = (inverse @ (at.logit - MIDDLE)) / np.diag(inverse)
        square = left_out**2 * np.diag(inverse)  # in units of its own variance
        total = variance * np.maximum(1, (nu + square) / (nu + 1))
    return replace(at, variance=at.variance + total - variance)


def fit(data: Data, at: Cells, scales: Scales) -> Prior:
    """The posterior at every (catalogue model, label source)."""
    known, sources = len(data.facts), len(data.sources)
    x = features(data.facts, len(data.models))
    at = robust(at, x, scales, known)
    grid = _grid(data)
    across = kernel(grid, at, x, scales, known)
    inverse = np.linalg.inv(kernel(at, at, x, scales, known) + np.diag(noise(at, scales)))
    logit = MIDDLE + across @ (inverse @ (at.logit - MIDDLE))
    error = kernel(grid, grid, x, scales, known) - across @ inverse @ across.T
    relative = _relative(error.reshape(known, sources, known, sources))
    quality = 1 / (1 + np.exp(-logit.reshape(known, sources)))
    slope = quality * (1 - quality)  # delta method: d score / d logit
    return Prior(quality, relative * slope[:, :, None, None] * slope)


def _grid(data: Data) -> Cells:
    known, sources = len(data.facts), len(data.sources)
    axis = np.array([ALL_AXES.index(axis_of(data, s)) for s in range(sources)])
    size = known * sources
    return Cells(
        np.tile(np.arange(sources), known),
        np.tile(axis, known),
        np.repeat(np.arange(known), sources),
        np.zeros(size),
        np.zeros(size),
        np.zeros(size, bool),
    )


def _relative(error: NDArray[np.float64]) -> NDArray[np.float64]:
    """(M, S, M, S) covariance of f -> that of f(m) - mean over models of f."""
    found = error - error.mean(axis=0)
    return np.asarray(found - found.mean(axis=2, keepdims=True))
