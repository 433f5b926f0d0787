"""Newer models, judged by what older ones told."""

import numpy as np
import pytest

from bundles import world
from turnout.bundles import prior
from turnout.bundles.arrivals import Offers, routed
from turnout.bundles.data import Data, Labels, Prompts
from turnout.bundles.facts import Fact
from turnout.bundles.forward import _leads, forward
from turnout.bundles.splits import Case
from turnout.bundles.train import Recipe

DAY = 739_000


def case(shares: list[float], dollars: list[float]) -> Case:
    """One source of 200 prompts; each model is half a year newer than the one before it."""
    ranks = (np.arange(200)[:, None] + 0.5) / 200
    scores = (ranks < np.array(shares)).astype(float)
    prompt, model = (axis.ravel() for axis in np.indices(scores.shape))
    blank = np.array([""] * 200)
    prompts = Prompts([str(i) for i in range(200)], blank, blank, blank, blank, ["x"] * 200)
    labels = Labels(prompt * 0, prompt, model, scores.ravel(), np.full(len(prompt), np.nan))
    known = [Fact(f"m{m}", "v", d, DAY + 180.0 * m) for m, d in enumerate(dollars)]
    data = Data(prompts, labels, ["s"], [fact.id for fact in known], known)
    return Case(data, np.ones((200, 1)), [], world.OneWord(), Recipe(), prior.Scales())


def test_a_steady_trend_is_followed() -> None:
    found = forward(case([0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [2.0] * 6), seed=0)
    assert found["sources"]["s"]["error"] < 15
    judged = found["parity"]["judged"]
    assert judged[0]["right"] == 1.0
    assert [one["at_parity"] for one in judged] == sorted(
        (j["at_parity"] for j in judged), reverse=True
    )


def test_a_trend_that_breaks_is_seen() -> None:
    steady = forward(case([0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [2.0] * 6), seed=0)
    broken = forward(case([0.3, 0.4, 0.5, 0.2, 0.2, 0.2], [2.0] * 6), seed=0)
    assert broken["sources"]["s"]["error"] > 2 * steady["sources"]["s"]["error"]
    assert broken["parity"]["judged"][0]["right"] < 1


def test_a_dearer_model_is_no_candidate() -> None:
    found = forward(case([0.5] * 6, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]), seed=0)
    assert all(one["at_parity"] == 0 for one in found["parity"]["judged"])


def test_a_trend_that_breaks_harms_who_is_routed_by_it_and_caution_less() -> None:
    shares, dollars = [0.3, 0.4, 0.5, 0.2, 0.2, 0.2], [3.0, 3.0, 3.0, 2.0, 1.0, 1.0]
    bold, *_, careful = [one["routed"] for one in judged(shares, dollars)]
    assert bold["harmed"]["value"] > careful["harmed"]["value"] == 0
    assert bold["bill_percent"]["value"] < careful["bill_percent"]["value"] == 100
    assert bold["points"]["value"] < 0


def test_a_steady_trend_saves_without_harm() -> None:
    bold, *_ = judged([0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [3.0, 3.0, 3.0, 2.0, 1.0, 1.0])
    routed = bold["routed"]
    assert routed["harmed"]["value"] == 0
    assert routed["points"]["low"] > 0
    assert routed["bill_percent"]["high"] < 80


def judged(shares: list[float], dollars: list[float]) -> list[dict]:
    return forward(case(shares, dollars), seed=0)["parity"]["judged"]


def test_leaders_are_the_best_of_their_source() -> None:
    assert _leads(cells([0.1, 0.9])).all()
    assert _leads(cells([0.1, 0.2, 0.3, 0.4, 0.5])).tolist() == [False, False, True, True, True]


def test_leaders_are_judged_apart() -> None:
    """Asked for the best one, what is newer and cheaper is worse."""
    one = judged([0.9, 0.6, 0.5, 0.3, 0.4, 0.4], [3.0, 3.0, 3.0, 3.0, 2.0, 1.0])[0]
    assert 0 < one["routed_from_leaders"]["cases"] < one["routed"]["cases"]


def cells(logits: list[float]) -> prior.Cells:
    zero = np.zeros(len(logits), np.int64)
    return prior.Cells(zero, zero, zero, np.array(logits), zero * 1.0, zero > 0)


def test_of_several_at_parity_the_cheapest_serves() -> None:
    """Two cases; in the second nothing is at parity."""
    offers = Offers(
        case=np.array([0, 0, 0, 1]),
        price=np.array([0.5, 0.25, 1.5, 0.1]),
        gap=np.array([0.1, 0.0, 0.3, -0.5]),
        true=np.array([0.1, -0.3, 0.3, 0.2]),
        deviation=np.array([0.01, 0.01, 0.01, 0.01]),
    )
    found = routed(offers, z=0.5, epsilon=0.02, seed=0)
    assert found["cases"] == 2
    assert found["points"]["value"] == pytest.approx(-15)
    assert found["harmed"]["value"] == found["routed"]["value"] == 50
    assert found["bill_percent"]["value"] == pytest.approx(62.5)


def test_without_labels_of_the_catalogue_there_is_nothing_to_say() -> None:
    one = case([0.5, 0.5], [1.0, 1.0])
    one.data.facts.clear()
    assert forward(one, seed=0) == pytest.approx({})
