"""When a session goes on with a stronger model. Qualities and bills of SWE-bench Verified."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.session.escalate import MOST, Rung, State, Verdict, gain, judge, lost, saved
from turnout.session.evidence import Evidence, failing

CHEAP = Rung(provider="x", model="minimax-m3", quality=0.77, rest_usd=0.08)
MIDDLE = Rung(provider="x", model="gemini-3-flash", quality=0.775, rest_usd=0.20)
HOME = Rung(provider="a", model="claude-opus-4-7", quality=0.82, rest_usd=0.60, home=True)
BAD = Evidence(loads={"tests_failed": 1.5, "loop": 2.0}, steps=9, tasks=1)
VALUE = 5.0


def verdict(state: State | None = None, seen: Evidence = BAD, **given: Any) -> Verdict:
    facts = {"current": CHEAP, "rungs": [CHEAP, HOME], "cluster": 3, "value_usd": VALUE} | given
    current, rungs = facts.pop("current"), facts.pop("rungs")
    return judge(state or State(), seen, current, rungs, **facts)


def test_a_struggling_session_goes_home() -> None:
    found = verdict()
    assert (found.to, found.reason) == (HOME.key, "escalated")
    assert found.state == State(times=1, to=HOME.key, cluster=3, tasks=1)
    assert found.record["stronger"] == "a/claude-opus-4-7"
    assert found.record["extra_usd"] == pytest.approx(0.52)
    assert found.record["gain"] * VALUE > 0.52
    assert found.record["fails"] == pytest.approx(failing(BAD, CHEAP.quality), abs=1e-3)


# fmt: off
STAYS = {
    "nothing against it":       {"seen": Evidence()},
    "little against it":        {"seen": Evidence(loads={"tool_error": 0.3})},
    "tests pass":               {"seen": Evidence(loads={"tests_passed": -0.9})},
    "not worth it":             {"value_usd": 0.05},
    "too dear":                 {"rungs": [replace(HOME, rest_usd=9.0)]},
    "nothing to go to":         {"rungs": [CHEAP]},
    "the same model elsewhere": {"rungs": [replace(CHEAP, provider="y", quality=0.99)]},
    "a weaker one":             {"rungs": [replace(MIDDLE, quality=0.5)]},
    "a new session":            {"current": None},
    "twice already":            {"state": State(times=MOST, to=CHEAP.key, cluster=3, tasks=1)},
}
# fmt: on


@pytest.mark.parametrize("given", STAYS.values(), ids=STAYS)
def test_it_stays(given: dict[str, Any]) -> None:
    found = verdict(**given)
    before = given.get("state", State())
    assert (found.state, found.to) == (before, before.to)


def test_c83_it_is_sticky() -> None:
    first = verdict()
    later = verdict(first.state, Evidence(tasks=1), current=HOME)
    assert (later.to, later.reason, later.state) == (HOME.key, "stays_escalated", first.state)


def test_at_most_twice() -> None:
    """Each for itself: home is only the last rung."""
    one = verdict(rungs=[MIDDLE, replace(HOME, rest_usd=9.0)])
    two = verdict(one.state, current=MIDDLE)
    strongest = replace(HOME, model="claude-fable-5", quality=0.95, home=False)
    three = verdict(two.state, current=HOME, rungs=[strongest])
    assert [one.to, two.to, three.to] == [MIDDLE.key, HOME.key, HOME.key]
    assert [found.state.times for found in (one, two, three)] == [1, 2, 2]


def test_the_rung_that_is_worth_most() -> None:
    cheap_middle = replace(MIDDLE, quality=0.80, rest_usd=0.10)
    assert verdict(rungs=[cheap_middle, HOME], value_usd=2.0).to == cheap_middle.key
    assert verdict(rungs=[cheap_middle, HOME], value_usd=50.0).to == HOME.key


def test_home_is_a_rung_even_when_it_is_predicted_to_be_no_better() -> None:
    assert verdict(rungs=[replace(HOME, quality=0.765)]).to == HOME.key
    assert verdict(rungs=[replace(HOME, quality=0.765, home=False)]).to is None


# fmt: off
TASKS = {
    # tasks, cluster        to         reason
    "the same task":        (1, 3,     HOME.key, "stays_escalated"),
    "another class, same task": (1, 4, HOME.key, "stays_escalated"),
    "new task, same class": (2, 3,     HOME.key, "stays_escalated"),
    "new task, new class":  (2, 4,     None,     "deescalated"),
}
# fmt: on


@pytest.mark.parametrize(("tasks", "cluster", "to", "reason"), TASKS.values(), ids=TASKS)
def test_coming_down(tasks: int, cluster: int, to: object, reason: str) -> None:
    up = verdict().state
    found = verdict(up, Evidence(tasks=tasks), current=HOME, cluster=cluster)
    assert (found.to, found.reason, found.state.times) == (to, reason, 1)


def test_c82_a_loop_on_the_strongest_is_reported() -> None:
    found = verdict(State(times=1, to=HOME.key, cluster=3, tasks=1), current=HOME, rungs=[CHEAP])
    assert (found.reason, found.to) == ("struggles_on_strongest", HOME.key)
    assert verdict(seen=Evidence(loads={"tool_error": 0.4}), current=HOME).reason == ""


def test_shares_of_the_cascade_table() -> None:
    """Opus 4.7 after MiniMax-M3: 0.86 to 0.863 with a perfect detector, from 0.772 and 0.825."""
    assert 0.772 + (1 - 0.772) * saved(0.772, 0.825) == pytest.approx(0.863, abs=0.01)


quality = st.floats(0.02, 0.98)


@given(a=quality, b=quality)
def test_without_evidence_the_gain_is_the_difference(a: float, b: float) -> None:
    expected = gain(1 - a, a, b)
    assert 0 <= saved(a, b) <= 1
    assert 0 <= lost(a, b) <= 1
    clipped = saved(a, b) in (0, 1) or lost(a, b) in (0, 1)
    assert clipped or expected == pytest.approx(b - a)


@given(a=quality, b=quality, p=quality, q=quality)
def test_more_evidence_is_never_less_gain(a: float, b: float, p: float, q: float) -> None:
    low, high = sorted((p, q))
    assert gain(low, a, b) <= gain(high, a, b) + 1e-9


@given(value=st.floats(0, 100), more=st.floats(0, 100), score=st.floats(-5, 5))
def test_a_dearer_session_is_never_a_reason(value: float, more: float, score: float) -> None:
    seen = Evidence(loads={"loop": score})
    dear = verdict(seen=seen, value_usd=value, rungs=[replace(HOME, rest_usd=0.6 + more)])
    plain = verdict(seen=seen, value_usd=value)
    assert dear.to is None or plain.to == dear.to
