"""The fresh choice against the pin (conformance 48 to 57), with the economics as they are."""

from dataclasses import replace
from typing import Any

import pytest

from route.models import Scored, binding, price
from turnout.route.model import Binding, Model
from turnout.route.plan import Choice, Rules, choose
from turnout.session.cache_state import Cached
from turnout.session.learned import Answer, Learned
from turnout.session.outlook import Outlook
from turnout.session.pins import Pin
from turnout.session.place import Place, place
from turnout.wire.events import Usage
from turnout.wire.request import Ask, DialectName

NOW = 1_000_000.0
ASK = Ask(
    dialect="openai_chat",
    model="big",
    first_human="Fix it.",
    messages=9,
    input_tokens=50_000,
    max_tokens=4_000,
    session_hint="s",
)


def cached(model: str, dollars: str, read: str, provider: str = "a", **facts: Any) -> Binding:
    """`dollars`, `read`: of a million tokens; output costs five times the input."""
    rates = price(dollars, str(5 * float(dollars)), cache_read=read)
    return replace(binding(Model(id=model, **facts), provider), price=rates)


BIG = cached("big", "10", "1")
MID = cached("mid", "3", "0.3")
NEAR = cached("near", "2.8", "0.28")  # hardly cheaper than mid
LOW = cached("low", "0.2", "0.02")
UNPRICED = binding("unpriced", dollars=None)
POOL = (BIG, MID, LOW)
QUALITY = {"big": 0.8, "mid": 0.79, "near": 0.79, "low": 0.79, "unpriced": 0.79}
ALIKE: dict[str, DialectName] = {"a": "openai_chat", "b": "openai_chat"}


def pin(model: str, provider: str = "a", *, age: float = 10.0, answers: int = 3) -> Pin:
    """Its last answer was `age` seconds ago: 48,000 tokens in, 400 out, all of it in the cache."""
    prefix = replace(place(ASK, "s", "").prefix, messages=7, tokens=48_000)
    seen = [
        Cached.seen(
            (provider, model),
            replace(prefix, tokens=48_000 - 2_000 * n, messages=7 - 2 * n),
            Usage(cache_read=48_000 - 2_000 * n, output=400),
            asked_at=NOW - age - n,
            at=NOW - age,
        )
        for n in range(answers)
    ]
    found = Pin(provider=provider, model=model, last_used=NOW, session="s", asked="big")
    for one in seen:
        found = found.with_cached(one)
    return found


def pick(
    kept: Pin | None,
    options: tuple[Binding, ...] = POOL,
    *,
    steps: float = 8.0,
    ask: Ask = ASK,
    known: dict[str, float] = QUALITY,
    covered: tuple[str, float] = ("", 1.0),
    learned: Learned | None = None,
    **rules: Any,
) -> Choice:
    where: Place = replace(place(ask, "s", ""), pin=kept)
    every = {(one.provider, one.model.id): one for one in (*options, BIG)}
    pinned = every.get(kept.binding) if kept else None
    facts = {"covered": covered, "learned": learned or Learned()}
    outlook = Outlook(ask, where, steps, NOW, pinned=pinned, **facts)
    return choose(
        ask,
        BIG,
        options,
        ALIKE,
        Scored(known),
        Rules(**rules),
        kept.binding if kept else None,
        outlook=outlook,
    )


TRIMMED = replace(ASK, messages=4, input_tokens=9_000)
UNSURE: dict[str, Any] = QUALITY | {"mid": (0.79, 0.5)}
UPGRADE = QUALITY | {"mid": 0.5, "low": 0.4}

