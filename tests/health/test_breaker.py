"""Circuit breakers against a clock: when they open, for how long, and how they close again."""

from dataclasses import dataclass

import pytest

from turnout.health.breaker import PROBE_S, WINDOW_S, Breakers
from turnout.health.faults import BUSY, STATUSES, TROUBLES, Fault

BROKEN = TROUBLES["broken"]
KEY = "p/m"


@dataclass
class World:
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.breakers = Breakers(lambda: self.now)

    def state(self) -> str:
        return next((state for key, _, state in self.breakers.items() if key == KEY), "closed")

    def fail(self, fault: Fault = BROKEN, times: int = 1, every: float = 1.0) -> None:
        for _ in range(times):
            self.now += every
            self.breakers.failed(KEY, fault)


def test_it_opens_after_failures_in_a_row_and_not_before() -> None:
    world = World()
    world.fail(times=BROKEN.after - 1)
    assert world.breakers.blocks(KEY) is None
    world.fail()
    assert world.state() == "open"
    assert world.breakers.blocks(KEY)


def test_failures_far_apart_are_no_failures_in_a_row() -> None:
    world = World()
    world.fail(times=9, every=WINDOW_S + 1)
    assert world.state() == "closed"


def test_a_success_in_between_forgets_the_failures() -> None:
    world = World()
    world.fail(times=BROKEN.after - 1)
    world.breakers.worked(KEY, world.now, whole=True)
    world.fail(times=BROKEN.after - 1)
    assert world.state() == "closed"


def test_answers_that_begin_and_break_off_are_failures_in_a_row() -> None:
    world = World()
    for _ in range(BROKEN.after):
        world.breakers.worked(KEY, world.now)
        world.fail()
    assert world.state() == "open"


def test_half_open_lets_one_probe_through() -> None:
    world = World()
    world.fail(BUSY)
    world.now += BUSY.seconds
    assert world.state() == "half_open"
    assert world.breakers.blocks(KEY) is None
    world.breakers.begin(KEY)
    assert world.breakers.blocks(KEY), "one is enough to find out"
    world.breakers.worked(KEY, world.now)
    assert (world.state(), world.breakers.blocks(KEY)) == ("closed", None)


def test_a_probe_that_fails_waits_twice_as_long_up_to_a_limit() -> None:
    world, waits = World(), []
    for _ in range(12):
        world.fail(BUSY, every=0)
        waits.append(world.breakers.blocks(KEY).until - world.now)  # type: ignore[union-attr]
        world.now += waits[-1]
        world.breakers.begin(KEY)
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == BUSY.most


@pytest.mark.parametrize("end", ["the client left", "nobody ever heard of it"])
def test_a_lost_probe_blocks_nobody_for_long(end: str) -> None:
    world = World()
    world.fail(BUSY)
    world.now += BUSY.seconds
    world.breakers.begin(KEY)
    if end == "the client left":
        world.breakers.left(KEY)
    else:
        world.now += PROBE_S
    assert world.breakers.blocks(KEY) is None


def test_late_news_of_one_burst_is_one_failure() -> None:
    """Fifty requests were under way when it broke: that is no reason to wait 2^50 seconds."""
    world = World()
    world.fail(BUSY, times=50, every=0)
    assert world.breakers.blocks(KEY).until == world.now + BUSY.seconds  # type: ignore[union-attr]


def test_success_of_what_was_sent_before_the_failure_proves_nothing() -> None:
    world = World()
    world.fail(BUSY)
    world.breakers.worked(KEY, began=world.now - 5)
    assert world.state() == "open"


def test_c89_a_time_that_the_provider_names_is_kept() -> None:
    world = World()
    world.fail(Fault(scope="binding", after=3, seconds=5, most=300, named=42.0))
    assert world.breakers.blocks(KEY).until == world.now + 42  # type: ignore[union-attr]
    world.now += 41.9
    assert world.breakers.blocks(KEY)
    world.now += 0.2
    assert world.breakers.blocks(KEY) is None


@pytest.mark.parametrize("status", STATUSES)
def test_every_row_of_the_table_opens_something(status: int) -> None:
    world = World()
    world.fail(STATUSES[status], times=STATUSES[status].after)
    assert world.state() == "open"


def test_a_clock_that_is_set_back_keeps_nothing_open() -> None:
    """Neither longer than it would have been, nor deaf to answers until the clock catches up."""
    world = World(now=10_000.0)
    world.fail(times=BROKEN.after)
    breaker = world.breakers.blocks(KEY)
    assert breaker
    wait = breaker.until - world.now
    world.now -= 5_000
    assert world.breakers.blocks(KEY)
    world.now += wait + 1
    assert world.breakers.blocks(KEY) is None
    world.breakers.begin(KEY)
    world.breakers.worked(KEY, world.now)
    assert world.state() == "closed"
