"""Routing to models on the day they arrive: what is asked for is older and has labels, what may
serve it is newer and has none. The cheapest at parity serves, as the rule has it; then its labels
tell what that cost. This is where a rule that leans on models without labels can do harm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS = 500

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Offers:
    """A newer model to one who asks for an older one, on one source. `case`: which (older model,
    source, day) it is offered to. `price`: of the newer, of the older one's; NaN unknown.
    `gap`, `true`, `deviation`: predicted and measured difference of mean score, and its sd."""

    case: NDArray[np.int64]
    price: Floats
    gap: Floats
    true: Floats
    deviation: Floats

    def where(self, keep: NDArray[np.bool_]) -> "Offers":
        return Offers(*(getattr(self, name)[keep] for name in self.__slots__))


def routed(offers: Offers, z: float, epsilon: float, seed: int) -> dict[str, object]:
    """Per case the cheapest at parity, else what was asked for. Intervals: bootstrap over cases.

    `harmed`: share of all cases that lost more than epsilon. `bill`: list prices, per cent."""
    cases = np.unique(offers.case)
    if not len(cases):
        return {}
    with np.errstate(invalid="ignore"):
        fits = (offers.price <= 1) & (offers.gap >= z * offers.deviation - epsilon)
    won, price = np.zeros(len(cases)), np.ones(len(cases))
    for place, case in enumerate(cases.tolist()):
        own = np.flatnonzero(fits & (offers.case == case))
        if len(own):
            best = own[offers.price[own].argmin()]
            won[place], price[place] = offers.true[best], offers.price[best]
    columns = {"points": won, "harmed": won < -epsilon, "bill_percent": price, "routed": price < 1}
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(cases), (ROUNDS, len(cases)))
    return {"cases": len(cases)} | {
        name: _interval(np.asarray(values, np.float64), draws) for name, values in columns.items()
    }


def _interval(values: Floats, draws: NDArray[np.int64]) -> dict[str, float]:
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    named = {"value": values.mean(), "low": low, "high": high}
    return {name: round(100 * float(value), 2) for name, value in named.items()}
