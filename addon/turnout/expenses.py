"""What an action cost besides the answer that went back: failed attempts, and hedges that lost.

    refused before it began to answer       nothing: providers bill no error
    no answer came                          nothing, unless we hung up on it
    its usage was seen                      that usage, priced exactly
    cut after it began, usage not seen      an estimate, from the request; its `usage` stays None

An estimate is marked: it has a cost and no usage, and the row says `estimated`. An attempt of
unknown price makes the cost of the action unknown, as everywhere.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from turnout.record import Tried, Usd
from turnout.route.model import Binding
from turnout.route.price import cost, expected_cost
from turnout.trip import Attempt
from turnout.wire.events import Usage
from turnout.wire.request import Ask

type Find = Callable[[str, str], Binding | None]

NOTHING = Decimal(0)
# how an error is called that a provider gave as the first event of its stream: "529: overloaded"
FIRST_EVENT = re.compile(r"\d{3}: ")
HUNG_UP = re.compile(r"TimeoutError|no \w+ within|given up|lost: ")  # as relay/tries.py says it
LOST = "lost: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """`total`: of `attempts` that were not given back; None is unknown. `hedges`: a part of it."""

    attempts: tuple[Tried, ...] = ()
    total: Decimal | None = NOTHING
    hedges: Decimal | None = NOTHING

    @property
    def estimated(self) -> bool:
        return any(t.usage is None and t.cost_usd for t in self.attempts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """What pricing an attempt needs. `home`: of the client's own request, a Tried without a model.

    `covered`: a subscription pays for what is sent with the client's own key.
    """

    find: Find
    ask: Ask | None
    home: Binding | None
    at: datetime
    covered: bool = False


def spent(tried: Sequence[Tried], given: Attempt | None, pricing: Pricing) -> Spent:
    """Prices every attempt but the one that was given back."""
    back = _given_back(tried, given)
    attempts = tuple(t if n == back else _priced(t, pricing) for n, t in enumerate(tried))
    wasted = [t for n, t in enumerate(attempts) if n != back]
    return Spent(
        attempts=attempts,
        total=_sum(t.cost_usd for t in wasted),
        hedges=_sum(t.cost_usd for t in wasted if t.hedge or t.error.startswith(LOST)),
    )


def _given_back(tried: Sequence[Tried], given: Attempt | None) -> int:
    """Its place in `tried`: the latest that ended well; -1 for none."""
    if given is None:
        return -1
    name = (given.provider, given.model)
    well = (
        n
        for n, t in enumerate(tried)
        if (t.provider, t.model) == name and not t.error and t.usage is None
    )
    return max(well, default=-1)


def _priced(one: Tried, pricing: Pricing) -> Tried:
    """With what it cost, as far as that is known."""
    if one.cost_usd is not None:
        return one
    if pricing.covered and not one.model:
        return replace(one, cost_usd=NOTHING)
    if one.usage is None and _began_nothing(one):
        return replace(one, usage=Usage(), cost_usd=NOTHING)
    binding = pricing.find(one.provider, one.model) if one.model else pricing.home
    return replace(one, cost_usd=_cost(one.usage, binding, pricing))


def _began_nothing(one: Tried) -> bool:
    if one.status is None:
        return not one.hedge and not HUNG_UP.search(one.error)
    return one.status >= 300 or bool(FIRST_EVENT.match(one.error))


def _cost(usage: Usage | None, binding: Binding | None, pricing: Pricing) -> Decimal | None:
    if binding is None:
        return None
    if usage is not None:
        return cost(binding.price, usage, at=pricing.at)
    if pricing.ask is None:
        return None
    return expected_cost(pricing.ask, binding, warm=False, at=pricing.at)


def _sum(costs: Iterable[Usd]) -> Decimal | None:
    """Unknown as soon as one of them is."""
    total = NOTHING
    for usd in costs:
        if usd is None:
            return None
        total += usd if isinstance(usd, Decimal) else Decimal(str(usd))
    return total
