"""What answers say about a cache: by TTL, by beginning, in whatever order they come."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from turnout.session.cache_state import Cached, Prefix, credible
from turnout.wire.events import Usage
from turnout.wire.request import Ask

NOW = 1_000_000.0
PREFIX = Prefix(digest="d", messages=5, tokens=20_000)
WRITTEN = Usage(fresh_input=100, cache_read=10_000, cache_write_5m=4_900, output=300)


def seen(usage: Usage = WRITTEN, prefix: Prefix = PREFIX, at: float = NOW, **rest: Any) -> Cached:
    facts: dict[str, Any] = {"ttl": "5m", "marked": True, **rest}
    return Cached.seen(("p", "m"), prefix, usage, asked_at=at, at=at, **facts)


# fmt: off
AUTOMATIC = {"ttl": None, "marked": False}
HOUR = Usage(fresh_input=100, cache_read=10_000, cache_write_1h=2_000)
BOTH = Usage(fresh_input=100, cache_read=10_000, cache_write_5m=900, cache_write_1h=2_000)
HELD: dict[str, tuple[Cached, float, float]] = {
    # what was seen -> seconds later, tokens that are read then
    "what was marked, not what was fresh": (seen(), 10, 14_900),
    "to the end of its time": (seen(), 300, 14_900),
    "and no longer": (seen(), 300.1, 0),
    "an hour": (seen(HOUR, ttl="1h"), 3_600, 12_000),
    "an hour and no longer": (seen(HOUR, ttl="1h"), 3_601, 0),
    "both, soon": (seen(BOTH, ttl="1h"), 300, 12_900),
    "both, late: the hour's": (seen(BOTH, ttl="1h"), 301, 12_000),
    "without marks it is all of it": (seen(**AUTOMATIC), 300, 15_000),
    "without marks, late": (seen(**AUTOMATIC), 301, 0),
    "a model that needs marks and got none": (seen(Usage(fresh_input=9_000)), 1, 0),
    "too short to be kept": (seen(Usage(cache_write_5m=1_000)), 1, 0),
    "the clock was set back a little": (seen(), -30, 14_900),
    "the clock was set back a lot": (seen(), -3_600, 0),
}
# fmt: on


@pytest.mark.parametrize(("state", "later", "tokens"), HELD.values(), ids=HELD)
def test_held(state: Cached, later: float, tokens: float) -> None:
    assert state.holds(PREFIX, NOW + later) == tokens


ASK = Ask(
    dialect="anthropic",
    model="m",
    system="You help.",
    tools=("Read", "Bash"),
    first_human="Fix it.",
    messages=5,
    input_tokens=20_000,
)
GOES_ON: dict[str, tuple[dict[str, Any], bool]] = {
    "the same again": ({}, True),
    "one more turn": ({"messages": 7, "input_tokens": 21_000}, True),
    "marks moved": ({"input_tokens": 19_900}, True),
    "c53 turns were taken out": ({"messages": 3, "input_tokens": 12_000}, False),
    "c53 tool results were cleared": ({"messages": 7, "input_tokens": 9_000}, False),
    "c53 compacted": ({"first_human": "This session is continued ...", "messages": 1}, False),
    "another system": ({"system": "You title."}, False),
    "another tool": ({"tools": ("Read", "Bash", "Grep")}, False),
}


@pytest.mark.parametrize(("change", "goes_on"), GOES_ON.values(), ids=GOES_ON)
def test_c53_prefix(change: dict[str, Any], goes_on: bool) -> None:
    earlier, later = Prefix.of(ASK), Prefix.of(replace(ASK, **change))
    assert later.extends(earlier) is goes_on
    assert bool(seen(prefix=earlier).holds(later, NOW)) is goes_on


def test_half_characters_have_a_digest() -> None:
    assert Prefix.of(replace(ASK, system="\ud800")).digest != Prefix.of(ASK).digest


def step(number: int, **rest: Any) -> Cached:
    usage = Usage(cache_read=10_000 + 1_000 * number, cache_write_5m=1_000, output=100 * number)
    prefix = Prefix(digest="d", messages=5 + 2 * number, tokens=20_000 + 900 * number)
    return seen(usage, prefix, NOW + number, **rest)


def test_growth_and_output_are_observed() -> None:
    state = step(0)
    assert state.growth is None
    for number in (1, 2, 3):
        state = state.merged(step(number))
    assert state.growth == 1_000
    assert (state.answers, state.output) == (4, 600)
    assert state.kept == state.total == 14_000


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_the_order_of_parallel_answers_does_not_matter(order: tuple[int, ...]) -> None:
    steps = [step(number, expected=9_000) for number in range(4)]
    first, *rest = (steps[n] for n in order)
    for one in rest:
        first = first.merged(one)
    straight = steps[0].merged(steps[1]).merged(steps[2]).merged(steps[3])
    assert first == straight


def test_an_edited_history_begins_anew() -> None:
    """The later request says what is kept; sums of what came before say nothing any more."""
    shorter = seen(
        Usage(cache_write_5m=5_000), Prefix(digest="d", messages=2, tokens=6_000), NOW + 9
    )
    assert seen().merged(shorter) == shorter
    assert shorter.merged(seen()) == shorter


def test_what_should_have_been_read_and_was_adds_up() -> None:
    fresh = Usage(fresh_input=12_000)
    state = seen(fresh, **AUTOMATIC, expected=0)
    assert (state.expected, state.read) == (0, 0)
    state = state.merged(seen(fresh, at=NOW + 1, **AUTOMATIC, expected=12_000))
    assert (state.expected, state.read) == (12_000, 0)
    half = Usage(fresh_input=1, cache_read=12_000)
    both = state.merged(seen(half, at=NOW + 2, **AUTOMATIC, expected=12_000))
    assert (both.expected, both.read) == (24_000, 12_000)


LIES: dict[str, tuple[Usage | None, bool]] = {
    "none": (None, False),
    "zero": (Usage(output=50), False),
    "negative": (Usage(fresh_input=500, cache_read=-1), False),
    "negative output": (Usage(fresh_input=500, output=-1), False),
    "larger than the window": (Usage(fresh_input=1, cache_read=200_000), False),
    "the whole window": (Usage(cache_read=200_000), True),
    "ordinary": (WRITTEN, True),
}


@pytest.mark.parametrize(("usage", "honest"), LIES.values(), ids=LIES)
def test_usage_that_lies_is_not_learned_from(usage: Usage | None, honest: bool) -> None:
    assert credible(usage, 200_000) is honest
    assert not credible(Usage(fresh_input=10**30), None)
