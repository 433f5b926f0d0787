"""Quality of every model in every cluster: the prior per source, moved by the cluster's own labels.

    score(p, m) = mean(s, m) + difficulty(s, p) + rest     per source s, over all labelled models
    Q(s, m, k)  = harder(prior(s, m), difficulty(s, k)) + sum of rest in k / (n + n0(s))
    Q(m, k)     = sum over sources of  share(k, s) * Q(s, m, k)

Difficulty moves the mean model by as much as it says, and all by as many logits: where a cluster is
easy the best models do not become alike at 1, they come near to each other, and so do their errors.

    common(m, n)  = sum over sources s, t of  part(s, m) part(t, n) cov(prior(s, m), prior(t, n))
    se(m)^2       = common(m, m) + rest(m)    part: share, times steepness; rest: of its labels in k
    apart(m, n)^2 = se(m)^2 + se(n)^2 - 2 common(m, n)

Two models of one age and price stand and fall with the same slopes (prior.py): what errs for one
errs for the other, and which of them is better is better known than how good either is.

Sources are not comparable in level, so they are never averaged over different sets of models: every
model has a value on every source of a cluster (from its labels, or its prior alone), and all are
mixed by the same shares. n0(s), the pseudo-counts, is the ratio of the variances of single labels
and of true cluster effects, by moments, kept within 20 to 1000. On SWE-bench it comes out at about
170: there a cluster says next to nothing about which model is good at it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnout.bundles.data import Data, Labels
from turnout.bundles.prior import Prior
from turnout.route.bundle import FARTHEST

LEAST, MOST = 20.0, 1000.0
# What m models find hard, others do by m / (m + PEERS) of it: 0.3 on MMLU-Pro, 0.9 on FusionBench,
# 1.2 to 1.9 on BFCL (random halves of their models, by task class).
PEERS = 1.0
NEVER = (0.01, 0.99)  # a cluster's mean score lies between
# How much larger than the prior says errors are for models newer than every label: `bundle eval`,
# split model, newer_than_all_labels. Models with fewer than LEAST labels are mostly such models.
AHEAD = 2.0

type Matrix = NDArray[np.float64]
type Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Quality:
    """(clusters, catalogue models) each; `pseudo`: (sources,) n0; `share`: (clusters, sources).

    `apart`: (clusters, models, models) standard error of the difference of two models."""

    quality: Matrix
    se: Matrix
    apart: Matrix
    evidence: Matrix
    pseudo: NDArray[np.float64]
    share: Matrix


def quality(data: Data, prior: Prior, group: NDArray[np.int64], weight: Matrix, k: int) -> Quality:
    """group: (prompts,) cluster, -1 for prompts without text; weight: (prompts,)."""
    here = data.labels.where(group[data.labels.prompt] >= 0)
    share = shares(here, group, weight, k, len(data.sources))
    models = len(data.facts)
    value, variance = np.zeros((k, models)), np.zeros((k, models))
    part = np.zeros((k, models, len(data.sources)))  # of each source, times how steep it is there
    counts = np.zeros((len(data.sources), k, models))
    pseudo = np.full(len(data.sources), MOST)
    for s in range(len(data.sources)):
        at = here.where(here.source == s)
        if not len(at.score):
            continue
        hard, moved, n, spread, pseudo[s] = effects(at, group, k, len(data.models))
        counts[s] = n[:, :models]
        local = harder(prior.quality[:, s], hard, float(at.score.mean()))
        part[:, :, s] = share[:, [s]] * _slope(local) / _slope(prior.quality[:, s])
        value += share[:, [s]] * np.clip(local + moved[:, :models], 0.0, 1.0)
        variance += share[:, [s]] ** 2 * spread / (counts[s] + pseudo[s])
    known = np.bincount(data.labels.model, minlength=models)[:models]
    se, apart = errors(part, prior, variance, known < LEAST)
    return Quality(value, se, apart, evidence(counts, share), pseudo, share)


def errors(part: Matrix, prior: Prior, variance: Matrix, new: Flags) -> tuple[Matrix, Matrix]:
    """(clusters, models) of each model, (clusters, models, models) of each difference of two.

    `part`: (clusters, models, sources) of each source, times how steep it is there; `variance`:
    (clusters, models) of what is each one's own; `new`: (models,) has hardly any labels."""
    common = np.stack([_common(one, prior) for one in part])
    own = np.diagonal(common, axis1=1, axis2=2) + variance
    twice = own[:, :, None] + own[:, None, :] - 2 * common
    twice *= ~np.eye(len(new), dtype=bool)  # of itself a model is not apart
    ahead = np.where(new, AHEAD, 1.0)
    se = np.sqrt(np.maximum(own, 0.0)) * ahead
    apart = np.sqrt(np.maximum(twice, 0.0)) * np.maximum(ahead[:, None], ahead)
    apart = np.maximum(apart, apart.transpose(0, 2, 1))  # the same to the last bit, too
    return np.minimum(se, 1.0), np.minimum(apart, FARTHEST)


