"""c91: how many steps are left, from guesses and from the log."""

import random

import pytest

from turnout.session.horizon import DEFAULT, OPEN_S, Curve, Lived, estimated, guess, learned

NOW = 1e9
LONG_AGO = NOW - 10 * OPEN_S


def test_c91_a_flat_curve_forgets() -> None:
    """A geometric length: what is left does not depend on what was."""
    for mean in (1.0, 4.0, 16.0):
        left = [Curve.flat(mean).left(step) for step in (1, 2, 4, 9, 30, 64, 65, 1_000)]
        assert left == pytest.approx([mean] * 8)


def test_c91_by_hand() -> None:
    """Half end at the first step; of those that go on, each step is the last of a quarter."""
    curve = Curve((0.5, *[0.25] * 7))
    assert curve.left(1) == pytest.approx(1 + 0.5 * 4)
    assert curve.left(2) == pytest.approx(4)


def test_c91_guesses() -> None:
    assert guess("unknown", "main").left(1) == pytest.approx(DEFAULT)
    assert guess("claude-code", "tool_result") == guess("claude-code", "main")
    assert guess("claude-code", "sub_agent").left(1) < guess("claude-code", "main").left(1)


def lengths(mean: float, count: int, last_at: float = LONG_AGO) -> list[Lived]:
    chance = random.Random(1)
    found = []
    for _ in range(count):
        steps = 1
        while chance.random() > 1 / mean:
            steps += 1
        found.append(Lived("aider", "main", steps, last_at))
    return found


def test_c91_the_log_outweighs_the_guess() -> None:
    prior = Curve.flat(8)
    few = estimated(lengths(3, 3), prior, NOW).left(1)
    many = estimated(lengths(3, 3_000), prior, NOW).left(1)
    assert many == pytest.approx(3, rel=0.1)
    assert many < few < 8.5


def test_c91_nothing_seen_is_the_guess() -> None:
    assert estimated([], Curve.flat(8), NOW) == Curve.flat(8)


def test_c91_what_may_go_on_has_not_ended() -> None:
    """Sessions of two steps, all still open: they say that one goes on, not that it ends."""
    going = [Lived("aider", "main", 2, NOW - 1)] * 500
    done = [Lived("aider", "main", 2, LONG_AGO)] * 500
    prior = Curve.flat(4)
    assert estimated(done, prior, NOW).left(1) < 2.3
    assert estimated(going, prior, NOW).left(1) > 4


def test_c91_each_client_and_kind_has_its_own() -> None:
    rows = [*lengths(3, 400), *[Lived("codex", "sub_agent", 30, LONG_AGO)] * 400]
    found = learned(rows, NOW)
    assert found.left("aider", "tool_result", 1) == pytest.approx(3, rel=0.2)
    assert found.left("codex", "sub_agent", 1) > 20
    assert found.left("codex", "main", 1) == guess("codex", "main").left(1)


@pytest.mark.parametrize("steps", [0, -5, 10**9], ids=str)
def test_strange_rows(steps: int) -> None:
    left = learned([Lived("x", "main", steps, LONG_AGO)] * 50, NOW).left("x", "main", 1)
    assert 1 <= left <= 200
