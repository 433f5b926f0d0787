"""Dollars: by hand for the rules, and against an independent table of prices for the facts."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import genai_prices
import pytest

from route.models import CATALOG, binding, price
from turnout.route.catalog import Catalog
from turnout.route.model import Model, OffPeak, Price, Tier, Window
from turnout.route.price import cost, expected_cost, expected_usage
from turnout.wire.events import Usage
from turnout.wire.request import Ask

CLAUDE = price("3", "15", cache_read="0.3", cache_write_5m="3.75", cache_write_1h="6")
TIERED = price(
    "1",
    "4",
    cache_read="0.1",
    tiers=(
        Tier(above=1000, input=Decimal(2), output=Decimal(8), cache_read=Decimal("0.2")),
        Tier(above=5000),
    ),
)
NIGHT = OffPeak(
    input=Decimal("0.5"),
    output=Decimal(2),
    windows=(
        Window(weekdays=(1, 2, 3, 4, 5), minutes=((0, 60), (240, 360), (600, 1440))),
        Window(weekdays=(6, 7), minutes=((0, 1440),)),
    ),
)
FIVE_MINUTES = price("1", "4", cache_write_5m="2")
HOURLY = price("1", "4", off_peak=NIGHT)

# fmt: off
COSTS: dict[str, tuple[Price | None, Usage, str | None]] = {
    "every kind at its own rate": (CLAUDE, Usage(1000, 2000, 3000, 4000, 500), "0.04635"),
    "reasoning is part of the output": (CLAUDE, Usage(output=500, reasoning=400), "0.0075"),
    "nothing used costs nothing": (CLAUDE, Usage(), "0"),
    "one token is not rounded away": (CLAUDE, Usage(cache_read=1), "0.0000003"),
    "no price is unknown, not 0": (None, Usage(fresh_input=1), None),
    "free is 0, not unknown": (price("0", "0"), Usage(fresh_input=9, output=9), "0"),
    "unknown cache rate, none used": (price("1", "4"), Usage(fresh_input=1000), "0.001"),
    "unknown cache rate, some used": (price("1", "4"), Usage(1000, cache_read=1), None),
    "unknown 1h rate beside a 5m one": (FIVE_MINUTES, Usage(cache_write_1h=1), None),
    "at the tier's edge": (TIERED, Usage(fresh_input=1000), "0.001"),
    "above it the whole request": (TIERED, Usage(fresh_input=1001, output=10), "0.002082"),
    "cached input counts toward the tier": (TIERED, Usage(1, cache_read=1000), "0.000202"),
    "output does not": (TIERED, Usage(1, output=2000), "0.008001"),
    "above a tier that nobody knows": (TIERED, Usage(fresh_input=5001), None),
}
# fmt: on


@pytest.mark.parametrize(("price", "usage", "dollars"), COSTS.values(), ids=COSTS)
def test_cost(price: Price | None, usage: Usage, dollars: str | None) -> None:
    assert cost(price, usage) == (None if dollars is None else Decimal(dollars))


# 2026-11-23 is a Monday
HOURS = {
    "no hour given: the dearer one": (None, "1"),
    "Monday 00:59": (datetime(2026, 11, 23, 0, 59, tzinfo=UTC), "0.5"),
    "Monday 01:00": (datetime(2026, 11, 23, 1, 0, tzinfo=UTC), "1"),
    "Monday 04:00": (datetime(2026, 11, 23, 4, 0, tzinfo=UTC), "0.5"),
    "Monday 09:59": (datetime(2026, 11, 23, 9, 59, tzinfo=UTC), "1"),
    "Monday 23:59": (datetime(2026, 11, 23, 23, 59, tzinfo=UTC), "0.5"),
    "Sunday 02:00": (datetime(2026, 11, 22, 2, 0, tzinfo=UTC), "0.5"),
    "Monday 10:00 in Beijing is 02:00": (
        datetime(2026, 11, 23, 10, 0, tzinfo=timezone(timedelta(hours=8))),
        "1",
    ),
}


@pytest.mark.parametrize(("at", "dollars"), HOURS.values(), ids=HOURS)
def test_the_hour(at: datetime | None, dollars: str) -> None:
    assert cost(HOURLY, Usage(fresh_input=1_000_000), at=at) == Decimal(dollars)


# -- what the next action will cost

EXPLICIT = Model(id="m", cache="explicit")
ANTHROPIC = Ask(dialect="anthropic", model="m", input_tokens=1000)
CHAT = Ask(dialect="openai_chat", model="m", input_tokens=1000, max_tokens=50)
MARKED = Ask(dialect="anthropic", model="m", input_tokens=1000, cache_ttl="1h")

EXPECTED = {
    "cold": (ANTHROPIC, Model(id="m"), False, Usage(fresh_input=1000, output=700)),
    "warm": (ANTHROPIC, Model(id="m"), True, Usage(cache_read=1000, output=700)),
    "the client's limit": (CHAT, Model(id="m"), False, Usage(fresh_input=1000, output=50)),
    "marks are written": (MARKED, EXPLICIT, False, Usage(cache_write_1h=1000, output=700)),
    "no marks, no writing": (ANTHROPIC, EXPLICIT, False, Usage(fresh_input=1000, output=700)),
    "a translation marks": (CHAT, EXPLICIT, False, Usage(cache_write_5m=1000, output=50)),
    "marks mean nothing elsewhere": (
        MARKED,
        Model(id="m"),
        False,
        Usage(fresh_input=1000, output=700),
    ),
    "more tokens for the same text": (
        CHAT,
        Model(id="m", token_ratio=1.3),
        False,
        Usage(fresh_input=1300, output=65),
    ),
}


@pytest.mark.parametrize(("ask", "model", "warm", "usage"), EXPECTED.values(), ids=EXPECTED)
def test_expected_usage(ask: Ask, model: Model, warm: bool, usage: Usage) -> None:
    assert expected_usage(ask, binding(model), warm=warm) == usage


def test_a_forecast_may_stand_on_the_input_rate() -> None:
    assert expected_cost(CHAT, binding("m"), warm=True) == Decimal("0.00125")
    assert expected_cost(CHAT, binding("m", dollars=None), warm=True) is None


# -- against genai-prices

FRESH = Usage(fresh_input=12_345, output=678)
CACHED = Usage(fresh_input=12_345, cache_read=54_321, output=678)
WRITTEN = Usage(12_345, 54_321, 1_111, 0, 678)
WRITTEN_1H = Usage(12_345, 54_321, 1_111, 2_222, 678)
LONG = Usage(fresh_input=250_000, cache_read=50_000, output=678)
LONG_WRITTEN = Usage(250_000, 50_000, 1_111, 2_222, 678)
PEAK = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
OFF_PEAK = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

CLAUDES = ("claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-7", "claude-haiku-5-5")
OPENAIS = ("gpt-4o", "gpt-4.1-mini", "gpt-5", "gpt-5.4", "gpt-6-luna")
SAME = [
    *(("anthropic", m, u) for m in CLAUDES for u in (FRESH, CACHED, WRITTEN_1H, LONG_WRITTEN)),
    *(("openai", m, u) for m in OPENAIS for u in (FRESH, CACHED, LONG)),
    *(("openai", "gpt-6-luna", u) for u in (WRITTEN,)),
    *(("google", "gemini-2.5-pro", u) for u in (FRESH, CACHED, LONG)),
    *(("google", m, CACHED) for m in ("gemini-3.5-flash", "gemini-4-argon")),
    *(("xai", "grok-4.5", u) for u in (CACHED, LONG)),
    *(("zai", "glm-5.2", u) for u in (FRESH, CACHED)),
    *(("moonshot", m, CACHED) for m in ("kimi-k2.6", "kimi-k3")),
    *(("mistral", m, CACHED) for m in ("mistral-large-2512", "mistral-small-2603")),
    *(("minimax", "minimax-m3", u) for u in (FRESH, CACHED)),
    *(("openrouter", m, CACHED) for m in ("anthropic/claude-opus-4.7", "deepseek/deepseek-v3.2")),
    *(("groq", "openai/gpt-oss-120b", u) for u in (FRESH, CACHED)),
    ("together", "zai-org/GLM-5.3", CACHED),
    ("fireworks", "accounts/fireworks/models/kimi-k3", CACHED),
]
THEIR_NAMES = {"moonshot": "moonshotai", "xai": "x-ai"}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load(CATALOG)


def theirs(provider: str, id: str, usage: Usage, at: datetime = OFF_PEAK) -> Decimal:
    written = usage.cache_write_5m + usage.cache_write_1h
    counted = genai_prices.Usage(
        input_tokens=usage.fresh_input + usage.cache_read + written,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=written,
        cache_write_1h_tokens=usage.cache_write_1h,
        output_tokens=usage.output,
    )
    name = THEIR_NAMES.get(provider, provider)
    found = genai_prices.calc_price(counted, id, provider_id=name, genai_request_timestamp=at)
    return found.total_price


@pytest.mark.parametrize(("provider", "id", "usage"), SAME, ids=lambda part: str(part)[:40])
def test_others_reckon_the_same(catalog: Catalog, provider: str, id: str, usage: Usage) -> None:
    found = catalog.find(provider, id)
    assert found
    assert cost(found.price, usage) == theirs(provider, id, usage)


@pytest.mark.parametrize("at", [PEAK, OFF_PEAK], ids=["peak", "off-peak"])
def test_others_reckon_the_same_at_any_hour(catalog: Catalog, at: datetime) -> None:
    found = catalog.find("deepseek", "deepseek-flash")
    assert found
    assert cost(found.price, CACHED, at=at) == theirs("deepseek", "deepseek-flash", CACHED, at)


# where we differ, and why: they take the input rate for what they do not know
DIFFER = {
    "no rate for cached tokens": ("groq", "llama-3.3-70b-versatile", CACHED),
    "no tiers known of this host": ("openrouter", "openai/gpt-5.4", LONG),
    "sources disagree above 256k": ("openrouter", "qwen/qwen3.7-plus", LONG),
}


@pytest.mark.parametrize(("provider", "id", "usage"), DIFFER.values(), ids=DIFFER)
def test_unknown_stays_unknown(catalog: Catalog, provider: str, id: str, usage: Usage) -> None:
    found = catalog.find(provider, id)
    assert found
    assert cost(found.price, usage) is None
    assert cost(found.price, Usage(fresh_input=1000, output=10)) is not None
    assert theirs(provider, id, usage) > 0


def test_no_number_of_a_model_that_can_be_chosen_differs(catalog: Catalog) -> None:
    compared = 0
    for found in catalog.bindings:
        for usage in (FRESH, CACHED, LONG):
            ours = cost(found.price, usage)
            if ours is None or not found.routable:
                continue
            try:
                other = theirs(found.provider, found.id, usage, PEAK)
            except LookupError:  # they do not know it
                continue
            assert cost(found.price, usage, at=PEAK) == other, (found.provider, found.id)
            compared += 1
    assert compared > 500