def _common(part: Matrix, prior: Prior) -> Matrix:
    """(models, sources) -> (models, models): covariance of the mixed errors."""
    used = np.flatnonzero(part.any(axis=0))
    some, error = part[:, used], prior.error[:, used][..., used]
    return np.asarray(np.einsum("ms,msnt,nt->mn", some, error, some, optimize=True))


def harder(share: Matrix, difficulty: Matrix, level: float) -> Matrix:
    """(models,) expected on the whole source, (k,) -> (k, models). `level`: its mean score."""
    whole = np.clip(level, *NEVER)
    moved = np.clip(level + difficulty, *NEVER)
    shift = np.log(moved / (1 - moved)) - np.log(whole / (1 - whole))
    odds = np.exp(np.log(share / (1 - share)) + shift[:, None])
    return np.asarray(odds / (1 + odds))


def _slope(share: Matrix) -> Matrix:
    """Of a share by its logit."""
    return share * (1 - share)


def effects(
    at: Labels, group: NDArray[np.int64], k: int, models: int
) -> tuple[NDArray[np.float64], Matrix, Matrix, float, float]:
    """Of one source: difficulty (k,), model effects (k, models), labels (k, models), the variance
    of a single label around them, and n0."""
    level = _mean(at.score, at.model, models)[at.model]
    rest = at.score - level
    _, prompt = np.unique(at.prompt, return_inverse=True)
    hard = _mean(rest, prompt, int(prompt.max()) + 1)[prompt]
    rest = rest - hard
    cluster = group[at.prompt]
    cell = cluster * models + at.model
    n = np.bincount(cell, minlength=k * models).reshape(k, models).astype(float)
    total = np.bincount(cell, rest, k * models).reshape(k, models)
    spread, pseudo = _pseudo(rest, total, n)
    seen = np.bincount(cluster, minlength=k)
    peers = (n > 0).sum(axis=1)
    difficulty = np.bincount(cluster, hard, k) / (seen + LEAST) * peers / (peers + PEERS)
    return difficulty, total / (n + pseudo), n, spread, pseudo


def _pseudo(rest: NDArray[np.float64], total: Matrix, n: Matrix) -> tuple[float, float]:
    """(variance of a label, n0), by one-way analysis of variance."""
    between = float((total[n > 0] ** 2 / n[n > 0]).sum())
    freedom = max(int((n > 0).sum()) - int((n.sum(axis=0) > 0).sum()), 1)
    within = (float((rest**2).sum()) - between) / max(len(rest) - int((n > 0).sum()), 1)
    effect = max(between / freedom - within, 0.0) / max(float(n[n > 0].mean()), 1.0)
    within = max(within, 1e-6)
    return within, float(np.clip(within / effect if effect else MOST, LEAST, MOST))


def shares(at: Labels, group: NDArray[np.int64], weight: Matrix, k: int, sources: int) -> Matrix:
    """(clusters, sources), rows add up to 1: the weighted prompts that a source has labels on."""
    pairs = np.unique(np.stack([at.source, at.prompt]), axis=1)
    share = np.zeros((k, sources))
    np.add.at(share, (group[pairs[1]], pairs[0]), weight[pairs[1]])
    return np.asarray(share / share.sum(axis=1, keepdims=True).clip(1e-12))


def evidence(counts: NDArray[np.float64], share: Matrix) -> Matrix:
    """(sources, k, models) labels -> (k, models) effective number of labels.

    Kish's size of the mixed mean over the labelled sources, times the share of the cluster they
    cover: all labels count in full where one source is the whole cluster."""
    part = np.where(counts > 0, share.T[:, :, None], 0.0)
    covered = part.sum(axis=0)
    variance = (part**2 / np.maximum(counts, 1)).sum(axis=0)
    return np.where(variance > 0, covered**3 / np.where(variance > 0, variance, 1), 0.0)


def _mean(values: NDArray[np.float64], place: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    count = np.bincount(place, minlength=size)
    return np.bincount(place, values, size) / np.maximum(count, 1)
