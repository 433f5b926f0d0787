"""c92: off-policy evaluation on stored scores reproduces the live choice for the live knobs."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from route.models import Estimate, binding
from route.test_plan import ASK, CHOSEN, POOL, QUALITY, pick
from turnout import record
from turnout.record import Decision, Outcome
from turnout.route.model import Binding, Model
from turnout.route.plan import Choice, Rules
from turnout.route.replay import Knobs, live, replayed

UNCHOSEN = ("forced", "unknown_model")


def stored(choice: Choice, requested: Binding, rules: Rules) -> dict[str, Any]:
    """The row as it is read back from the log."""
    evidence = {
        "epsilon": rules.epsilon,
        "z": rules.z,
        "min_evidence": rules.min_evidence,
        "home": requested.provider,
    }
    decision = Decision(
        id="d",
        at=0.0,
        requested_model=requested.model.id,
        candidates=choice.candidates,
        quality_requested=choice.quality_requested,
        fresh_model=choice.fresh_model,
        evidence=evidence,
    )
    row = record.row(decision, Outcome())
    return {**row, **{n: json.loads(str(row[n])) for n in ("candidates", "evidence")}}


def case(facts: Mapping[str, Any]) -> tuple[Choice, dict[str, Any]]:
    given = dict(facts)
    knobs = {n: given[n] for n in ("epsilon", "z", "min_evidence") if n in given}
    choice = pick(**given)
    return choice, stored(choice, given.get("requested", POOL[0]), Rules(**knobs))


LIVE = {
    name: facts
    for name, (facts, _, reason) in CHOSEN.items()
    if reason not in UNCHOSEN and "force" not in facts
}


@pytest.mark.parametrize("facts", LIVE.values(), ids=LIVE)
def test_c92_the_live_knobs_give_the_live_choice(facts: Mapping[str, Any]) -> None:
    choice, row = case(facts)
    assert replayed(row, live(row)) == choice.fresh_model


def anyone(chance: random.Random) -> tuple[dict[str, Any], tuple[Binding, ...]]:
    names = [f"m{n}" for n in range(12)]
    dollars = [str(round(chance.choice([1, 2, 4, 8]) * chance.choice([1, 1.5]), 2)) for _ in names]
    pool = tuple(
        replace(one, price=None) if chance.random() < 0.1 else one
        for one in (
            binding(Model(id=name, weak_tools=chance.random() < 0.2), chance.choice("ab"), d)
            for name, d in zip(names, dollars, strict=True)
        )
    )
    known = {
        name: Estimate(
            round(chance.uniform(0.5, 0.9), 2),
            chance.choice([0.0, 0.02, 0.1]),
            chance.choice([0.0, 30.0]),
        )
        for name in names
        if chance.random() < 0.9
    }
    return known, pool


@pytest.mark.parametrize("seed", range(60))
def test_c92_whatever_the_pool(seed: int) -> None:
    chance = random.Random(seed)
    known, pool = anyone(chance)
    knobs = Knobs(
        chance.choice([0.0, 0.02, 0.2]), chance.choice([0.0, 0.5]), chance.choice([0, 20])
    )
    rules = {"epsilon": knobs.epsilon, "z": knobs.z, "min_evidence": float(knobs.min_evidence)}
    requested = chance.choice(pool)
    ask = replace(ASK, tools=("t",)) if chance.random() < 0.5 else ASK
    choice = pick(pool, known, requested, ask=ask, **rules)
    row = stored(choice, requested, Rules(**rules))
    assert replayed(row, live(row)) == choice.fresh_model


def test_other_knobs_are_what_they_would_have_chosen() -> None:
    """Where one action is all there is, even those that were below parity."""
    for epsilon, z, fewest in ((0.11, 1.0, 0.0), (0.0, 0.0, 0.0), (0.02, 1.0, 500.0)):
        _, row = case({})
        wanted = pick(epsilon=epsilon, z=z, min_evidence=fewest).fresh_model
        assert replayed(row, Knobs(epsilon, z, fewest)) == wanted


def test_a_model_that_was_below_parity_must_be_cheaper_still() -> None:
    known = QUALITY | {"dear": 0.7}
    _, row = case({"known": known})
    assert replayed(row, Knobs(0.5, 0.0)) == "low"
