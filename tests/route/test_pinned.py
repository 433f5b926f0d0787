"""The fresh choice against the pin (conformance 48 to 57), with the economics as they are."""

from dataclasses import replace
from typing import Any

import pytest

from route.models import Scored, binding, price
from turnout.route.model import Binding, Model
from turnout.route.plan import Choice, Rules, choose
from turnout.session.cache_state import Cached
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
    **rules: Any,
) -> Choice:
    where: Place = replace(place(ask, "s", ""), pin=kept)
    every = {(one.provider, one.model.id): one for one in (*options, BIG)}
    pinned = every.get(kept.binding) if kept else None
    outlook = Outlook(ask, where, steps, NOW, pinned=pinned)
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
