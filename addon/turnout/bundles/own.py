"""A bundle, moved by what a user's own sessions showed. Thin evidence moves it little.

A session shows trouble or none; the evidence sees trouble in a share `promised(quality)` of them
(session/alarm.py), so a share of trouble is a quality, with an error. Against what the bundle says

    rest(k, m) = difficulty(k) + error(k, m) + noise(k, m)

    difficulty   of this user's tasks of class k, the same for every model: sd DIFFICULTY
    error        of the bundle: its own standard error says how large; the errors of one model in
                 two classes correlate by SHARED, as they come from one prior
    noise        of counting few sessions

Where an alarm has un-routed a model, what was counted of it speaks alone, if that is worse: a new
bundle must not bring back what sessions were lost by.

What sessions say of the difference of two models is added to what the base knows of it:

    1 / apart'^2 = 1 / apart^2 + 1 / (se'(m)^2 + se'(n)^2) - 1 / (se(m)^2 + se(n)^2)

The last two are what sessions tell of it, as if the errors of two models were independent: so this
arithmetic takes them, and then apart' is sqrt(se'(m)^2 + se'(n)^2). Of two that the base knows to
err together a session says little that is new, and little is taken off: to subtract what was
learned of each would leave nothing, and call the difference exact.

All are taken for normal, and what is expected of `error`, given every `rest`, is what moves. So ten
sessions weigh what ten sessions do; where all models do worse, no model is blamed for it; and what
one class shows of a model says something, but less, about its others.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnout.bundles.outcomes import Outcomes
from turnout.route.bundle import Bundle
from turnout.session.alarm import FALSE, HIT

type Matrix = NDArray[np.float64]

DIFFICULTY = 0.2  # start value, in units of quality
SHARED = 0.5  # start value
LABEL = 0.25  # variance of a label of right and wrong, at most


@dataclass(frozen=True, slots=True)
class Moved:
    """(clusters, models) each. `difficulty`: (clusters,) expected, told but not applied: it is the
    same for all models, and what is compared are their differences."""

    quality: Matrix
    se: Matrix
    apart: Matrix
    evidence: Matrix
    difficulty: Matrix


def moved(base: Bundle, found: Outcomes) -> Moved:
    k, m = np.nonzero(found.count > 0)
    n, share = found.count[k, m], found.troubled[k, m] / found.count[k, m]
    noise = _variance(n, found.troubled[k, m])
    seen = (HIT - share) / (HIT - FALSE)
    rest = seen - base.quality[k, m]
    se = base.se
    same_class, same_model = k[:, None] == k, m[:, None] == m
    errors = np.where(same_model, np.where(same_class, 1.0, SHARED), 0.0) * np.outer(
        se[k, m], se[k, m]
    )
    total = errors + DIFFICULTY**2 * same_class + np.diag(noise)
    across = _across(se, k, m)
    inverse = np.linalg.inv(total)
    shift = (across @ (inverse @ rest)).reshape(se.shape)
    known = np.einsum("ij,jk,ik->i", across, inverse, across).reshape(se.shape)
    classes = (np.arange(len(se))[:, None] == k) * DIFFICULTY**2
    shares = _shares(base.quality + shift)
    bad = found.alarmed[k, m]
    shares[k[bad], m[bad]] = np.minimum(shares[k[bad], m[bad]], seen[bad].clip(0, 1))
    labels = np.zeros(se.shape)
    labels[k, m] = LABEL / noise
    return Moved(
        shares,
        np.sqrt(np.maximum(se**2 - known, 0.0)),
        _apart(base.apart, se**2, np.clip(known, 0.0, se**2)),
        base.evidence + labels,
        classes @ (inverse @ rest),
    )


def _apart(apart: Matrix, variance: Matrix, known: Matrix) -> Matrix:
    """(clusters, models, models), (clusters, models) of the base, (clusters, models) that went."""
    before = variance[:, :, None] + variance[:, None, :]
    learned = known[:, :, None] + known[:, None, :]
    square, after = apart**2, before - learned
    total = before * after + square * learned
    left = np.divide(before * after, total, out=np.ones_like(total), where=total > 0)
    return np.asarray(np.sqrt(square * left))


def _shares(quality: Matrix) -> Matrix:
    """Into 0..1. A class whose best model is above 1 goes down as a whole: a ceiling would make
    unlike models alike."""
    return np.asarray(np.maximum(quality - np.maximum(quality.max(axis=1) - 1, 0)[:, None], 0.0))


def _variance(n: Matrix, troubled: Matrix) -> Matrix:
    """Of the quality that a count of sessions shows. None in three is not a share of 0 for sure."""
    share = (troubled + 1) / (n + 2)
    return np.asarray(share * (1 - share) / n / (HIT - FALSE) ** 2)


def _across(se: Matrix, k: NDArray[np.intp], m: NDArray[np.intp]) -> Matrix:
    """(clusters * models, observed): covariance of errors."""
    rows, columns = (grid.ravel() for grid in np.indices(se.shape))
    alike = np.where(rows[:, None] == k, 1.0, SHARED) * (columns[:, None] == m)
    return np.asarray(alike * np.outer(se.ravel(), se[k, m]))
