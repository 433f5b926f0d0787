"""A model that does worse than promised is un-routed; one that does as promised is not."""

from random import Random

import pytest

from turnout.session.alarm import (
    FEEDBACK,
    FEWEST,
    Alarms,
    Ended,
    Place,
    Raised,
    Tally,
    above,
    feedback,
    promised,
)

HERE = Place("2026-11", 3, "minimax-m3")
QUALITY = 0.77


def session(*, troubled: bool, place: Place = HERE, quality: float = QUALITY) -> Ended:
    return Ended(place=place, troubled=troubled, quality=quality)


def after(alarms: Alarms, *outcomes: bool) -> list[Raised]:
    told = (alarms.tell(session(troubled=one), at=float(n)) for n, one in enumerate(outcomes))
    return [raised for raised in told if raised]


# fmt: off
TAILS = [
    # x    a    b     P(X > x) for X ~ Beta(a, b)
    (0.0,  2.0, 3.0,  1.0),
    (0.5,  1.0, 1.0,  0.5),
    (0.3,  1.0, 1.0,  0.7),
    (0.5,  4.0, 4.0,  0.5),
    (0.5,  2.0, 1.0,  0.75),             # 1 - x^2
    (0.25, 1.0, 3.0,  0.421875),         # (1 - x)^3
    (1.0,  2.0, 2.0,  0.0),
]
# fmt: on


@pytest.mark.parametrize(("x", "a", "b", "p"), TAILS)
def test_the_tail_of_beta(x: float, a: float, b: float, p: float) -> None:
    assert above(x, a, b) == pytest.approx(p, abs=1e-3)


def test_a_model_that_fails_everywhere_is_unrouted() -> None:
    alarms = Alarms()
    (raised,) = after(alarms, *[True] * 20)
    assert raised.place == HERE
    assert raised.at == FEWEST  # as soon as there are enough (they fade), and once only
    assert alarms.alarmed("2026-11", 3) == {"minimax-m3"}
    assert list(alarms) == [raised]


def test_elsewhere_it_goes_on() -> None:
    alarms = Alarms()
    after(alarms, *[True] * 20)
    assert alarms.alarmed("2026-11", 4) == frozenset()
    assert alarms.alarmed("2026-12", 3) == frozenset()  # a new bundle's clusters are others


def test_a_few_bad_sessions_say_nothing() -> None:
    assert after(Alarms(), *[True] * int(FEWEST - 1)) == []


@pytest.mark.parametrize("seed", range(8))
def test_as_good_as_promised(seed: int) -> None:
    """The detector itself sees trouble in some sessions that end well."""
    chance, share = Random(seed), promised(QUALITY)
    assert after(Alarms(), *(chance.random() < share for _ in range(60))) == []


@pytest.mark.parametrize("seed", range(8))
def test_much_worse_than_promised(seed: int) -> None:
    chance = Random(seed)
    share = promised(0.3)
    assert len(after(Alarms(), *(chance.random() < share for _ in range(150)))) == 1


def test_it_is_released_by_hand() -> None:
    alarms = Alarms()
    after(alarms, *[True] * 20)
    assert alarms.release(HERE)
    assert alarms.alarmed("2026-11", 3) == frozenset()
    assert alarms.tally(HERE) == Tally()
    assert not alarms.release(HERE)


def test_a_persons_word_counts_more() -> None:
    alarms = Alarms()
    words = [alarms.tell(feedback(HERE, QUALITY, good=False), at=0.0) for _ in range(4)]
    assert any(words[: int(FEWEST / FEEDBACK) + 1])
    assert feedback(HERE, QUALITY, good=True).troubled is False


def test_praise_outweighs_trouble() -> None:
    alarms = Alarms()
    for _ in range(5):
        alarms.tell(feedback(HERE, QUALITY, good=True), at=0.0)
    assert after(alarms, *[True] * 9) == []


def test_old_sessions_fade() -> None:
    tally = Tally()
    for n in range(400):
        tally = tally.after(session(troubled=n < 200))
    assert tally.sessions < 100.1
    assert tally.troubled < 0.2 * tally.fine


def test_the_promise_follows_the_quality() -> None:
    tally = Tally().after(session(troubled=False, quality=1.0))
    assert tally.promise == pytest.approx(promised(1.0))
    tally = tally.after(session(troubled=False, quality=0.0))
    assert promised(1.0) < tally.promise < promised(0.0)


def test_it_survives_a_restart() -> None:
    before, outcomes = Alarms(), [True] * 9
    raised = after(before, *outcomes)
    again = Alarms()
    again.recall([session(troubled=one) for one in outcomes], raised)
    assert again.alarmed("2026-11", 3) == {"minimax-m3"}
    assert again.tally(HERE) == before.tally(HERE)
