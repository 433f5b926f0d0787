"""A trained head where the text is of a learned kind, any kind where it is not.

What says so, and how much of it is enough, comes from the training prompts alone:

    means     cosine to the nearest task's middle, between two quantiles of what they have; a bundle
              does this
    sure      the head's own best output, between two quantiles of what they had when they were
              held out
    detector  a logistic regression on the outputs' best, lead, entropy and length: held-out prompts
              of known tasks against prompts of tasks that were held out as a whole
"""

from typing import Any

import numpy as np

from encoders.sets import Labelled
from encoders.utility import Grouping
from encoders.variants import FAMILIAR, RIDGE, SHARP, head
from turnout.bundles.rivals import folds
from turnout.route.embed import unit

HELD_OUT = (0.0, 0.1)  # quantiles of outputs on held-out prompts
MOST_TASKS = 12  # that are held out in turn
STEPS, RATE, DECAY = 400, 0.5, 1e-3  # of the logistic regression


def named(vectors: Any, both: Any) -> dict[str, Grouping]:
    """Gates other than the one in use. `both`: vectors and surface features."""
    return {
        "head in use + surface": means(vectors, head(both)),
        "trained head + surface, where it is sure": sure(both),
        "trained head + surface, where a detector knows it": detector(both),
    }


def means(vectors: Any, grouping: Grouping, opens: tuple[float, float] = FAMILIAR) -> Grouping:
    def group(learn: Any, found: Labelled) -> Any:
        own, names = vectors[found.rows], np.unique(found.task[learn])
        middles = [own[learn & (found.task == name)].mean(axis=0) for name in names]
        cosine = (own @ unit(np.stack(middles)).T).max(axis=1)
        return grouping(learn, found) * _gate(cosine, cosine[learn], opens)[:, None]

    return group


def sure(features: Any, opens: tuple[float, float] = HELD_OUT) -> Grouping:
    def group(learn: Any, found: Labelled) -> Any:
        x, names, outputs = _outputs(features, learn, found)
        known = _held_out(x[learn], names, found.task[learn], folds(found.group[learn], 1))
        gate = _gate(outputs.max(axis=1), _signs(known)[:, 0], opens)
        return _share(outputs) * gate[:, None]

    return group


def detector(features: Any) -> Grouping:
    def group(learn: Any, found: Labelled) -> Any:
        x, names, outputs = _outputs(features, learn, found)
        if len(names) < 2:
            return _share(outputs)
        task = found.task[learn]
        known = _signs(_held_out(x[learn], names, task, folds(found.group[learn], 1)))
        strange = _strange(x[learn], names, task)
        told = _logistic(known, strange)
        return _share(outputs) * told(_signs(outputs))[:, None]

    return group


def _outputs(features: Any, learn: Any, found: Labelled) -> tuple[Any, Any, Any]:
    x = np.hstack([features[found.rows], np.ones((len(found.rows), 1))])
    names = np.unique(found.task[learn])
    return x, names, x @ _ridge(x[learn], names, found.task[learn])


def _ridge(x: Any, names: Any, task: Any) -> Any:
    wanted = (task[:, None] == names).astype(float)
    return np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ wanted)


def _share(outputs: Any) -> Any:
    found = np.exp((outputs - outputs.max(axis=1, keepdims=True)) / SHARP)
    return found / found.sum(axis=1, keepdims=True)


def _gate(value: Any, of: Any, opens: tuple[float, float]) -> Any:
    low, high = np.quantile(of, opens)
    return np.clip((value - low) / (high - low + 1e-12), 0, 1)


def _held_out(x: Any, names: Any, task: Any, fold: Any) -> Any:
    """(n, tasks) outputs of heads that saw other folds only."""
    found = np.zeros((len(x), len(names)))
    for number in np.unique(fold):
        rest = fold != number
        found[~rest] = x[~rest] @ _ridge(x[rest], names, task[rest])
    return found


def _strange(x: Any, names: Any, task: Any) -> Any:
    """(m, signs) of prompts to heads that saw nothing of their tasks."""
    found = []
    for name in names[:: max(1, len(names) // MOST_TASKS)]:
        rest = task != name
        found.append(_signs(x[~rest] @ _ridge(x[rest], names[names != name], task[rest])))
    return np.vstack(found)


def _signs(outputs: Any) -> Any:
    """(n, 4): the best, its lead, how sure, how much all of them say."""
    order = np.sort(outputs, axis=1)
    second = order[:, -2] if outputs.shape[1] > 1 else np.zeros(len(outputs))
    share = _share(outputs)
    sureness = (share * np.log(share + 1e-12)).sum(axis=1)
    whole = (outputs**2).sum(axis=1)
    return np.stack([order[:, -1], order[:, -1] - second, sureness, whole], axis=1)


def _logistic(known: Any, strange: Any) -> Any:
    """-> signs to the probability of a known task; both sides count alike."""
    x, y = np.vstack([known, strange]), np.repeat([1.0, 0.0], [len(known), len(strange)])
    middle, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = np.hstack([(x - middle) / scale, np.ones((len(x), 1))])
    weight = np.where(y > 0, 0.5 / len(known), 0.5 / len(strange))
    slope = np.zeros(z.shape[1])
    for _ in range(STEPS):
        slope -= RATE * (z.T @ (weight * (1 / (1 + np.exp(-z @ slope)) - y)) + DECAY * slope)

    def told(signs: Any) -> Any:
        at = np.hstack([(signs - middle) / scale, np.ones((len(signs), 1))])
        return 1 / (1 + np.exp(-at @ slope))

    return told
