"""How wordy models are against each other, learned from their own answers. Pure.

Two models' steps are compared within one client and kind of request. Where nothing was heard of one
of them the prior stands: as many words, give or take a lot.
"""

from collections import OrderedDict
from dataclasses import dataclass
from math import hypot, log, sqrt

from turnout.session.elsewhere import WORDY_SD, Wordy

STEP_SD = 1.0  # of the logarithm of one step's output, around its model's mean; guess
ALIKE = 20.0  # steps, one after another, that tell as much as one alone: a session of them; guess
SESSION_SD = 0.4  # what stays from session to session, however much was heard; guess
MOST = 1000  # models of clients that are remembered

type Whose = tuple[str, str]  # client, kind of request


@dataclass(slots=True)
class _Heard:
    steps: int = 0
    mean: float = 0.0  # of the logarithm of output tokens


class Words:
    """One per process."""

    def __init__(self) -> None:
        self._heard: OrderedDict[tuple[Whose, str], _Heard] = OrderedDict()

    def heard(self, whose: Whose, model: str, output: float) -> None:
        """`output`: of one step, in tokens of a tokeniser whose ratio is 1."""
        if output <= 0:
            return
        one = self._heard.setdefault((whose, model), _Heard())
        one.steps += 1
        one.mean += (log(output) - one.mean) / one.steps
        self._heard.move_to_end((whose, model))
        if len(self._heard) > MOST:
            self._heard.popitem(last=False)

    def of(self, whose: Whose, served: str, other: str) -> Wordy:
        """A normal prior, a normal likelihood."""
        mine, theirs = self._heard.get((whose, served)), self._heard.get((whose, other))
        if mine is None or theirs is None:
            return Wordy()
        variance = STEP_SD**2 * ALIKE * (1 / mine.steps + 1 / theirs.steps)
        weight = WORDY_SD**2 / (WORDY_SD**2 + variance)
        sd = hypot(sqrt(weight * variance), SESSION_SD)
        return Wordy(log=weight * (theirs.mean - mine.mean), sd=sd)
