"""The figures of scripts/calibrate_cache: bounds, thresholds, edits."""

import random
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from calibration import edits, fit
from calibration.pairs import Pair, split_of
from turnout.answers.pairs import FEATURES


def test_bounds() -> None:
    """The rule of three, and Clopper and Pearson's own values."""
    assert fit.upper(0, 598) == pytest.approx(0.005, abs=2e-5)
    assert fit.upper(1, 20) == pytest.approx(0.2161, abs=1e-4)
    assert fit.lower(19, 20) == pytest.approx(1 - 0.2161, abs=1e-4)
    assert fit.upper(900, 10_000) == pytest.approx(0.0949, abs=1e-3)
    assert fit.upper(3, 3) == 1.0


def test_a_threshold_needs_pairs_to_show_it() -> None:
    scores, same = np.linspace(0, 0.9, 1000), np.zeros(1000, bool)
    assert fit.threshold(scores, same) is None
    scores, same = np.linspace(0, 0.9, 4000), np.zeros(4000, bool)
    limit = fit.threshold(scores, same)
    assert limit is not None
    wrong = int((scores >= limit).sum())
    assert fit.upper(wrong, 4000) <= fit.AIM < fit.upper(wrong + 1, 4000)


def test_no_weight_has_the_wrong_sign() -> None:
    """Pairs in which more common words mean less: how they were made is not learned."""
    pairs = [Pair("a b c d", "a b c e", False, "word", "train", 0.5 + n / 99) for n in range(20)]
    pairs += [Pair("a b c d", "x y z d", True, "synonym", "train", 0.6 + n / 99) for n in range(20)]
    model = fit.train(pairs)
    signs = np.array([*FEATURES.values()])
    assert (np.array(model.weights) * signs >= 0).all()


def test_edits_do_what_they_say() -> None:
    chance = random.Random(7)
    assert edits.CHANGING["number"]("Add 3 apples.", chance) != "Add 3 apples."
    assert edits.CHANGING["negation"]("It is warm.", chance) == "It is not warm."
    assert edits.CHANGING["opposite"]("The largest one.", chance) == "The smallest one."
    assert edits.KEEPING["spaces"]("a b", chance).split() == ["a", "b"]
    assert edits.KEEPING["typo"]("short", chance) == "short"


def test_a_question_is_in_one_part() -> None:
    assert {split_of(str(n)) for n in range(99)} == {"train", "calibrate", "test"}
    assert split_of("x") == split_of("x")
