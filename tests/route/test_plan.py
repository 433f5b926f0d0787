"""The choice: parity, then price, then name; and who is told why."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from route.models import CATALOG, Estimate, Scored, binding, price
from turnout.errors import ConfigError, NoTargetError
from turnout.route.catalog import Catalog
from turnout.route.model import Binding, Model, OffPeak, Window
from turnout.route.plan import Choice, Rules, Weights, choose
from turnout.route.score import ANYTHING
from turnout.wire.request import Ask, DialectName

ASK = Ask(dialect="openai_chat", model="big", input_tokens=10_000, max_tokens=700)
DIALECTS: Mapping[str, DialectName] = {"a": "openai_chat", "b": "openai_chat", "x": "anthropic"}
SMALL_WINDOW = Model(id="tiny", context_window=1_000)

BIG, MID, LOW = binding("big", dollars="10"), binding("mid", dollars="2"), binding("low")
TINY, GONE = binding(SMALL_WINDOW, dollars="0.1"), binding("gone", dollars="0.1", routable=False)
DEAR, UNPRICED = binding("dear", dollars="11"), binding("unpriced", dollars=None)
BIG_AT_B, MID_AT_B = binding("big", "b", dollars="9"), binding("mid", "b", dollars="3")
POOL = (BIG, MID, LOW, TINY, GONE, DEAR, UNPRICED)
# mid is 0.01 below the requested model, low is 0.1 below
QUALITY = {"big": 0.8, "mid": 0.79, "low": 0.7, "tiny": 0.9, "gone": 0.9, "dear": 0.9}
QUALITY |= {"unpriced": 0.9}


def pick(
    options: tuple[Binding, ...] = POOL,
    known: Mapping[str, Any] = QUALITY,
    requested: Binding | None = BIG,
    pinned: tuple[str, str] | None = None,
    ask: Ask = ASK,
    alarmed: frozenset[str] = frozenset(),
    **rules: Any,
) -> Choice:
    scored, rule = Scored(known), Rules(**rules)
    return choose(ask, requested, options, DIALECTS, scored, rule, pinned, alarmed=alarmed)


def names(choice: Choice) -> list[str]:
    return [f"{binding.provider}/{binding.id}" for binding in choice.order]


def lost(choice: Choice) -> dict[str, str]:
    return {f"{c.provider}/{c.model}": c.lost for c in choice.candidates}


def se(model: str, error: float, known: Mapping[str, float] = QUALITY) -> dict[str, Any]:
    return {**known, model: (known[model], error)}


def labels(count: int) -> dict[str, Any]:
    return QUALITY | {"mid": Estimate(0.9, 0.0, count)}


def unread() -> dict[str, Any]:
    return {model: (quality, ANYTHING) for model, quality in QUALITY.items()}


def test_what_is_denied_cannot_be_forced() -> None:
    """Neither by a client's header nor by a pin made by hand."""
    for rule in ({"deny": ("a/mid",)}, {"allow": ("b/*",)}, {"allows": (("b/*",),)}):
        with pytest.raises(NoTargetError, match=r"a/mid is forced, but (denied|not allowed)"):
            pick(force="a/mid", **rule)


# errors of "big" and "mid", how far apart they are; z 1, epsilon 0.02: is 0.885 at parity with 0.9?
TOGETHER = {
    "each is unsure, both err together": (0.3, 0.0, "a/mid"),
    "no more than independent errors would have it": (0.3, (2 * 0.3**2) ** 0.5, "a/big"),
    "each is sure of itself, not of the other": (0.0, 0.1, "a/big"),
    "and both sure": (0.0, 0.0, "a/mid"),
}


@pytest.mark.parametrize(("error", "apart", "best"), TOGETHER.values(), ids=TOGETHER)
def test_parity_asks_how_far_apart_two_are_and_not_where_each_is(
    error: float, apart: float, best: str
) -> None:
    known = {"big": (0.9, error), "mid": (0.885, error)}
    scored = Scored(known, {frozenset(known): apart})
    choice = choose(ASK, BIG, (BIG, MID), DIALECTS, scored, Rules(epsilon=0.02, z=1.0))
    assert names(choice)[0] == best
    assert {c.se for c in choice.candidates if c.model == "mid"} == {apart}


TWICE = {"options": (BIG, BIG_AT_B)}

