"""Pins: kept, moved, dropped; bounded, in any order, with any clock, over a state that fails."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.session.cache_state import Cached, Prefix
from turnout.session.pins import CACHES, EVERYONE, MOST, SECONDS, Observed, Pin, Pins
from turnout.wire.events import Usage


class Clock:
    """Seconds, moved by the test."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def pin(model: str = "m", provider: str = "p", **facts: Any) -> Pin:
    return Pin(provider=provider, model=model, last_used=0.0, **facts)


def cached(model: str = "m", number: int = 0, digest: str = "d") -> Cached:
    prefix = Prefix(digest=digest, messages=number, tokens=1_000 * number)
    usage = Usage(cache_read=2_000 * number, cache_write_5m=1_500, output=10)
    at = 1_000_000.0 + number
    return Cached.seen(("p", model), prefix, usage, asked_at=at, at=at, ttl="5m", marked=True)


def models(pins: Pins, *keys: str) -> list[str | None]:
    return [found.model if (found := pins.get(key)) else None for key in keys]


def test_kept_and_dropped() -> None:
    pins = Pins(Clock())
    assert pins.get("s") is None
    pins.keep("s", pin("small"))
    found = pins.get("s")
    assert found
    assert (found.binding, found.last_used, found.steps) == (("p", "small"), 1_000_000.0, 1)
    pins.drop("s")
    pins.drop("s")
    assert pins.get("s") is None


def test_c57_what_was_asked_for_is_pinned_apart() -> None:
    pins = Pins(Clock())
    wanted = {"s||opus": "sonnet", "s||haiku": "nano", "s|agent|opus": "mini"}
    for key, model in wanted.items():
        pins.keep(key, pin(model))
    assert models(pins, *wanted) == list(wanted.values())


def test_c58_a_lifetime_slides_with_each_use() -> None:
    clock = Clock()
    pins = Pins(clock)
    for _ in range(3):
        pins.keep("s", pin())
        clock.now += SECONDS
        assert pins.get("s")
    clock.now += 1
    assert pins.get("s") is None
    assert len(pins) == 0


def test_c58_a_forced_pin_never_expires() -> None:
    clock = Clock()
    pins = Pins(clock)
    pins.force("s", "p", "m")
    clock.now += 1e9
    found = pins.by_hand("s")
    assert found and found.forced
    assert pins.by_hand("another") is None


def test_by_hand_the_session_comes_before_everyone() -> None:
    pins = Pins(Clock())
    pins.force("", "p", "all")
    pins.force("s", "p", "mine")
    assert [found.model for s in ("s", "t") if (found := pins.by_hand(s))] == ["mine", "all"]
    assert pins.clear("s") == 1
    assert models(pins, f"{EVERYONE}|by hand") == ["all"]
    assert pins.clear() == 1
    assert pins.by_hand("t") is None


def test_what_was_seen_stays_known_when_it_moves() -> None:
    pins = Pins(Clock())
    pins.keep("s", pin("m"))
    pins.observe("s", Observed(planned=("p", "m"), served=("p", "m"), seen=cached(number=3)))
    pins.keep("s", pin("n"))
    found = pins.get("s")
    assert found
    assert (found.model, found.steps) == ("n", 2)
    assert found.cached("p", "m", "d")
    assert found.cached("p", "n", "d") is None


def test_who_really_served_it_has_the_cache() -> None:
    pins = Pins(Clock())
    pins.keep("s", pin("m"))
    pins.observe("s", Observed(planned=("p", "m"), served=("q", "n"), seen=cached("n", 3)))
    assert models(pins, "s") == ["n"]
    pins.observe("s", Observed(planned=("p", "m"), served=("p", "m")))
    assert models(pins, "s") == ["n"], "a late answer of an earlier plan moves nothing back"


def test_c59_a_refusal_clears_it_at_once() -> None:
    pins = Pins(Clock())
    pins.keep("s", pin("m"))
    pins.observe("s", Observed(planned=("p", "m"), served=("q", "n"), refused=True))
    assert pins.get("s") is None
    pins.keep("s", pin("n"))
    pins.observe("s", Observed(planned=("p", "m"), refused=True))
    assert models(pins, "s") == ["n"], "it is on another model by now"


