"""What moves when a user's own sessions are learned from, on logs whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from route import folders
from turnout.bundles import own
from turnout.bundles.outcomes import Outcomes
from turnout.route.bundle import Bundle
from turnout.session.alarm import promised

GOOD, CHEAP, OTHER = 0, 1, 2
SE = 0.1


def base(quality: float = 0.8) -> Bundle:
    shape = (3, 3)
    return Bundle(
        version="base",
        encoder="none",
        dim=3,
        temperature=0.05,
        top=1,
        profiles={},
        labels=("a", "b", "c"),
        models={"good": 0, "cheap": 1, "other": 2},
        tools=np.zeros(3),
        centroids=np.eye(3),
        quality=np.full(shape, quality),
        se=np.full(shape, SE),
        apart=folders.independent(np.full(shape, SE)),
        evidence=np.full(shape, 5.0),
    )


def counted(
    cells: dict[tuple[int, int], tuple[float, float]], *, alarmed: bool = False
) -> Outcomes:
    """(class, model) -> (sessions, share of trouble)."""
    count, troubled = np.zeros((3, 3)), np.zeros((3, 3))
    for cell, (n, share) in cells.items():
        count[cell], troubled[cell] = n, n * share
    return Outcomes(count, troubled, (count > 0) & alarmed, np.zeros(3), int(count.sum()), 0)


def moves(cells: dict[tuple[int, int], tuple[float, float]]) -> np.ndarray:
    return own.moved(base(), counted(cells)).quality - 0.8


USUAL = promised(0.8)  # share of trouble of a model that is as good as it was said to be
BAD = promised(0.4)


def test_thin_evidence_moves_little_and_much_evidence_moves_there() -> None:
    """The requested model does as promised, the cheap one as a model of 0.4 would."""
    by = [moves({(0, GOOD): (n, USUAL), (0, CHEAP): (n, BAD)})[0] for n in (2, 20, 2000)]
    gap = [row[GOOD] - row[CHEAP] for row in by]
    assert gap[0] < 0.03 < gap[1] < gap[2]
    assert gap[2] == pytest.approx(0.4, abs=0.02)


def test_a_ceiling_does_not_make_unlike_models_alike() -> None:
    """The good one would rise above 1: the class goes down as a whole."""
    found = own.moved(base(0.95), counted({(0, GOOD): (2000, USUAL), (0, CHEAP): (2000, BAD)}))
    assert found.quality[0].max() == 1.0
    assert found.quality[0, GOOD] - found.quality[0, CHEAP] == pytest.approx(0.4, abs=0.02)


def test_where_every_model_does_worse_no_model_is_blamed() -> None:
    found = own.moved(base(), counted({(0, m): (500, BAD) for m in range(3)}))
    gap = found.quality[0].max() - found.quality[0].min()
    assert gap == pytest.approx(0, abs=1e-9)
    assert found.difficulty[0] < -0.25
    assert found.difficulty[1] == pytest.approx(0, abs=1e-9)
    assert np.abs(found.quality[0] - 0.8).max() < 0.12


def test_another_class_learns_less_and_another_model_nothing_from_it() -> None:
    by = moves({(0, GOOD): (200, USUAL), (0, CHEAP): (200, BAD)})
    assert by[0, CHEAP] < 2 * by[1, CHEAP] * 0.99 < 0
    assert by[1, OTHER] == by[0, OTHER] == 0.0


def test_what_is_known_is_surer_and_nothing_else_is() -> None:
    found = own.moved(base(), counted({(0, GOOD): (300, USUAL), (0, CHEAP): (300, USUAL)}))
    assert found.se[0, CHEAP] < found.se[1, CHEAP] < SE
    assert found.se[0, OTHER] == pytest.approx(SE)
    assert found.evidence[0, CHEAP] > 5.0 == found.evidence[1, CHEAP] == found.evidence[0, OTHER]
    assert found.evidence[0, CHEAP] < 300  # a session says less than a label does


def together(share: float) -> Bundle:
    """All err together: the variance of a difference is `share` of what it would be otherwise."""
    made = base()
    return replace(made, apart=made.apart * share**0.5)


def test_a_pair_is_better_known_by_what_sessions_taught() -> None:
    cells = {(0, GOOD): (300, USUAL), (0, CHEAP): (300, USUAL)}
    found = own.moved(base(), counted(cells))
    assert found.apart[0, GOOD, CHEAP] == pytest.approx(np.hypot(*found.se[0, [GOOD, CHEAP]]))
    assert found.apart[0, GOOD, CHEAP] < found.apart[0, GOOD, OTHER] < 2**0.5 * SE
    assert found.apart[0, GOOD, CHEAP] < found.apart[1, GOOD, CHEAP] < 2**0.5 * SE
    alone = own.moved(base(), counted({(0, GOOD): (300, USUAL)}))
    assert alone.apart[:, CHEAP, OTHER] == pytest.approx(2**0.5 * SE)
    assert np.array_equal(found.apart, found.apart.transpose(0, 2, 1))
    assert not np.diagonal(found.apart, axis1=1, axis2=2).any()


def test_of_a_pair_that_errs_together_sessions_teach_little_and_never_all() -> None:
    """Each is as well known as before: what was learned is of both at once."""
    cells = {(0, GOOD): (300, USUAL), (0, CHEAP): (300, USUAL)}
    found = own.moved(together(0.04), counted(cells))
    before = 2**0.5 * SE * 0.2
    assert 0.8 * before < found.apart[0, GOOD, CHEAP] < before
    assert found.apart[0, GOOD, CHEAP] < 0.5 * np.hypot(*found.se[0, [GOOD, CHEAP]])
    none = own.moved(together(0.0), counted(cells))
    assert not none.apart.any()


def test_it_comes_nearer_to_the_truth_than_the_base_and_says_how_near() -> None:
    """Fifty users: true qualities drawn as the base's errors say, sessions drawn from them."""
    rng = np.random.default_rng(0)
    before, after, deviations = [], [], []
    for _ in range(50):
        error = SE * np.sqrt(0.5) * (rng.normal(size=3) + rng.normal(size=(3, 3)))
        true = np.clip(0.7 + error, 0, 1)
        hard = np.clip(true + 0.1 * rng.normal(size=(3, 1)), 0, 1)
        troubled = rng.binomial(60, promised(1) + (promised(0) - promised(1)) * (1 - hard))
        sixty, none = np.full((3, 3), 60.0), np.zeros((3, 3), bool)
        found = Outcomes(sixty, troubled.astype(float), none, np.zeros(3), 540, 0)
        moved = own.moved(base(0.7), found)
        gap = (true - true[:, [0]])[:, 1:]
        guess = (moved.quality - moved.quality[:, [0]])[:, 1:]
        before.append(np.abs(gap).mean())
        after.append(np.abs(guess - gap).mean())
        deviations.append(((guess - gap) / moved.apart[:, 0, 1:]).std())
    assert np.mean(after) < 0.85 * np.mean(before)
    assert np.mean(deviations) < 1.2


def test_what_an_alarm_has_unrouted_stays_down() -> None:
    """Nine of ten sessions had trouble: shrunken, that would hardly move it."""
    cells = {(0, GOOD): (300.0, USUAL), (0, CHEAP): (10.0, 0.9)}
    calm, alarmed = (own.moved(base(), counted(cells, alarmed=a)) for a in (False, True))
    assert calm.quality[0, CHEAP] > 0.6
    assert alarmed.quality[0, CHEAP] == 0.0
    fine = own.moved(base(), counted({(0, CHEAP): (10.0, 0.0)}, alarmed=True))
    assert fine.quality[0, CHEAP] > 0.8


def test_quality_stays_a_share() -> None:
    found = own.moved(base(0.99), counted({(0, GOOD): (5000, 0.6), (0, CHEAP): (5000, 0.0)}))
    assert found.quality.min() >= 0
    assert found.quality.max() <= 1