# fmt: off
CHOSEN: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is different                                                   -> chosen, reason
    "c47 the cheapest at parity": ({}, "a/mid", "cheapest_at_parity"),
    "c47 just outside epsilon": ({"epsilon": 0.0099}, "a/big", "requested_is_best"),
    "c47 a wider epsilon takes more": ({"epsilon": 0.11}, "a/low", "cheapest_at_parity"),
    "an error of the difference costs": ({"known": se("mid", 0.011)}, "a/big", "requested_is_best"),
    "so does the requested one's": ({"known": se("big", 0.011)}, "a/big", "requested_is_best"),
    "a small one does not": ({"known": se("mid", 0.009)}, "a/mid", "cheapest_at_parity"),
    "z weighs it": ({"known": se("mid", 0.011), "z": 0.5}, "a/mid", "cheapest_at_parity"),
    "never dearer": ({"options": (BIG, DEAR)}, "a/big", "requested_is_best"),
    "not even when allowed, it scores worse":
        ({"options": (BIG, DEAR), "never_above_requested": False}, "a/big", "requested_is_best"),
    "c11 nothing else fits": ({"options": (BIG, TINY)}, "a/big", "only_eligible"),
    "what was withdrawn is not chosen": ({"options": (BIG, GONE)}, "a/big", "only_eligible"),
    "an unknown price is not cheap": ({"options": (BIG, UNPRICED)}, "a/big", "requested_is_best"),
    "denied": ({"deny": ("a/mid",)}, "a/big", "requested_is_best"),
    "denied by a glob": ({"deny": ("*/mi?",)}, "a/big", "requested_is_best"),
    "another provider is denied": ({"deny": ("b/*",)}, "a/mid", "cheapest_at_parity"),
    "allowed": ({"allow": ("a/big", "a/low")}, "a/big", "requested_is_best"),
    "denied wins over allowed":
        ({"allow": ("a/*",), "deny": ("a/mid",)}, "a/big", "requested_is_best"),
    "the requested one may be denied": ({"deny": ("a/big",)}, "a/mid", "cheapest_at_parity"),
    "the same model is as good elsewhere":
        (TWICE | {"known": se("big", 0.3), "epsilon": 0.0}, "b/big", "cheapest_at_parity"),
    "pinned stays": ({"known": QUALITY | {"low": 0.79}, "pinned": ("a", "mid")}, "a/mid", "pinned"),
    "pinned to what was asked for": ({"pinned": ("a", "big")}, "a/big", "pinned"),
    "c10 a pin that cannot serve goes": ({"pinned": ("a", "tiny")}, "a/mid", "pin_unavailable"),
    "c52 a pin below parity goes": ({"pinned": ("a", "low")}, "a/mid", "tier_upgrade"),
    "a pin of which too little is known goes":
        ({"known": labels(4), "min_evidence": 5.0, "pinned": ("a", "mid")}, "a/big",
         "pin_inferior"),
    "a pin nobody has judged goes":
        ({"known": {"big": QUALITY["big"]}, "pinned": ("a", "mid")}, "a/big", "pin_inferior"),
    "a pin that did worse than promised goes":
        ({"alarmed": frozenset({"mid"}), "pinned": ("a", "mid")}, "a/big", "pin_inferior"),
    "what could not be read goes where it was sent": ({"known": unread()}, "a/big",
        "requested_is_best"),
    "what could not be read is no reason to leave a pin":
        ({"known": unread(), "pinned": ("a", "low")}, "a/low", "pinned"),
    "c55 a pin without a key goes": ({"pinned": ("b", "mid")}, "a/mid", "pin_unavailable"),
    "a pin that is denied goes":
        ({"pinned": ("a", "mid"), "deny": ("a/mid",)}, "a/big", "pin_unavailable"),
    "forced, whatever it is worth": ({"force": "a/low"}, "a/low", "forced"),
    "forced, whatever it costs": ({"force": "a/dear"}, "a/dear", "forced"),
    "forced although withdrawn": ({"force": "a/gone"}, "a/gone", "forced"),
    "forced over a pin": ({"force": "a/low", "pinned": ("a", "mid")}, "a/low", "forced"),
    "forced for a model nobody knows": ({"force": "a/low", "requested": None}, "a/low", "forced"),
    "nothing is known of the requested one":
        ({"known": {"mid": 0.9, "low": 0.9}}, "a/big", "no_evidence"),
    "nor of its price": ({"requested": UNPRICED}, "a/unpriced", "price_unknown"),
    "the client's own request fits where it was sent":
        ({"requested": TINY, "options": (TINY, MID)}, "a/tiny", "requested_is_best"),
    "too few labels": ({"known": labels(4), "min_evidence": 5.0}, "a/big", "requested_is_best"),
    "enough labels": ({"known": labels(5), "min_evidence": 5.0}, "a/mid", "cheapest_at_parity"),
}
# fmt: on


