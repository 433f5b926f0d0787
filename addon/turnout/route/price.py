"""Usage to dollars, exactly: the right cache rate, tier and hour. What is unknown stays unknown.

cost            what an answer cost, from the provider's own usage
expected_usage  what the next one will use, as far as one can tell beforehand
"""

from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from turnout.route.model import Binding, Price, Rates
from turnout.wire.events import Usage
from turnout.wire.request import Ask

PER_TOKEN = Decimal("1e-6")  # rates are per million tokens
PER_SEARCH = Decimal("1e-3")  # per thousand searches
TYPICAL_OUTPUT = 700  # tokens; start value

# a kind of token: the rate that bills it. Reasoning is part of the output.
BILLED = (
    ("fresh_input", "input"),
    ("cache_read", "cache_read"),
    ("cache_write_5m", "cache_write_5m"),
    ("cache_write_1h", "cache_write_1h"),
    ("output", "output"),
)
_KINDS = attrgetter(*(kind for kind, _ in BILLED))
_RATES = attrgetter(*(rate for _, rate in BILLED))


def cost(price: Price | None, usage: Usage, *, at: datetime | None = None) -> Decimal | None:
    """USD at list price. `at`: when it was asked, aware; without it the dearer hours are assumed.

    None when the price of anything that was used is unknown; it is never taken for 0.
    """
    if price is None or usage.apart:
        return None
    searched = _searched(price, usage.searches)
    if searched is None:
        return None
    total = Decimal(0)
    for tokens, rate in zip(_KINDS(usage), _RATES(rates_for(price, usage, at)), strict=True):
        if tokens:
            if rate is None:
                return None
            total += tokens * rate
    return total * PER_TOKEN + searched


def _searched(price: Price, searches: int) -> Decimal | None:
    if not searches:
        return Decimal(0)
    return None if price.searches is None else searches * price.searches * PER_SEARCH


def rates_for(price: Price, usage: Usage, at: datetime | None = None) -> Rates:
    """A long-context tier bills the whole request; no provider has both tiers and hours."""
    if not price.tiers and price.off_peak is None:
        return price
    total = usage.fresh_input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h
    return rates_at(price, total, at)


def rates_at(price: Price, tokens: int, at: datetime | None = None) -> Rates:
    """`tokens`: of all input together."""
    if price.tiers:
        reached = [tier for tier in price.tiers if tokens > tier.above]
        return max(reached, key=lambda tier: tier.above, default=price)
    off = price.off_peak
    if off and at and any(at in window for window in off.windows):
        return off
    return price


def expected_usage(ask: Ask, binding: Binding, *, warm: bool) -> Usage:
    """Of this one action. `warm`: the provider has its input in the cache from the last one.

    Models with cache marks are billed for writing: the client's marks, or those that a translation
    into their dialect adds.
    """
    model = binding.model
    tokens = round(ask.input_tokens * model.token_ratio)
    output = round(min(ask.max_tokens or TYPICAL_OUTPUT, TYPICAL_OUTPUT) * model.token_ratio)
    if warm:
        return Usage(cache_read=tokens, output=output)
    marked = ask.cache_ttl or (None if ask.dialect == "anthropic" else "5m")
    if model.cache != "explicit" or marked is None:
        return Usage(fresh_input=tokens, output=output)
    if marked == "1h":
        return Usage(cache_write_1h=tokens, output=output)
    return Usage(cache_write_5m=tokens, output=output)


def expected_cost(
    ask: Ask, binding: Binding, *, warm: bool, at: datetime | None = None
) -> Decimal | None:
    """USD, a forecast: where the cache rates are unknown the input rate stands in for them."""
    return Forecast(ask, at)(binding, warm=warm)


class Forecast:
    """`expected_cost` of one action at many bindings; most of them will use the same tokens."""

    def __init__(
        self, ask: Ask, at: datetime | None = None, wholes: "Wholes | None" = None
    ) -> None:
        """`wholes`: outlives this forecast."""
        self._ask, self._at, self._wholes = ask, at, wholes or Wholes()
        self._usages: dict[tuple[float, str, bool], Usage] = {}

    def __call__(self, binding: Binding, *, warm: bool) -> Decimal | None:
        key = (binding.model.token_ratio, binding.model.cache, warm)
        usage = self._usages.get(key)
        if usage is None:
            usage = self._usages[key] = expected_usage(self._ask, binding, warm=warm)
        found = cost(binding.price, usage, at=self._at)
        if found is not None:
            return found
        plain = Usage(fresh_input=usage.cache_read or _input(usage), output=usage.output)
        return cost(binding.price, plain, at=self._at)

    def cold(self, binding: Binding) -> float | None:
        """The same without a warm cache, as a float: for many bindings at a time."""
        usage = self._usages.get((binding.model.token_ratio, binding.model.cache, False))
        whole = self._whole(binding.price, usage) if usage and binding.price else None
        if usage is None or whole is None:
            found = self(binding, warm=False)
            return None if found is None else float(found)
        fresh, five, hour, output = whole
        rate = five if usage.cache_write_5m else hour if usage.cache_write_1h else fresh
        return (_input(usage) * rate + usage.output * output) / UNITS

    def _whole(self, price: Price, usage: Usage) -> "Whole | None":
        tokens = _input(usage)
        if not (tokens and usage.output):
            return None  # what is not used needs no price
        moves = price.tiers or price.off_peak
        return self._wholes(rates_at(price, tokens, self._at) if moves else price)


# unit: 1e-8 USD per million tokens; that many of one token make a dollar
UNITS = 10**14
_PER_RATE = Decimal(10**8)

type Whole = tuple[int, int, int, int]  # input, cache writes of 5 minutes and an hour, output


class Wholes:
    """Prices as whole numbers: as exact as decimals, and many times faster.

    None where a price is unknown, or finer than a unit.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Rates, Whole | None]] = {}  # held, so that an id stays its own

    def __call__(self, rates: Rates) -> Whole | None:
        found = self._known.get(id(rates))
        if found is None:
            found = self._known[id(rates)] = (rates, _whole(rates))
        return found[1]


def _whole(price: Rates) -> Whole | None:
    """An unknown rate of the cache is that of input, as it is in a forecast."""
    if price.input is None or price.output is None:
        return None
    rates = (price.input, price.cache_write_5m, price.cache_write_1h, price.output)
    units = [(price.input if rate is None else rate) * _PER_RATE for rate in rates]
    if any(unit != int(unit) for unit in units):
        return None
    fresh, five, hour, output = map(int, units)
    return fresh, five, hour, output


def _input(usage: Usage) -> int:
    return usage.fresh_input + usage.cache_write_5m + usage.cache_write_1h
