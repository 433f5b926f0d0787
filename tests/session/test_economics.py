"""The sums, by hand; and what follows from them (conformance 49 to 56)."""

from dataclasses import replace
from typing import Any

import pytest

from turnout.errors import ConfigError
from turnout.session.economics import (
    Knobs,
    Side,
    Tariff,
    Traffic,
    Weighed,
    handover,
    total,
    unchanged,
    weigh,
)

M = 1e-6
# USD per million tokens: read, write, output
BIG = Side(tariff=Tariff(read=0.5 * M, write=6.25 * M, output=25 * M))
SMALL = Side(tariff=Tariff(read=0.1 * M, write=1.25 * M, output=5 * M))
# T = 40,000, d = 1,000, o = 500, H = 5
FIVE = Traffic(prefix=40_000, new=1_000, each=1_000, output=500, steps=5)
WARM = replace(BIG, cached=40_000)

# cost(big, warm) = 40,000*0.5 + 1,000*6.25 + 500*25 = 38,750 millionths; cold: 41,000*6.25 + 12,500
SUMS: dict[str, tuple[Side, Traffic, float, float]] = {
    "warm: T is read, d is written": (WARM, FIVE, 0.03875, 4 * 0.03875),
    "cold: T and d are written": (BIG, FIVE, 0.26875, 4 * 0.03875),
    "the last step": (WARM, replace(FIVE, steps=1), 0.03875, 0.0),
    "partly warm": (replace(BIG, cached=30_000), FIVE, 0.03875 + 10_000 * 5.75 * M, 4 * 0.03875),
    "more than the prefix cannot be read": (replace(BIG, cached=9e9), FIVE, 0.03875, 4 * 0.03875),
    "another tokeniser has more of everything": (
        replace(BIG, cached=80_000, ratio=2.0),
        FIVE,
        2 * 0.03875,
        8 * 0.03875,
    ),
    "a wordy model says more": (
        replace(WARM, verbosity=2.0),
        FIVE,
        0.03875 + 0.0125,
        4 * (0.03875 + 0.0125),
    ),
    "a subscription pays a share": (replace(WARM, factor=0.5), FIVE, 0.019375, 2 * 0.03875),
    "the history grows: 1+2+3+4 thousand are read besides": (
        WARM,
        replace(FIVE, growth=1_000),
        0.03875,
        4 * 0.03875 + 10_000 * 0.5 * M,
    ),
    "half a step": (WARM, replace(FIVE, steps=1.5), 0.03875, 0.5 * 0.03875),
}


@pytest.mark.parametrize(("side", "traffic", "now", "later"), SUMS.values(), ids=SUMS)
def test_sums_by_hand(side: Side, traffic: Traffic, now: float, later: float) -> None:
    found = total(side, traffic)
    assert found
    assert (found.now, found.later) == pytest.approx((now, later), abs=1e-12)
    assert found.total == pytest.approx(found.reads + found.writes + found.output, abs=1e-12)


def test_a_switch_by_hand() -> None:
    """stay 5 * 0.03875; switch 41,000*1.25 + 500*5, then 4 * (40,000*0.1 + 1,000*1.25 + 500*5)."""
    found = weigh(WARM, SMALL, FIVE, Knobs())
    assert found.stay_usd == pytest.approx(0.19375)
    assert found.switch_usd == pytest.approx(0.05375 + 4 * 0.00775)
    assert found.stay and found.other
    assert found.other.now - found.stay.now == pytest.approx(0.015)
    assert found.stay.later - found.other.later == pytest.approx(4 * 0.031)
    assert found.margin_usd == pytest.approx(0.02 * 0.19375)
    assert (found.switch, found.reason) == (True, "ev_positive")


DEAR = Side(tariff=Tariff(read=0.45 * M, write=6 * M, output=24 * M))
FREE = Side(tariff=Tariff(read=0.0, write=0.0, output=0.0))
UNKNOWN = Side(tariff=None)

