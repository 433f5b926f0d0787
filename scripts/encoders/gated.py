"""A trained head where the text is of a learned kind, "any kind" where it is not.

How sure the head must be is learned from the training prompts alone: those of one task after the
other are shown to a head that never saw that task, and the rest, by fifths, to one that never saw
them. What tells the two apart is the gate.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from encoders.sets import Labelled
from encoders.utility import Grouping
from encoders.variants import GROUPS, RIDGE, SHARP, near
from turnout.bundles.cluster import kmeans
from turnout.bundles.rivals import folds
from turnout.route.embed import unit

MOST_TASKS = 12  # that are held out in turn
STEPS, RATE = 400, 0.5  # of the logistic regression of `detector`
QUANTILES = (0.0, 0.1)  # of the held-out prompts' own sureness, between which the gate opens

# (features, vectors, logits) of some prompts -> (prompts, signs): how familiar they look
type Signs = Callable[[Any], Any]


def ridge(x: Any, names: Any, task: Any, penalty: float = RIDGE) -> Any:
    """(features, tasks) weights."""
    wanted = (task[:, None] == names).astype(float)
    return np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ wanted)


def share(logit: Any, sharp: float = SHARP) -> Any:
    out = np.exp((logit - logit.max(axis=1, keepdims=True)) / sharp)
    return out / out.sum(axis=1, keepdims=True)


def signs(logit: Any) -> Any:
    """(prompts, 4) of raw logits: the best, its lead, sureness, and how much all say together."""
    order = np.sort(logit, axis=1)
    part = share(logit)
    entropy = -(part * np.log(part + 1e-12)).sum(axis=1)
    second = order[:, -2] if logit.shape[1] > 1 else np.zeros(len(logit))
    return np.stack([order[:, -1], order[:, -1] - second, -entropy, (logit**2).sum(axis=1)], axis=1)


def held_out(x: Any, task: Any, group: Any, *, strangers: bool) -> tuple[Any, Any]:
    """Signs of the training prompts, seen by heads that did not see them, nor (second) their task.

    -> (n, signs) of known kinds, (n, signs) of unknown ones."""
    known, strange = np.zeros((len(x), 4)), np.zeros((len(x), 4))
    fold = folds(group, 1)
    names = np.unique(task)
    for f in range(5):
        rest = fold != f
        if rest.all() or not rest.any():
            continue
        known[~rest] = signs(x[~rest] @ ridge(x[rest], names, task[rest]))
    shown = names[:: max(1, len(names) // MOST_TASKS)] if strangers else []
    for name in shown:
        rest = task != name
        if rest.any():
            others = names[names != name]
            strange[~rest] = signs(x[~rest] @ ridge(x[rest], others, task[rest]))
    return known, strange[np.isin(task, shown)]


def logistic(x: Any, y: Any, weight: Any) -> tuple[Any, Any, Any]:
    middle, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = np.hstack([(x - middle) / scale, np.ones((len(x), 1))])
    w = np.zeros(z.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-z @ w))
        w -= RATE * (z.T @ (weight * (p - y)) / weight.sum() + 1e-3 * w)
    return middle, scale, w


def detector(features: Any, *, prior: float = 0.5, mode: str = "trained") -> Grouping:
    """`mode`: "trained", or one sign alone by quantiles of held-out prompts: 0 best logit, 2 sureness."""

    def group(learn: Any, found: Labelled) -> Any:
        x = np.hstack([features[found.rows], np.ones((len(found.rows), 1))])
        task = found.task[learn]
        names = np.unique(task)
        logit = x @ ridge(x[learn], names, task)
        part = share(logit)
        if len(names) < 2:
            return part
        known, strange = held_out(x[learn], task, found.group[learn], strangers=mode == "trained")
        if mode == "trained":
            both = np.vstack([known, strange])
            y = np.concatenate([np.ones(len(known)), np.zeros(len(strange))])
            each = np.where(y > 0, prior, 1 - prior)
            middle, scale, w = logistic(both, y, each)
            z = np.hstack([(signs(logit) - middle) / scale, np.ones((len(x), 1))])
            gate = 1 / (1 + np.exp(-z @ w))
        else:
            at = int(mode)
            low, high = np.quantile(known[:, at], QUANTILES)
            gate = np.clip((signs(logit)[:, at] - low) / (high - low + 1e-12), 0, 1)
        return part * gate[:, None]

    return group


def surer(vectors: Any, grouping: Grouping, top: float) -> Grouping:
    """Gate by cosine to clusters, as `known`, open from the quantile `top` on."""

    def group(learn: Any, found: Labelled) -> Any:
        own = vectors[found.rows]
        seen = own[learn]
        k = min(GROUPS, len(np.unique(seen, axis=0)))
        centroids = kmeans(seen, np.ones(len(seen)), k, seed=0, starts=1)
        cosine = (own @ centroids.T).max(axis=1)
        low, high = np.quantile(cosine[learn], [0.0, top])
        gate = np.clip((cosine - low) / (high - low), 0, 1)[:, None]
        return grouping(learn, found) * gate

    return group


def means(vectors: Any, grouping: Grouping, top: float) -> Grouping:
    """Gate by cosine to the nearest task's mean vector."""

    def group(learn: Any, found: Labelled) -> Any:
        own, names = vectors[found.rows], np.unique(found.task[learn])
        task = found.task
        mid = np.stack([own[learn & (task == name)].mean(axis=0) for name in names])
        cosine = (own @ unit(mid).T).max(axis=1)
        low, high = np.quantile(cosine[learn], [0.0, top])
        gate = np.clip((cosine - low) / (high - low), 0, 1)[:, None]
        return grouping(learn, found) * gate

    return group


def clusters_where_unsure(vectors: Any, features: Any, prior: float = 0.5) -> Grouping:
    """The head as far as it is sure; what is left is no cluster's."""
    return detector(features, prior=prior)


__all__ = ["detector", "near", "surer"]
