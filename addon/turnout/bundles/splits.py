"""What a bundle would have said of prompts, sources and models that it had not seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from turnout.bundles import parity, prior, train
from turnout.bundles.benchmarks import PublicScore
from turnout.bundles.cluster import with_tools
from turnout.bundles.data import Data
from turnout.bundles.facts import features
from turnout.bundles.parity import SAID, Told
from turnout.bundles.prior import MIDDLE, Cells, Scales, kernel, noise
from turnout.bundles.rivals import folds
from turnout.bundles.train import Recipe, Tell
from turnout.route.bundle import Bundle
from turnout.route.embed import Embedder

LEAST_PROMPTS = 20  # to learn anything from


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Data, its vectors, and what is needed to learn from them again."""

    data: Data
    vectors: NDArray[np.float64]
    public: Sequence[PublicScore]
    encoder: Embedder
    recipe: Recipe
    scales: Scales

    @property
    def tools(self) -> NDArray[np.bool_]:
        categories = self.data.prompts.category.tolist()
        return np.array([with_tools(category) for category in categories], bool)

    @property
    def readable(self) -> NDArray[np.bool_]:
        return np.asarray(np.linalg.norm(self.vectors, axis=1) > 0)


def shipped(case: Case, bundle: Bundle) -> Told:
    """(prompts, catalogue models); NaN for what the bundle does not know."""
    found = parity.judged(case.vectors, case.tools, bundle)
    columns = np.array([bundle.models.get(fact.id, -1) for fact in case.data.facts], np.int64)
    found = found.of(np.arange(len(case.vectors)), columns)
    for name in SAID:
        getattr(found, name)[:, columns < 0] = np.nan
    found.table[:, columns < 0] = found.table[:, :, columns < 0] = np.nan
    return found


def by_prompt(case: Case, tell: Tell) -> Told:
    """Five folds by question: each is judged by what was learned from the other four."""
    fold = folds(case.data.prompts.group, case.recipe.seed)
    return _told(case, ((fold == number, fold != number, []) for number in range(5)), tell, 5)


def by_source(case: Case, tell: Tell) -> Told:
    """Each source is judged by what was learned from the others, without questions it shares."""
    return _told(case, _without_source(case.data), tell, len(case.data.sources))


type Trial = tuple[NDArray[np.bool_], NDArray[np.bool_], list[int]]  # judged, seen, sources out


def _without_source(data: Data) -> Iterator[Trial]:
    """Sources on the very same prompts go together."""
    groups, labels = data.prompts.group, data.labels
    of = [set(labels.prompt[labels.source == s].tolist()) for s in range(len(data.sources))]
    for prompts in of:
        own = np.zeros(len(groups), bool)
        own[sorted(prompts)] = True
        yield own, ~np.isin(groups, groups[own]), [t for t in range(len(of)) if of[t] & prompts]


def _told(case: Case, trials: Iterator[Trial], tell: Tell, count: int) -> Told:
    parts = []
    for number, (judged, seen, out) in enumerate(trials):
        tell("learn without", number, count)
        if bundle := _learned(case, seen, out):
            rows = np.flatnonzero(judged & case.readable)
            parts.append((rows, parity.judged(case.vectors[rows], case.tools[rows], bundle)))
    tell("learn without", count, count)
    return parity.joined(parts, len(case.data.prompts.id), len(case.data.facts))


def _learned(case: Case, seen: NDArray[np.bool_], out: list[int]) -> Bundle | None:
    labels = case.data.labels
    kept = labels.where(seen[labels.prompt] & ~np.isin(labels.source, out))
    if len(np.unique(kept.prompt[case.readable[kept.prompt]])) < LEAST_PROMPTS:
        return None
    part = replace(case.data, labels=kept)
    recipe = replace(case.recipe, starts=1)
    learned = train.learn(part, case.vectors, case.public, case.scales, seen, recipe)
    return train.as_bundle(learned, part, case.encoder, recipe, "trial")


@dataclass(frozen=True, slots=True)
class Placed:
    """A model on a source, predicted without its own labels. 0..1."""

    source: str
    model: str
    predicted: float
    measured: float
    deviation: float  # in predicted standard deviations


def without_model(case: Case, *, keep_public: bool) -> list[Placed]:
    """Each catalogue model's mean score on each label source, without its own labels there or
    elsewhere. `keep_public`: its public benchmark scores stay.

    With Q the inverse covariance of all cells, the residuals of a left-out block B are
    inverse(Q[B, B]) (Q y)[B], with covariance inverse(Q[B, B]) (Rasmussen, Williams 5.4.2)."""
    data = case.data
    at, known = prior.cells(data, case.public), len(data.facts)
    x = features(data.facts, len(data.models))
    inverse = np.linalg.inv(kernel(at, at, x, case.scales, known) + np.diag(noise(at, case.scales)))
    solved = inverse @ (at.logit - MIDDLE)
    residual, spread = np.full(len(solved), np.nan), np.full(len(solved), np.nan)
    labels = ~at.public & (at.model < known)
    for model in np.unique(at.model[labels]):
        block = np.flatnonzero((at.model == model) & (labels | (not keep_public)))
        covariance = np.linalg.inv(inverse[np.ix_(block, block)])
        residual[block] = covariance @ solved[block]
        spread[block] = np.sqrt(np.diag(covariance))
    return [
        Placed(
            data.sources[at.source[i]], data.models[at.model[i]], *_shares(at, residual, spread, i)
        )
        for i in np.flatnonzero(labels)
    ]


def _shares(
    at: Cells, residual: NDArray[np.float64], spread: NDArray[np.float64], i: np.integer
) -> tuple[float, float, float]:
    logit, rest = float(at.logit[i]), float(residual[i])
    guess, true = (1 / (1 + np.exp(-value)) for value in (logit - rest, logit))
    return float(guess), float(true), rest / float(spread[i])