@pytest.mark.parametrize(("case", "chosen", "reason"), CHOSEN.values(), ids=CHOSEN)
def test_choose(case: dict[str, Any], chosen: str, reason: str) -> None:
    choice = pick(**case)
    assert (names(choice)[0], choice.reason) == (chosen, reason)
    assert choice.candidates[0].lost == ""
    assert f"{choice.candidates[0].provider}/{choice.candidates[0].model}" == chosen


@pytest.mark.parametrize(("case", "chosen", "reason"), CHOSEN.values(), ids=CHOSEN)
def test_the_order_of_options_does_not_matter(
    case: dict[str, Any], chosen: str, reason: str
) -> None:
    options = case.get("options", POOL)
    assert pick(**case | {"options": tuple(reversed(options))}) == pick(**case)


# -- c39: equal scores

EQUAL = dict.fromkeys(("big", "alpha", "beta", "gamma"), 0.8)
ALPHA, BETA = binding("alpha", dollars="2"), binding("beta", dollars="2")
TIES = {
    "c39 the alphabetically first": ((BIG, BETA, ALPHA), "a/alpha"),
    "c39 whatever the order": ((ALPHA, BETA, BIG), "a/alpha"),
    "c39 then the provider": ((BIG, replace(ALPHA, provider="b"), ALPHA), "a/alpha"),
    "c39 a switch that gains nothing is none": (
        (binding("alpha", dollars="10"), BIG),
        "a/big",
    ),
}


@pytest.mark.parametrize(("options", "chosen"), TIES.values(), ids=TIES)
def test_ties(options: tuple[Binding, ...], chosen: str) -> None:
    choice = pick(options, EQUAL)
    assert names(choice)[0] == chosen
    assert set(lost(choice).values()) <= {"", "tie", "score"}


def test_c39_a_tie_is_called_one() -> None:
    assert lost(pick((BIG, BETA, ALPHA), EQUAL))["a/beta"] == "tie"


# -- c38: by hand

THREE = (binding("big", dollars="10"), binding("mid", dollars="4"), binding("low", dollars="1"))


def blend(weights: tuple[float, float], of: tuple[float, float]) -> float:
    """Quality in two clusters, weighed by how near they are."""
    return weights[0] * of[0] + weights[1] * of[1]


NEAR = (0.75, 0.25)
BY_HAND = {
    "big": blend(NEAR, (0.9, 0.5)),
    "mid": blend(NEAR, (0.88, 0.52)),
    "low": blend(NEAR, (0.6, 0.9)),
}
# 10,000 tokens in at $d, 700 out at $5d: d * 0.0135 dollars
BLENDS = {
    "c38 the default weights": (Weights(), {"big": 1.0, "mid": 0.52, "low": 0.28}),
    "c38 cost alone": (Weights(1.0, 0.0, 0.0), {"big": 1.0, "mid": 0.4, "low": 0.1}),
    "c38 unmeasured speed is the requested one's": (
        Weights(0.5, 0.25, 0.25),
        {"big": 1.0, "mid": 0.7, "low": 0.55},
    ),
    "c38 cost does not count": (Weights(0.0, 0.5, 0.5), {"big": 1.0, "mid": 1.0, "low": 1.0}),
}


@pytest.mark.parametrize(("weights", "scores"), BLENDS.values(), ids=BLENDS)
def test_c38_score(weights: Weights, scores: dict[str, float]) -> None:
    choice = pick(THREE, BY_HAND, weights=weights, epsilon=1.0)
    assert {c.model: c.score for c in choice.candidates} == pytest.approx(scores, abs=1e-9)
    told = {c.model: c.quality for c in choice.candidates}
    assert told == pytest.approx({"big": 0.8, "mid": 0.79, "low": 0.675}, abs=1e-9)
    costs = {c.model: c.cost_usd for c in choice.candidates}
    assert costs == pytest.approx({"big": 0.135, "mid": 0.054, "low": 0.0135}, abs=1e-9)


