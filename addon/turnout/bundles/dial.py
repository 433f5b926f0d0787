"""Who wins each cluster at each profile, and what the bill would be, before any traffic.

A cluster stands for the prompts around it: what is scored is its own centroid, as a request would
be. Bills are list prices, three tokens of input to one of output, each cluster weighing what its
share of prompts is. Which of its models a deployment can use depends on its keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnout.bundles import parity
from turnout.bundles.parity import Told
from turnout.route.bundle import Bundle, Profile

THIN = 20.0  # labels: fewer of them say little
NOTCH = 0.04  # of the requested model's bill: what moves it less is no step of the dial


@dataclass(frozen=True, slots=True)
class Winner:
    """Of one cluster. `thin`: few labels, or none, are behind its quality."""

    model: str
    quality: float
    evidence: float

    @property
    def thin(self) -> bool:
        return self.evidence < THIN


@dataclass(frozen=True, slots=True)
class Projection:
    """`mix`: model -> share of prompts, greatest first. `bill`: of the requested model's, 1 = all
    of it. `gain`: predicted quality against the requested model's, 0..1."""

    epsilon: float
    winners: tuple[Winner, ...]
    mix: Mapping[str, float]
    bill: float
    gain: float


class Dial:
    """One requested model against those that may be used."""

    def __init__(
        self,
        bundle: Bundle,
        prices: Mapping[str, float],
        requested: str,
        shares: Sequence[float],
        models: Sequence[str] | None = None,
    ) -> None:
        """`prices`: USD per million tokens of the models that may win; those of `models` only."""
        usable = set(prices if models is None else models) | {requested}
        self.names = [name for name in bundle.models if name in usable and name in prices]
        self.home = self.names.index(requested)
        self.price = np.array([prices[name] for name in self.names])
        self.shares = np.array(shares, np.float64) / sum(shares)
        self.told = told_of(bundle, self.names)

    def at(self, rules: Profile) -> Projection:
        fits = parity.able(self.told, self.price, self.home, rules)
        return self._projection(parity.cheapest(fits, self.price, self.home), rules.epsilon)

    def steps(self, rules: Profile, most: float = 0.10) -> list[Projection]:
        """The epsilons from 0 to `most` at which winners change enough to move the bill."""
        gap = self.told.quality - self.told.quality[:, [self.home]]
        needed = rules.z * self.told.apart(self.home) - gap
        edges = np.unique(np.append(needed[(needed > 0) & (needed <= most)], 0.0))
        found: list[Projection] = []
        for edge in edges.tolist():
            step = self.at(Profile(edge + 1e-9, rules.z, rules.min_evidence))
            if not found or abs(step.bill - found[-1].bill) >= NOTCH:
                found.append(step)
        return found

    def _projection(self, chosen: NDArray[np.int64], epsilon: float) -> Projection:
        rows = np.arange(len(chosen))
        quality, evidence = (
            getattr(self.told, name)[rows, chosen] for name in ("quality", "evidence")
        )
        winners = [
            Winner(self.names[m], float(q), float(e))
            for m, q, e in zip(chosen.tolist(), quality, evidence, strict=True)
        ]
        mix: dict[str, float] = {}
        for one, share in zip(winners, self.shares.tolist(), strict=True):
            mix[one.model] = mix.get(one.model, 0.0) + share
        return Projection(
            epsilon,
            tuple(winners),
            dict(sorted(mix.items(), key=lambda item: (-item[1], item[0]))),
            float(self.shares @ self.price[chosen] / self.price[self.home]),
            float(self.shares @ (quality - self.told.quality[:, self.home])),
        )


def told_of(bundle: Bundle, models: Sequence[str]) -> Told:
    """(clusters, models): at the centroids, as above."""
    found = parity.of_classes(bundle)
    columns = np.array([bundle.models[name] for name in models], np.int64)
    return found.of(np.arange(len(bundle.labels)), columns)
