"""The requested model left alone: exact where it was, bounded where it was not."""

from dataclasses import replace
from typing import Any

import pytest

from route.models import binding, price
from turnout.counterfactual import World
from turnout.route.model import Model
from turnout.session import elsewhere
from turnout.session.cache_state import Prefix
from turnout.session.elsewhere import Action, Guess, Shadow, Wordy
from turnout.session.place import Place
from turnout.session.wordy import Words
from turnout.wire.events import Usage

RATES = price("5", "25", cache_read="0.5", cache_write_5m="6.25", cache_write_1h="10")
BIG = replace(binding(Model(id="big", cache="explicit", tokeniser="one")), price=RATES)
SMALL = replace(
    binding(Model(id="small", tokeniser="two", token_ratio=0.8), "q"),
    price=price("0.5", "2", cache_read="0.05"),
)
NOBODY = binding("mystery", "x", dollars=None)
PLACE = Place(
    key="k",
    session="s",
    agent="",
    asked="big",
    prefix=Prefix(digest="d", messages=1, tokens=10_000),
    ttl="5m",
    dialect="anthropic",
)
SURE = Wordy(sd=0.0)
WHOSE = ("claude-code", "main")


def action(usage: Usage, at: float = 1e6, messages: int = 1, **facts: Any) -> Action:
    tokens = usage.fresh_input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h
    place = replace(PLACE, prefix=Prefix(digest="d", messages=messages, tokens=tokens), **facts)
    return Action(usage=usage, served=SMALL, place=place, at=at, ended=at + 2)


FIRST = action(Usage(fresh_input=8000, output=400))
SECOND = action(Usage(fresh_input=800, cache_read=8000, output=400), at=1e6 + 60, messages=3)


def paid(*actions: Action, other: Any = BIG) -> list[Guess]:
    world, words = World(), Words()
    found = [world.pay(one, other, words, WHOSE) for one in actions]
    assert all(found)
    return found  # type: ignore[return-value]


def test_what_it_served_itself_is_exact() -> None:
    usage = Usage(fresh_input=10, cache_write_5m=9000, output=300)
    (found,) = paid(replace(action(usage), served=BIG))
    assert found.low == found.usd == found.high
    assert float(found.usd) == pytest.approx((10 * 5 + 9000 * 6.25 + 300 * 25) / 1e6)


def test_its_own_tokens_and_its_own_cache() -> None:
    """8,000 tokens of one are 10,000 of the other; the second step reads what the first wrote."""
    first, second = paid(FIRST, SECOND)
    assert first.usage == Usage(cache_write_5m=10_000, output=500)
    assert second.usage == Usage(cache_read=10_000, cache_write_5m=1000, output=500)
    assert float(second.usd) == pytest.approx((10_000 * 0.5 + 1000 * 6.25 + 500 * 25) / 1e6)
    assert second.low < second.usd < second.high


LATER: dict[str, tuple[dict[str, Any], float, Usage]] = {
    "warm": ({}, 290, Usage(cache_read=10_000, cache_write_5m=1000, output=500)),
    "cold after five minutes": ({}, 400, Usage(cache_write_5m=11_000, output=500)),
    "kept for an hour": (
        {"ttl": "1h"},
        400,
        Usage(cache_read=10_000, cache_write_1h=1000, output=500),
    ),
    "cold after an hour": ({"ttl": "1h"}, 3700, Usage(cache_write_1h=11_000, output=500)),
    "nothing marked, nothing kept": ({"ttl": None}, 60, Usage(fresh_input=11_000, output=500)),
}


@pytest.mark.parametrize(("facts", "pause", "usage"), LATER.values(), ids=LATER)
def test_by_time_to_live(facts: dict[str, Any], pause: float, usage: Usage) -> None:
    first = action(FIRST.usage, **facts)
    second = action(SECOND.usage, at=1e6 + pause, messages=3, **facts)
    assert paid(first, second)[1].usage == usage


def test_at_the_edge_of_a_life_it_may_be_either() -> None:
    """310 s after it was asked, 308 after the answer: just cold; the low end holds the warm one."""
    late = replace(SECOND, at=1e6 + 310, ended=1e6 + 312)
    _, edge = paid(FIRST, late)
    _, over = paid(FIRST, replace(late, at=1e6 + 400, ended=1e6 + 402))
    assert edge.usage == over.usage
    assert edge.low < over.low


def test_a_history_that_was_compacted_is_cold_for_everybody() -> None:
    shorter = action(Usage(fresh_input=2000, output=400), at=1e6 + 60, messages=1)
    assert paid(FIRST, shorter)[1].usage == Usage(cache_write_5m=2500, output=500)


def test_a_conversation_that_was_there_before_us_is_as_warm_as_it_was() -> None:
    warm = action(Usage(fresh_input=800, cache_read=7200, output=400), messages=9)
    (found,) = paid(warm)
    assert found.usage == Usage(cache_read=9000, cache_write_5m=1000, output=500)


def test_a_switch_back_is_no_longer_exact() -> None:
    """It was cold in truth; left alone it would have been warm."""
    back = Usage(cache_write_5m=11_000, output=500)
    _, found = paid(FIRST, replace(action(back, at=1e6 + 60, messages=3), served=BIG))
    assert found.usage == Usage(cache_read=10_000, cache_write_5m=1000, output=500)


def test_the_bounds_say_what_is_not_known() -> None:
    """The same model elsewhere says the same words in the same tokens: only its cache is unsure."""
    twin = replace(BIG, provider="b")
    one = replace(FIRST, served=twin)
    found = elsewhere.guess(one, BIG, Shadow(same=False), SURE)
    assert found
    assert found.usage.output == FIRST.usage.output
    assert found.low == found.usd == found.high


def test_unknown_prices_are_unknown() -> None:
    assert elsewhere.guess(FIRST, NOBODY, Shadow(), SURE) is None
    no_rate = replace(SMALL, provider="r", price=price("1", "2"))
    warm = Shadow(cached=elsewhere.after(FIRST, no_rate, Shadow(), None).cached, same=False)
    assert elsewhere.guess(SECOND, no_rate, warm, SURE) is None, "it would read at no known rate"


def test_in_shadow_a_switch_comes_to_a_cold_cache() -> None:
    world, words = World(), Words()
    world.pay(FIRST, SMALL, words, WHOSE)
    found = world.pay(SECOND, BIG, words, WHOSE)
    assert found
    assert found.usage.cache_read == 0


def test_words_are_learned() -> None:
    """The prior is wide; a hundred steps of each say that one is three times as wordy."""
    words = Words()
    assert words.of(WHOSE, "small", "big") == Wordy()
    for _ in range(100):
        words.heard(WHOSE, "small", 100)
        words.heard(WHOSE, "big", 300)
    learned = words.of(WHOSE, "small", "big")
    assert learned.log == pytest.approx(0.85, abs=0.1)
    assert elsewhere.WORDY_SD > learned.sd > 0.4
    assert words.of(("codex", "main"), "small", "big") == Wordy()
