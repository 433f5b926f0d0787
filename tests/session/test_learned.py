"""What answers say of models: verbosity on the same work, speed, faith; all drawn to 1."""

from math import exp, log
from typing import Any

import pytest

from turnout.session import learned
from turnout.session.learned import FAITH, MOST_RATIO, PRIOR, TIMED, Answer, Learned, believed


def answer(model: str, output: float = 100.0, **facts: Any) -> Answer:
    made = {"provider": "p", "label": "a", "kind": "main", "model": model, "output": output}
    return Answer(**{**made, **facts})


def known(*answers: Answer) -> Learned:
    found = Learned()
    for one in answers:
        found.tell(one)
    return found


def test_verbosity_by_hand() -> None:
    """Ten answers of 400 against ten of 100 in one class: each is a factor 2 off their mean."""
    found = known(*[answer("wordy", 400)] * 10, *[answer("terse")] * 10)
    assert found.verbosity("wordy") == pytest.approx(exp(10 * log(2) / (10 + PRIOR)))
    assert found.verbosity("terse") == pytest.approx(1 / found.verbosity("wordy"))
    assert found.verbosity("never seen") == 1.0


def test_more_answers_count_for_more() -> None:
    few, many = (known(*[answer("w", 400)] * n, *[answer("t")] * n) for n in (2, 200))
    assert 1.0 < few.verbosity("w") < 1.2 < many.verbosity("w") < 2.0


def test_another_class_is_other_work() -> None:
    """Long answers to long questions are no verbosity: nobody else answered those."""
    other: dict[str, Any] = {"label": "b"}
    for facts in (other, {"kind": "tool_result"}):
        found = known(*[answer("long", 4000, **facts)] * 50, *[answer("short", 50)] * 50)
        assert (found.verbosity("long"), found.verbosity("short")) == (1.0, 1.0)
    mixed = known(*[answer("a", 4000, **other)] * 50, *[answer("b", 4000, **other)] * 50)
    assert mixed.verbosity("a") == pytest.approx(1.0)


def test_nobody_is_more_than_so_many_times_as_wordy() -> None:
    found = known(*[answer("w", 1e7)] * 500, *[answer("t", 1)] * 500)
    assert (found.verbosity("w"), found.verbosity("t")) == (MOST_RATIO, 1 / MOST_RATIO)


def timed(model: str, first_s: float, total_s: float, output: float = 100.0) -> Answer:
    return answer(model, output, first_s=first_s, total_s=total_s)


def test_speed_by_hand() -> None:
    """100 tokens: 1 + 1 s against 1 + 3 s; five answers count for half of it."""
    found = known(*[timed("slow", 1, 4)] * 5, *[timed("fast", 1, 2)] * 5)
    share = 5 / (5 + TIMED)
    assert found.slower(("p", "slow"), ("p", "fast"), 100) == pytest.approx(2**share)
    assert found.slower(("p", "fast"), ("p", "slow"), 100) == pytest.approx(0.5**share)
    assert found.slower(("p", "slow"), ("p", "fast"), 0) == pytest.approx(1.0)
    assert found.slower(("p", "slow"), ("elsewhere", "slow"), 100) == 1.0, "never seen there"


def test_the_latest_answers_count_most() -> None:
    found = known(*[timed("m", 9, 9)] * 3, *[timed("m", 1, 1)] * 30, *[timed("r", 1, 1)] * 30)
    assert found.slower(("p", "m"), ("p", "r"), 100) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("times", [(None, 3.0), (5.0, 3.0), (-1.0, 3.0)], ids=str)
def test_a_clock_that_lies_teaches_nothing(times: tuple[float | None, float]) -> None:
    bad = answer("m", first_s=times[0], total_s=times[1])
    found = known(bad, *[timed("r", 1, 2)] * 9)
    assert found.slower(("p", "m"), ("p", "r"), 100) == 1.0


def test_faith_is_drawn_to_one() -> None:
    assert Learned().faith(("p", "m")) == 1.0
    found = known(answer("m", expected=FAITH, read=0.0))
    assert found.faith(("p", "m")) == pytest.approx(0.5)
    assert believed(FAITH, FAITH, 0.5) == pytest.approx(0.75)
    assert believed(0, 0, 0.3) == pytest.approx(0.3)
    assert believed(FAITH, 9 * FAITH, 1.0) == 1.0, "more than all cannot be read"


def test_a_model_that_says_nothing_is_no_number() -> None:
    assert known(answer("m", 0.0), answer("n", 0.0)).verbosity("m") == 1.0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "CLASSES", 10)
    found = Learned()
    found.recall(answer(f"m{n}", first_s=1.0, total_s=2.0, expected=9.0) for n in range(100))
    sizes = [len(kept) for kept in (found._words, found._paces, found._caches)]
    assert sizes == [10, 10, 10]