def test_c38_a_range_of_zero() -> None:
    same = (binding("big", dollars="3"), binding("mid", dollars="3"), binding("low", dollars="3"))
    choice = pick(same, BY_HAND, same[0], epsilon=1.0)
    assert [c.score for c in choice.candidates] == pytest.approx([1.0, 1.0, 1.0], abs=1e-9)
    assert names(choice)[0] == "a/big"


def test_c38_free_against_free() -> None:
    free = (binding("big", dollars="0"), binding("mid", dollars="0"))
    choice = pick(free, BY_HAND, free[0], epsilon=1.0)
    assert [c.score for c in choice.candidates] == [1.0, 1.0]


# -- c40: the dial

LADDER = tuple(binding(f"m{i}", dollars=str(i)) for i in range(1, 11))
RUNGS = {f"m{i}": 0.5 + i / 25 for i in range(1, 11)}  # 0.54 ... 0.90, dearer is better


def turn(dial: float) -> str:
    asked = LADDER[-1]
    return pick(LADDER, RUNGS, asked, epsilon=dial).order[0].id


def test_c40_the_dial_is_monotonous() -> None:
    stops = [turn(0.001 + step / 25) for step in range(10)]
    assert stops == [f"m{i}" for i in range(10, 0, -1)]


@pytest.mark.parametrize("epsilon", [0.0, 0.05, 0.1, 0.2, 0.3])
def test_c40_the_floor_holds(epsilon: float) -> None:
    choice = pick(LADDER, RUNGS, LADDER[-1], epsilon=epsilon)
    assert choice.quality is not None and choice.quality_requested is not None
    assert choice.quality >= choice.quality_requested - epsilon


def test_epsilon_is_a_dial() -> None:
    worth = {0.0: 0.8, 0.02: 0.79, 0.06: 0.75}
    known = {"big": 0.8, "mid": 0.79, "low": 0.75}
    for epsilon, quality in worth.items():
        rules = Rules(epsilon=epsilon)
        got = choose(ASK, BIG, (BIG, MID, LOW), DIALECTS, Scored(known), rules)
        assert got.quality == quality


# -- c41: knobs

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "c41 epsilon below 0": ({"epsilon": -0.01}, r"policy\.epsilon: -0\.01 is not from 0 to 1"),
    "c41 epsilon above 1": ({"epsilon": 1.01}, r"policy\.epsilon"),
    "c41 epsilon is no number": ({"epsilon": float("nan")}, r"policy\.epsilon"),
    "c41 z": ({"z": -1.0}, r"policy\.z"),
    "c41 labels": ({"min_evidence": -1.0}, r"policy\.min_evidence"),
    "c41 a weight below 0": ({"weights": Weights(1.2, -0.2, 0.0)}, r"policy\.weights\.cost"),
    "c41 weights above 1": ({"weights": Weights(0.8, 0.2, 0.1)}, r"add up to 1\.1, not 1"),
    "c41 weights below 1": ({"weights": Weights(0.8, 0.0, 0.1)}, r"add up to 0\.9, not 1"),
    "c41 a glob that is none": ({"deny": ("deepseek",)}, r"policy\.deny: 'deepseek' is no glob"),
    "c41 a fact nobody knows": ({"deny": ("colour:red",)}, r"policy\.deny: .* no 'colour'"),
    "c41 a fact nobody knows, allowed": ({"allow": ("size:big",)}, r"policy\.allow"),
    "c41 a forced model without provider": ({"force": "mid"}, r"policy\.force: 'mid'"),
}


