"""What was observed, put into the economics: tokens, tariffs, tokenisers, faith."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from route.models import binding, price
from turnout.route.model import Binding, Model, OffPeak, Tier, Window
from turnout.session.cache_state import Cached
from turnout.session.learned import FAITH
from turnout.session.outlook import TYPICAL_STEP, Outlook
from turnout.session.pins import Pin
from turnout.session.place import place
from turnout.wire.events import Usage
from turnout.wire.request import Ask

NOW = 1_000_000.0
ASK = Ask(dialect="anthropic", model="big", messages=9, input_tokens=44_000, cache_ttl="5m")
RATES = {"cache_read": "0.5", "cache_write_5m": "6.25", "cache_write_1h": "10"}
CLAUDE = replace(binding(Model(id="big", cache="explicit")), price=price("5", "25", **RATES))
AUTO = replace(binding("auto"), price=price("2", "8", cache_read="0.2"))
DOUBLE = replace(AUTO, id="double", model=Model(id="double", token_ratio=2.0))


def pinned(one: Binding, *usages: Usage, age: float = 1.0, ask: Ask = ASK) -> Pin:
    """Each answer came a second after the other; requests were estimated at 40,000, 42,000 ..."""
    found = Pin(provider=one.provider, model=one.model.id, last_used=NOW)
    for n, usage in enumerate(usages):
        at = NOW - age - (len(usages) - 1 - n)
        prefix = replace(place(ask, "", "").prefix, messages=5 + n, tokens=40_000 + 2_000 * n)
        seen = Cached.seen(
            found.binding,
            prefix,
            usage,
            asked_at=at,
            at=at,
            ttl="5m",
            marked=one.model.cache == "explicit",
            expected=30_000 if n else 0,
        )
        found = found.with_cached(seen)
    return found


def outlook(one: Binding, *usages: Usage, ask: Ask = ASK, **facts: Any) -> Outlook:
    where = replace(place(ask, "", ""), pin=pinned(one, *usages, ask=ask) if usages else None)
    return Outlook(ask, where, 4.0, NOW, pinned=one, **facts)


def rates(found: Outlook, one: Binding) -> tuple[float, float, float]:
    """USD per million tokens: read, write, output."""
    tariff = found.side(one).tariff
    assert tariff
    return tariff.read * 1e6, tariff.write * 1e6, tariff.output * 1e6


def test_before_the_first_answer_all_of_it_is_new() -> None:
    traffic = outlook(CLAUDE).traffic
    assert (traffic.prefix, traffic.new, traffic.each) == (0, 44_000, TYPICAL_STEP)
    assert (traffic.output, traffic.steps) == (700, 4.0)


def test_c91_tokens_are_the_providers_own_counts() -> None:
    """It counted 1.25 times the estimate; the history grew by 2,500 a step; answers had 450."""
    seen = (
        Usage(cache_write_5m=50_000, output=400),
        Usage(cache_read=50_000, cache_write_5m=2_500, output=500),
    )
    found = outlook(CLAUDE, *seen)
    traffic = found.traffic
    assert (traffic.prefix, traffic.each, traffic.output) == (52_500, 2_500, 450)
    assert traffic.new == pytest.approx(44_000 * 1.25 - 52_500)
    assert found.side(CLAUDE).cached == 52_500
    assert found.side(AUTO).cached == 0


def test_an_estimate_is_corrected_within_reason() -> None:
    found = outlook(CLAUDE, Usage(cache_write_5m=2_000_000))
    assert found.traffic.prefix == 44_000 * 4


def test_tokenisers_differ() -> None:
    """What the pinned model counted twice is once for everybody else."""
    found = outlook(DOUBLE, Usage(cache_read=80_000, output=800))
    assert (found.traffic.prefix, found.traffic.output) == (40_000, 400)
    assert (found.side(DOUBLE).ratio, found.side(AUTO).ratio) == (2.0, 1.0)


PREMIUMS: dict[str, tuple[dict[str, Any], Binding, tuple[float, float]]] = {
    "five minutes": ({}, CLAUDE, (0.5, 6.25)),
    "an hour": ({"cache_ttl": "1h"}, CLAUDE, (0.5, 10)),
    "no marks, nothing is kept": ({"cache_ttl": None}, CLAUDE, (5, 5)),
    "a translation marks for itself": (
        {"cache_ttl": None, "dialect": "openai_chat"},
        CLAUDE,
        (0.5, 6.25),
    ),
    "automatic takes no fee": ({}, AUTO, (0.2, 2)),
    "an unknown rate of the cache is input's": ({}, binding("plain", dollars="3"), (3, 3)),
}


@pytest.mark.parametrize(("ask", "one", "expected"), PREMIUMS.values(), ids=PREMIUMS)
def test_the_premium_of_what_was_asked_for(
    ask: dict[str, Any], one: Binding, expected: tuple[float, float]
) -> None:
    assert rates(outlook(one, ask=replace(ASK, **ask)), one)[:2] == pytest.approx(expected)


def test_long_contexts_and_hours_have_prices_of_their_own() -> None:
    tier = Tier(above=40_000, input=Decimal(9), output=Decimal(30), cache_read=Decimal(1))
    tiered = replace(AUTO, price=price("2", "8", tiers=(tier,)))
    assert rates(outlook(tiered), tiered) == pytest.approx((1, 9, 30))
    night = OffPeak(
        input=Decimal(1), output=Decimal(4), windows=(Window(weekdays=(7,), minutes=((0, 60),)),)
    )
    owl = replace(AUTO, price=price("2", "8", off_peak=night))
    sunday = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
    assert rates(outlook(owl, when=sunday), owl) == pytest.approx((1, 1, 4))


def test_a_cache_that_was_promised_and_never_read_is_none() -> None:
    """Its reads cost more and more of what writing costs: 30,000 tokens against FAITH."""
    cold = (Usage(fresh_input=40_000), Usage(fresh_input=42_000))
    kept = FAITH / (30_000 + FAITH)
    assert rates(outlook(AUTO, *cold), AUTO)[:2] == pytest.approx((kept * 0.2 + (1 - kept) * 2, 2))
    half = (Usage(fresh_input=40_000), Usage(fresh_input=27_000, cache_read=15_000))
    kept = (15_000 + FAITH) / (30_000 + FAITH)
    assert rates(outlook(AUTO, *half), AUTO)[:2] == pytest.approx((kept * 0.2 + (1 - kept) * 2, 2))


def test_thoughts_count_only_when_the_model_changes() -> None:
    ask = replace(ASK, signed_thinking=True)
    found = outlook(CLAUDE, Usage(cache_write_5m=50_000, output=400), ask=ask)
    weighed = found.weigh(CLAUDE, AUTO)
    assert weighed.other and weighed.other.handover == pytest.approx(400 * 8e-6)
    elsewhere = found.weigh(CLAUDE, replace(CLAUDE, provider="b"))
    assert elsewhere.other and elsewhere.other.handover == 0


def test_c49_the_same_binding_is_not_weighed() -> None:
    found = outlook(CLAUDE, Usage(cache_write_5m=50_000))
    assert found.weigh(CLAUDE, replace(CLAUDE)).reason == "same_model"


def test_c54_no_price() -> None:
    nothing = binding("nothing", dollars=None)
    found = outlook(CLAUDE, Usage(cache_write_5m=50_000))
    assert found.weigh(CLAUDE, nothing).reason == "pricing_missing"
    assert (found.rest(nothing), found.afresh(nothing)) == (None, None)
    rest, afresh = found.rest(CLAUDE), found.afresh(CLAUDE)
    assert rest and afresh and rest.total < afresh, "its cache is warm"