# fmt: off
VERDICTS: dict[str, tuple[Side, Side, dict[str, Any], bool, str]] = {
    # pinned, fresh, what is different -> switches, reason
    "c50 a warm pin, small saving": (WARM, DEAR, {}, False, "ev_negative"),
    "c51 a large saving": (WARM, SMALL, {}, True, "ev_positive"),
    "c53 cold for everybody": (BIG, SMALL, {}, True, "cold_cache"),
    "c53 cold, and nothing to gain": (SMALL, BIG, {}, False, "ev_negative"),
    "c54 the fresh price is missing": (WARM, UNKNOWN, {}, False, "pricing_missing"),
    "c54 the pin's price is missing": (UNKNOWN, SMALL, {}, False, "pricing_missing"),
    "c56 without a discount": (WARM, SMALL, {}, True, "ev_positive"),
    "c56 a plan pays for the pin": (replace(WARM, factor=0.1), SMALL, {}, False, "ev_negative"),
    "c56 a plan pays for the other": (WARM, replace(DEAR, factor=0.1), {}, True, "ev_positive"),
    "c91 one step is left": (WARM, SMALL, {"steps": 1}, False, "ev_negative"),
    "c91 many are left": (WARM, DEAR, {"steps": 200}, True, "ev_positive"),
    "free against free": (FREE, FREE, {}, False, "ev_negative"),
    "nothing was sent before": (BIG, SMALL, {"prefix": 0, "new": 41_000}, True, "cold_cache"),
}
# fmt: on


@pytest.mark.parametrize(
    ("pinned", "fresh", "rest", "switches", "why"), VERDICTS.values(), ids=VERDICTS
)
def test_verdicts(
    pinned: Side, fresh: Side, rest: dict[str, Any], switches: bool, why: str
) -> None:
    found = weigh(pinned, fresh, replace(FIVE, **rest), Knobs())
    assert (found.switch, found.reason) == (switches, why)


def test_c49_the_same_model() -> None:
    found = unchanged(WARM, FIVE)
    assert (found.switch, found.reason) == (False, "same_model")
    assert found.stay_usd == found.switch_usd == pytest.approx(0.19375)


# -- c51: the margin. Routing's start values hold (the larger of $0.002 and 2 %); conformance's
# $0.001 is the same rule with another knob: a fixed sum, and equal stays.

ONE = Traffic(prefix=0, new=1_000, each=0, output=0)


def saving(usd: float, knobs: Knobs, *, stay: float = 1.0) -> Weighed:
    """Staying costs `stay` dollars, the other side so much less."""
    pinned = Side(tariff=Tariff(read=0, write=stay / 1_000, output=0))
    other = Side(tariff=Tariff(read=0, write=(stay - usd) / 1_000, output=0))
    return weigh(pinned, other, ONE, knobs)


EIGHTH = 0.125  # exact in binary, so that equal is equal
MARGINS: dict[str, tuple[float, Knobs, bool]] = {
    "c51 equal stays": (EIGHTH, Knobs(margin_usd=EIGHTH, margin_share=0), False),
    "c51 just above switches": (EIGHTH + 1e-9, Knobs(margin_usd=EIGHTH, margin_share=0), True),
    "c51 just below stays": (EIGHTH - 1e-9, Knobs(margin_usd=EIGHTH, margin_share=0), False),
    "c51 $0.001, below": (0.00099, Knobs(margin_usd=0.001, margin_share=0), False),
    "c51 $0.001, above": (0.00101, Knobs(margin_usd=0.001, margin_share=0), True),
    "c51 an equal share stays": (EIGHTH, Knobs(margin_usd=0, margin_share=EIGHTH), False),
    "c51 the larger holds: the share": (0.019, Knobs(), False),
    "c51 the larger holds: above both": (0.021, Knobs(), True),
    "c51 no margin, no saving": (0.0, Knobs(margin_usd=0, margin_share=0), False),
}


@pytest.mark.parametrize(("usd", "knobs", "switches"), MARGINS.values(), ids=MARGINS)
def test_c51_exactly_above_the_margin(usd: float, knobs: Knobs, switches: bool) -> None:
    assert saving(usd, knobs).switch is switches


def test_c51_of_a_small_session_the_dollars_count() -> None:
    assert not saving(0.0019, Knobs(), stay=0.01).switch
    assert saving(0.0021, Knobs(), stay=0.01).switch


@pytest.mark.parametrize("knobs", [{"margin_usd": -0.1}, {"margin_share": 1.1}])
def test_c41_knobs_out_of_range(knobs: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="margin"):
        Knobs(**knobs)


def test_thoughts_that_are_lost_are_thought_again() -> None:
    assert handover(SMALL, FIVE, thoughts=True) == pytest.approx(500 * 5 * M)
    assert handover(SMALL, FIVE, thoughts=False) == handover(UNKNOWN, FIVE, thoughts=True) == 0
    plain, losing = (weigh(WARM, SMALL, FIVE, Knobs(), thoughts=lost) for lost in (False, True))
    assert plain.switch_usd and losing.switch_usd
    assert losing.switch_usd - plain.switch_usd == pytest.approx(0.0025)