# fmt: off
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    # pin, what is different -> where it goes, why
    "c48 no pin": ({"kept": None}, "low", "cheapest_at_parity"),
    "c49 the fresh choice is the pinned model": ({"kept": pin("low")}, "low", "same_model"),
    "c50 a warm pin, small saving":
        ({"kept": pin("mid"), "options": (BIG, MID, NEAR)}, "mid", "ev_negative"),
    "c50 too few steps for it": ({"kept": pin("mid"), "steps": 1.0, "options": (BIG, MID, NEAR)},
        "mid", "ev_negative"),
    "c51 a large saving": ({"kept": pin("mid")}, "low", "ev_positive"),
    "c52 the pin is below parity for this": ({"kept": pin("mid"), "known": UPGRADE},
        "big", "tier_upgrade"),
    "c50 less sure in this class, and still even": (
        {"kept": pin("mid"), "options": (BIG, MID, NEAR), "known": UNSURE}, "mid", "ev_negative"),
    "c48 nobody comes to what is so unsure": (
        {"kept": None, "options": (BIG, MID, NEAR), "known": UNSURE},
        "near", "cheapest_at_parity"),
    "c51 and it is left for what saves more": ({"kept": pin("mid"), "known": UNSURE},
        "low", "ev_positive"),
    "c52 even in its last step": ({"kept": pin("mid"), "known": UPGRADE, "steps": 1.0},
        "big", "tier_upgrade"),
    "c53 trimmed: cold for everybody":
        ({"kept": pin("mid"), "ask": TRIMMED, "options": (BIG, MID, LOW)}, "low", "cold_cache"),
    "c53 its time is over": ({"kept": pin("mid", age=4_000.0)}, "low", "cold_cache"),
    "c54 a price is missing": ({"kept": pin("unpriced"), "options": (*POOL, UNPRICED)},
        "unpriced", "pricing_missing"),
    "c55 the pin's provider has no key": ({"kept": pin("mid", "b")}, "low", "pin_unavailable"),
    "c55 the pin is denied": ({"kept": pin("mid"), "deny": ("a/mid",)}, "low", "pin_unavailable"),
    "c10 the pin cannot serve this":
        ({"kept": pin("mid"), "ask": replace(ASK, images=True),
          "options": (replace(BIG, model=replace(BIG.model, images=True)), MID)},
         "big", "pin_unavailable"),
    "a pin on what was asked for is weighed too": ({"kept": pin("big")}, "low", "ev_positive"),
}
# fmt: on


@pytest.mark.parametrize(("case", "model", "why"), CASES.values(), ids=CASES)
def test_pinned(case: dict[str, Any], model: str, why: str) -> None:
    choice = pick(**case)
    assert (choice.order[0].id, choice.reason) == (model, why)


def test_c52_unless_never_above_requested_forbids_it() -> None:
    """Something better and dearer than what was asked for is never switched to."""
    best = cached("best", "12", "1.2")
    known = {"big": 0.7, "best": 0.95, "low": 0.4}
    asked = pick(pin("low"), (BIG, LOW, best), known=known)
    assert (asked.order[0].id, asked.reason) == ("big", "tier_upgrade")
    assert {c.model: c.lost for c in asked.candidates}["best"] == "above_requested"


def test_both_sums_are_told() -> None:
    choice = pick(pin("mid"), (BIG, MID, NEAR))
    assert choice.weighed and choice.weighed.stay_usd and choice.weighed.switch_usd
    assert choice.fresh_model == "near"
    stays, leaves = pick(pin("mid"), (BIG, MID, NEAR)), pick(pin("mid"))
    assert stays.weighed and leaves.weighed
    assert not stays.weighed.switch and leaves.weighed.switch


def test_a_longer_session_makes_the_switch_worth_it() -> None:
    """c91: near saves 7 % a step; the cache of mid is worth 13 cents."""
    options = (BIG, MID, NEAR)
    assert [pick(pin("mid"), options, steps=s).order[0].id for s in (2, 190)] == ["mid", "near"]


def test_the_dearer_start_is_weighed_over_the_session() -> None:
    """A fee for writing to the cache pays when it is read again and again."""
    fee = replace(
        binding(Model(id="fee", cache="explicit")),
        price=price("3", "15", cache_read="0.03", cache_write_5m="3.75"),
    )
    plain = replace(binding(Model(id="plain")), price=price("3", "15", cache_read="3"))
    known = {"big": 0.8, "fee": 0.8, "plain": 0.8}
    asked = [pick(None, (BIG, fee, plain), known=known, steps=s).order[0].id for s in (1, 8)]
    assert asked == ["plain", "fee"]


