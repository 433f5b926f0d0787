"""Where a model does worse than its parity promised, over many sessions: it is un-routed there.

For each cluster and model the sessions with and without trouble are counted. With the promise as a
prior, the share of trouble has a Beta posterior:

    share ~ Beta(promise * PRIOR + troubled, (1 - promise) * PRIOR + fine)
    promise = hit * (1 - quality) + false * quality        what the evidence sees of that quality

The alarm rises when P(share > promise + slack) is sure enough. Old sessions fade; a new bundle
counts anew, as its promises are others. A person's word counts for several sessions.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import exp, lgamma, log
from typing import NamedTuple

# All start values.
HIT, FALSE = 0.6, 0.1  # of the evidence, as a detector: scripts/simulate measures both
PRIOR = 10.0  # sessions that the promise counts for
SLACK = 0.05  # share of sessions: parity's epsilon, and what the detector cannot tell apart
SURE = 0.95
FEWEST = 8.0  # sessions before anything is said
FEEDBACK = 4.0  # sessions that a person's word counts for
FADE = 0.99  # share of the past that is left with each session: about a hundred count
GRID = 400  # points of the integral


class Place(NamedTuple):
    """Where a model is judged. Clusters have their numbers from a bundle."""

    bundle: str
    cluster: int
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A session, or its part on one model. `quality`: predicted, 0 to 1; `weight`: sessions."""

    place: Place
    troubled: bool
    quality: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Tally:
    """Sessions, faded. `promise`: the share of trouble that was to be expected, their mean."""

    fine: float = 0.0
    troubled: float = 0.0
    promise: float = 0.0

    @property
    def sessions(self) -> float:
        return self.fine + self.troubled

    @property
    def worse(self) -> float:
        """P(the share of trouble is above the promise and the slack)."""
        a = self.promise * PRIOR + self.troubled
        b = (1 - self.promise) * PRIOR + self.fine
        return above(min(self.promise + SLACK, 1.0), a, b)

    @property
    def alarming(self) -> bool:
        return self.sessions >= FEWEST and self.worse >= SURE

    def after(self, one: Ended) -> "Tally":
        before = self.sessions * FADE
        promise = promised(one.quality)
        return Tally(
            fine=self.fine * FADE + (0.0 if one.troubled else one.weight),
            troubled=self.troubled * FADE + (one.weight if one.troubled else 0.0),
            promise=(self.promise * before + promise * one.weight) / (before + one.weight),
        )


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm. `at`: epoch seconds."""

    place: Place
    at: float
    tally: Tally


class Alarms:
    """In memory, for one thread; what it is told and raises is written down by its caller."""

    def __init__(self) -> None:
        self._tallies: dict[Place, Tally] = {}
        self._raised: dict[Place, Raised] = {}

    def tell(self, one: Ended, at: float) -> Raised | None:
        """An alarm, when this session raised it."""
        tally = self._tallies.get(one.place, Tally()).after(one)
        self._tallies[one.place] = tally
        if one.place in self._raised or not tally.alarming:
            return None
        self._raised[one.place] = Raised(one.place, at, tally)
        return self._raised[one.place]

    def release(self, place: Place) -> bool:
        """By hand: what was counted is forgotten. False when there was no alarm."""
        self._tallies.pop(place, None)
        return self._raised.pop(place, None) is not None

    def alarmed(self, bundle: str, cluster: int) -> frozenset[str]:
        """Models that are not to be chosen for this cluster."""
        return frozenset(
            place.model
            for place in self._raised
            if (place.bundle, place.cluster) == (bundle, cluster)
        )

    def tally(self, place: Place) -> Tally:
        return self._tallies.get(place, Tally())

    def __iter__(self) -> Iterator[Raised]:
        return iter(tuple(self._raised.values()))

    def recall(self, ended: Iterable[Ended], raised: Iterable[Raised]) -> None:
        """What an earlier process knew. Alarms that were released since are not among `raised`."""
        for one in ended:
            self._tallies[one.place] = self._tallies.get(one.place, Tally()).after(one)
        self._raised |= {one.place: one for one in raised}


def promised(quality: float) -> float:
    """Share of sessions in which the evidence sees trouble, of a model as good as predicted."""
    return HIT * (1 - quality) + FALSE * quality


def feedback(place: Place, quality: float, *, good: bool) -> Ended:
    """A person's word on a session."""
    return Ended(place=place, troubled=not good, quality=quality, weight=FEEDBACK)


def above(x: float, a: float, b: float) -> float:
    """P(X > x) for X ~ Beta(a, b), by the midpoint rule."""
    if x >= 1.0:
        return 0.0
    norm = lgamma(a + b) - lgamma(a) - lgamma(b)
    width = (1.0 - x) / GRID
    points = (x + (n + 0.5) * width for n in range(GRID))
    total = sum(exp(norm + (a - 1) * log(p) + (b - 1) * log(1 - p)) for p in points)
    return min(total * width, 1.0)