@pytest.mark.parametrize(("knobs", "why"), WRONG.values(), ids=WRONG)
def test_c41_refused(knobs: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Rules(**knobs)


def test_facts_of_the_catalogue() -> None:
    catalog = Catalog.load(CATALOG)
    rules = Rules(deny=("vendor:deepseek", "openrouter/z-ai/*"))
    forbidden = {
        ("together", "zai-org/GLM-5.3"): "",
        ("openrouter", "z-ai/glm-5.3"): "denied",
        ("together", "deepseek-ai/DeepSeek-V4.1-Flash"): "denied",
    }
    for name, why in forbidden.items():
        found = catalog.find(*name)
        assert found
        assert rules.forbids(found) == why


# -- c43: weak at tools

WEAK = binding(Model(id="weak", weak_tools=True, context_window=1_000_000), dollars="0.5")
WITH_TOOLS = replace(ASK, tools=("search",))
KNOWN = QUALITY | {"weak": 0.9}

WEAKLY: dict[str, tuple[dict[str, Any], str, str]] = {
    "c43 without tools it may serve": ({"ask": ASK}, "a/weak", "cheapest_at_parity"),
    "c43 with tools another serves": ({}, "a/mid", "cheapest_at_parity"),
    "c43 with tools what was asked for serves":
        ({"options": (BIG, WEAK)}, "a/big", "requested_is_best"),
    "c43 the pool would be empty": ({"options": (WEAK,)}, "a/weak", "only_weak_tools"),
    "c43 the others cannot serve it":
        ({"options": (BIG, WEAK), "deny": ("a/big",)}, "a/weak", "only_weak_tools"),
    "c43 what is asked for is asked for":
        ({"options": (WEAK, TINY), "requested": WEAK}, "a/weak", "only_eligible"),
    "c43 a pin goes": ({"pinned": ("a", "weak")}, "a/mid", "pin_unavailable"),
    "c43 a pin stays where nobody else is":
        ({"options": (WEAK,), "pinned": ("a", "weak")}, "a/weak", "pinned"),
    "c43 forced is forced": ({"force": "a/weak"}, "a/weak", "forced"),
}  # fmt: skip


@pytest.mark.parametrize(("case", "chosen", "reason"), WEAKLY.values(), ids=WEAKLY)
def test_weak_at_tools(case: dict[str, Any], chosen: str, reason: str) -> None:
    given = {"options": (*POOL, WEAK), "known": KNOWN, "ask": WITH_TOOLS} | case
    choice = pick(**given)
    assert (names(choice)[0], choice.reason) == (chosen, reason)


def test_c43_the_record_says_that_it_was_removed() -> None:
    choice = pick((*POOL, WEAK), KNOWN, ask=WITH_TOOLS)
    assert lost(choice)["a/weak"] == "weak_tools"
    assert "a/weak" not in names(choice)


# -- c44: nothing is left

NOTHING: dict[str, tuple[dict[str, Any], str]] = {
    "c44 everything is denied": ({"deny": ("*/*",)}, "6 denied"),
    "c44 no key at all": ({"options": ()}, "no key"),
    "c44 nobody is at parity, home is not ours": ({"options": (LOW, TINY)}, "below_parity"),
    "c44 the forced one has no key": ({"force": "b/mid"}, "b/mid is forced"),
    "c44 the forced one cannot": ({"force": "a/tiny"}, "cannot serve this: window"),
}


@pytest.mark.parametrize(("case", "why"), NOTHING.values(), ids=NOTHING)
def test_c44(case: dict[str, Any], why: str) -> None:
    with pytest.raises(NoTargetError, match=why):
        pick(**case)


def test_verdicts_of_rules_are_each_bindings_own() -> None:
    """They are remembered; the same name elsewhere is another binding."""
    rules = Rules(deny=("b/*",))
    asked = [rules.forbids(one) for one in (BIG, BIG_AT_B, BIG, BIG_AT_B)]
    assert asked == ["", "denied", "", "denied"]


def test_a_model_nobody_knows_goes_home() -> None:
    assert pick(requested=None) == Choice(order=(), reason="unknown_model")


def test_the_requested_one_elsewhere_must_be_able() -> None:
    """In another dialect than the client's it is not the client's own request any more."""
    asked = replace(TINY, provider="x")
    with pytest.raises(NoTargetError, match="window"):
        pick((asked,), requested=asked)


# -- the order of attempts


def test_order() -> None:
    options = (BIG, BIG_AT_B, MID, MID_AT_B, LOW)
    known = {"big": 0.8, "mid": 0.8, "low": 0.8}
    assert names(pick(options, known)) == ["a/low", "a/mid", "b/mid", "b/big", "a/big"]
    assert names(pick(options, QUALITY)) == ["a/mid", "b/mid", "b/big", "a/big"]
    pinned = pick(options, QUALITY, pinned=("b", "mid"))
    assert names(pinned) == ["b/mid", "a/mid", "b/big", "a/big"]
    assert names(pick(options, QUALITY, force="b/mid")) == ["b/mid"]
    assert names(pick(options, {})) == ["a/big", "b/big"]


def test_what_a_pin_hides_is_told() -> None:
    choice = pick(known=QUALITY | {"low": 0.79}, pinned=("a", "mid"))
    assert choice.fresh_model == "low"
    assert lost(choice)["a/low"] == "pinned"
    assert pick().fresh_model == "mid"


def test_a_warm_pin_reads_its_cache() -> None:
    cached = replace(MID, price=price("2", "10", cache_read="0.2"))
    choice = pick((BIG, cached), pinned=("a", "mid"))
    assert choice.candidates[0].cost_usd == pytest.approx((10_000 * 0.2 + 700 * 10) / 1e6)
    cold = pick((BIG, cached))
    assert cold.candidates[0].cost_usd == pytest.approx((10_000 * 2 + 700 * 10) / 1e6)


def test_every_loser_has_a_reason() -> None:
    assert lost(pick(deny=("a/low",))) == {
        "a/mid": "",
        "a/big": "score",
        "a/dear": "above_requested",
        "a/unpriced": "price_unknown",
        "a/low": "denied",
        "a/tiny": "window",
    }
    assert lost(pick())["a/low"] == "below_parity"
    assert lost(pick(known={"big": 0.8}))["a/mid"] == "no_estimate"
    assert lost(pick(known={"mid": 0.8}))["a/mid"] == "no_evidence"


def test_the_arithmetic_is_told() -> None:
    choice = pick(known={"big": Estimate(0.8, 0.03, 50), "mid": Estimate(0.9, 0.04, 60)})
    best = choice.candidates[0]
    assert (best.model, best.quality, best.evidence) == ("mid", 0.9, 60)
    assert best.se == pytest.approx(0.05)
    assert best.score == pytest.approx(0.8 * 0.2 + 0.2)
    assert (choice.quality, choice.quality_requested) == (0.9, 0.8)


def test_forty_are_told_of() -> None:
    many = tuple(binding(f"m{i:03}", dollars="1") for i in range(100))
    choice = pick((BIG, *many), {"big": 0.5} | {b.id: i / 1000 for i, b in enumerate(many)})
    assert len(choice.candidates) == 40
    assert choice.candidates[0].model == "big"
    assert choice.candidates[1].model == "m099", "the best of those below parity"


def test_the_hour_counts() -> None:
    window = Window(weekdays=(7,), minutes=((0, 60),))
    night = OffPeak(input=Decimal("0.5"), output=Decimal(1), windows=(window,))
    owl = replace(LOW, price=price("20", "60", off_peak=night))
    known = Scored({"big": 0.8, "low": 0.8})
    sunday = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
    late = choose(ASK, BIG, (BIG, owl), DIALECTS, known, Rules(), at=sunday)
    assert late.order[0] is owl
    assert choose(ASK, BIG, (BIG, owl), DIALECTS, known, Rules()).order[0] is BIG


def test_real_ones() -> None:
    """Opus is asked for; Sonnet is known to be as good, and is cheaper at home than anywhere."""
    catalog = Catalog.load(CATALOG)
    dialects: Mapping[str, DialectName] = {"anthropic": "anthropic", "openrouter": "openai_chat"}
    options = [b for b in catalog.bindings if b.provider in dialects]
    known = Scored({"claude-opus-4-7": 0.8, "claude-sonnet-4-6": 0.8, "glm-5.2": 0.5})
    ask = Ask(dialect="anthropic", model="claude-opus-4-7", input_tokens=20_000, tools=("Read",))
    asked = catalog.find("anthropic", ask.model)
    choice = choose(ask, asked, options, dialects, known, Rules())
    assert names(choice) == [
        "anthropic/claude-sonnet-4-6",
        "openrouter/anthropic/claude-sonnet-4.6",
        "openrouter/anthropic/claude-opus-4.7",
        "anthropic/claude-opus-4-7",
    ]
    assert choice.reason == "cheapest_at_parity"