MID_AT_B = replace(MID, provider="b")
PAIR = (BIG, MID_AT_B, LOW)  # low costs a fifteenth of mid
COVERED: dict[str, tuple[dict[str, Any], str]] = {
    "c42 without an observed quota there is no bonus": ({"covered": ("", 1.0)}, "low"),
    "c42 a plan covers mid": ({"covered": ("b", 0.05)}, "mid"),
    "c42 it covers mid, at nearly its list price": ({"covered": ("b", 0.9)}, "low"),
    "c56 what is pinned is discounted: stay": (
        {"covered": ("b", 0.05), "kept": pin("mid", "b")},
        "mid",
    ),
    "c56 without, it switches": ({"kept": pin("mid", "b")}, "low"),
    "c56 the other side is discounted: switch": (
        {"covered": ("b", 0.01), "kept": pin("low")},
        "mid",
    ),
    "c56 without, it stays": ({"kept": pin("low")}, "low"),
}


@pytest.mark.parametrize(("case", "model"), COVERED.values(), ids=COVERED)
def test_a_subscription_is_worth_a_share_of_the_list_price(
    case: dict[str, Any], model: str
) -> None:
    facts = {"kept": None, **case}
    choice, plain = pick(options=PAIR, **facts), pick(options=PAIR, kept=None)
    assert choice.order[0].id == model
    (mid,) = (c for c in choice.candidates if c.model == "mid")
    if facts["kept"] is None:
        (full,) = (c for c in plain.candidates if c.model == "mid")
        assert mid.cost_usd and full.cost_usd
        share = case["covered"][1]
        assert mid.cost_usd == pytest.approx(share * full.cost_usd), "the row shows it"


def told(*answers: tuple[str, float, float]) -> Learned:
    """(model at a, tokens, seconds) a hundred times each."""
    known = Learned()
    for model, output, seconds in answers:
        one = Answer(
            provider="a",
            model=model,
            label="any",
            kind="main",
            output=output,
            first_s=1.0,
            total_s=seconds,
        )
        known.recall([one] * 100)
    return known


TWIN = replace(MID, model=replace(MID.model, id="twin"), id="twin")
LEARNED: dict[str, tuple[Learned, str]] = {
    "nothing is known: by name": (Learned(), "mid"),
    "mid says five times as much for the same work": (
        told(("big", 500, 20), ("mid", 1500, 20), ("twin", 300, 20)),
        "twin",
    ),
    "mid is slow": (told(("big", 500, 20), ("mid", 500, 60), ("twin", 500, 10)), "twin"),
    "twin is slow": (told(("big", 500, 20), ("mid", 500, 10), ("twin", 500, 60)), "mid"),
}


@pytest.mark.parametrize(("learned", "model"), LEARNED.values(), ids=LEARNED)
def test_what_was_seen_of_models_is_in_the_score(learned: Learned, model: str) -> None:
    known = QUALITY | {"twin": 0.79}
    choice = pick(None, (BIG, MID, TWIN), known=known, learned=learned)
    assert choice.order[0].model.id == model


def test_an_alarm_unroutes_but_never_what_was_asked_for() -> None:
    where = place(ASK, "s", "")
    outlook = Outlook(ASK, where, 8.0, NOW)
    alarmed = frozenset({"low", "big"})
    choice = choose(
        ASK, BIG, POOL, ALIKE, Scored(QUALITY), Rules(), outlook=outlook, alarmed=alarmed
    )
    assert choice.order[0].id == "mid"
    assert {c.model: c.lost for c in choice.candidates}["low"] == "alarm"
    assert BIG in choice.order


def test_c57_large_and_small_are_pinned_apart() -> None:
    keys = {place(replace(ASK, model=m), "s", a).key for m in ("big", "small") for a in ("", "x")}
    assert len(keys) == 4
    hostile = place(replace(ASK, model="x" * 10_000), "s", "")
    assert len(hostile.key) < 100