def test_c60_two_overloads_disable_a_provider_for_the_session() -> None:
    pins = Pins(Clock())
    pins.keep("s", pin())
    for expected in (frozenset[str](), frozenset({"p"})):
        pins.observe("s", Observed(planned=("p", "m"), overloaded=("p",)))
        found = pins.get("s")
        assert found and found.disabled == expected


def test_nothing_is_learned_of_what_is_not_pinned() -> None:
    pins = Pins(Clock())
    pins.observe("s", Observed(planned=("p", "m"), seen=cached()))
    pins.note("s", "{}")
    assert len(pins) == 0


def test_a_few_beginnings_are_remembered() -> None:
    pins = Pins(Clock())
    pins.keep("s", pin())
    for number in range(20):
        pins.observe(
            "s", Observed(planned=("p", "m"), seen=cached(number=number, digest=str(number)))
        )
    found = pins.get("s")
    assert found
    assert [one.prefix.digest for one in found.caches] == [str(n) for n in range(20 - CACHES, 20)]


ACTIONS = [
    Observed(planned=("p", "m"), served=("p", "m"), seen=cached(number=2)),
    Observed(planned=("p", "m"), served=("p", "m"), seen=cached(number=3), overloaded=("q",)),
    Observed(planned=("p", "m"), served=("q", "n"), seen=cached("n", 4), overloaded=("p",)),
    Observed(planned=("p", "m"), served=None),
]


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_the_order_of_parallel_actions_does_not_corrupt_a_pin(order: tuple[int, ...]) -> None:
    assert after(ACTIONS, order) == after(ACTIONS, range(4))


@given(st.permutations(range(6)), st.lists(st.integers(1, 9), min_size=6, max_size=6))
def test_any_order_of_any_actions(order: list[int], sizes: list[int]) -> None:
    """Later requests are longer; how much so, and who answers first, is chance."""
    totals = [sum(sizes[: n + 1]) for n in range(6)]
    made = [Observed(planned=("p", "m"), seen=cached(number=number)) for number in totals]
    assert after(made, order) == after(made, range(6))


def after(actions: list[Observed], order: Any) -> Pin | None:
    pins = Pins(Clock())
    pins.keep("s", pin())
    for n in order:
        pins.observe("s", actions[n])
    return pins.get("s")


def test_ten_thousand_hostile_ids_are_bounded() -> None:
    pins = Pins(Clock())
    pins.keep("mine", pin())
    for number in range(MOST + 500):
        pins.keep(f"hostile-{number}", pin())
        pins.get("mine")
    assert len(pins) == MOST
    assert pins.get("mine"), "the least recently used go first"
    assert pins.get("hostile-0") is None


JUMPS: dict[str, tuple[float, bool]] = {
    "a second back": (-1, True),
    "a minute back": (-60, True),
    "a year back": (-3e7, False),
    "a year ahead": (3e7, False),
}


@pytest.mark.parametrize(("jump", "alive"), JUMPS.values(), ids=JUMPS)
def test_clocks_that_jump(jump: float, alive: bool) -> None:
    clock = Clock()
    pins = Pins(clock)
    pins.keep("s", pin())
    clock.now += jump
    assert bool(pins.get("s")) is alive
    pins.keep("s", pin())
    assert pins.get("s"), "from then on it goes by the new time"


class Broken:
    """A state whose server is gone."""

    def get(self, key: str) -> Pin | None:
        raise OSError("gone")

    def put(self, key: str, value: Pin) -> None:
        raise OSError("gone")

    def drop(self, key: str) -> None:
        raise OSError("gone")

    def items(self) -> Iterator[tuple[str, Pin]]:
        raise OSError("gone")

    def __len__(self) -> int:
        raise OSError("gone")


def test_a_state_that_fails_means_no_pin() -> None:
    pins = Pins(Clock(), Broken())
    pins.keep("s", pin())
    pins.observe("s", Observed(planned=("p", "m")))
    pins.force("s", "p", "m")
    pins.note("s", "{}")
    pins.drop("s")
    pins.sweep()
    assert pins.get("s") is pins.by_hand("s") is None
    assert (len(pins), pins.clear(), list(pins.items())) == (0, 0, [])
