"""How many steps a session is still to have: a survival curve per client and kind.

A curve is a hazard for each span of steps: the chance that a step is the last one. Shipped values
are guesses; the log's own sessions replace them, as fast as they outweigh PRIOR steps of a guess.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import NamedTuple

SPANS = (1, 2, 3, 5, 9, 17, 33, 65)  # each begins at this step; the last has no end
PRIOR = 40.0  # steps at risk that a guess counts for, in each span
LONGEST = 200.0  # steps that are never exceeded
OPEN_S = 3600.0  # seconds after its last step in which a session may still go on

# guesses: mean number of steps that are left, this one included
DEFAULT = 8.0
GUESSES: Mapping[tuple[str, str], float] = {
    ("claude-code", "main"): 16.0,
    ("claude-code", "sub_agent"): 8.0,
    ("codex", "main"): 16.0,
    ("codex", "sub_agent"): 8.0,
    ("opencode", "main"): 12.0,
    ("gemini-cli", "main"): 12.0,
    ("aider", "main"): 4.0,
    ("llm", "main"): 2.0,
}


class Lived(NamedTuple):
    """One session of the log. `last_at`: epoch seconds of its last step."""

    client: str
    kind: str
    steps: int
    last_at: float


@dataclass(frozen=True, slots=True)
class Curve:
    """`hazards`: one for each of SPANS, above 0."""

    hazards: tuple[float, ...]

    @classmethod
    def flat(cls, mean: float) -> "Curve":
        return cls((1 / mean,) * len(SPANS))

    def left(self, step: int) -> float:
        """Steps to be expected when number `step` is about to be made; that one included."""
        expected, alive = 0.0, 1.0
        for hazard, begin, end in self._spans():
            length = end - max(begin, step)
            if length > 0:
                rest = (1 - hazard) ** length if length < inf else 0.0
                expected += alive * (1 - rest) / hazard
                alive *= rest
        return min(max(expected, 1.0), LONGEST)

    def _spans(self) -> Iterable[tuple[float, int, float]]:
        ends = [*(end for _, end in pairwise(SPANS)), inf]
        return zip(self.hazards, SPANS, ends, strict=True)


def group(kind: str) -> str:
    """The kinds whose sessions are counted together."""
    return "sub_agent" if kind == "sub_agent" else "main"


def guess(client: str, kind: str) -> Curve:
    return Curve.flat(GUESSES.get((client, group(kind)), DEFAULT))


def estimated(sessions: Iterable[Lived], prior: Curve, now: float) -> Curve:
    """Kaplan and Meier's estimate per span, drawn to `prior`. What may go on has not ended.

    Hazard of a span: (ended in it + prior hazard * PRIOR) / (steps made in it + PRIOR).
    https://doi.org/10.1080/01621459.1958.10501452
    """
    risk, ended = [PRIOR] * len(SPANS), [hazard * PRIOR for hazard in prior.hazards]
    ends = [*(end for _, end in pairwise(SPANS)), inf]
    for one in sessions:
        for n, (begin, end) in enumerate(zip(SPANS, ends, strict=True)):
            risk[n] += max(0, min(one.steps, end - 1) - begin + 1)
            if begin <= one.steps < end and now - one.last_at > OPEN_S:
                ended[n] += 1
    return Curve(tuple(e / r for e, r in zip(ended, risk, strict=True)))


@dataclass(frozen=True, slots=True)
class Horizon:
    """Curves by client and kind; the guess where there is none."""

    curves: Mapping[tuple[str, str], Curve] = field(default_factory=dict)

    def left(self, client: str, kind: str, step: int) -> float:
        curve = self.curves.get((client, group(kind))) or guess(client, kind)
        return curve.left(max(step, 1))


def learned(sessions: Iterable[Lived], now: float) -> Horizon:
    """From the sessions of a log."""
    by: dict[tuple[str, str], list[Lived]] = defaultdict(list)
    for one in sessions:
        if one.steps > 0:
            by[one.client, group(one.kind)].append(one)
    return Horizon({key: estimated(some, guess(*key), now) for key, some in by.items()})
