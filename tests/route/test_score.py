from dataclasses import replace
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

from route import folders
from turnout.route.bundle import FARTHEST, Bundle
from turnout.route.score import FLOOR, Estimate, Scored, score, unread

# cosines (0.8, 0.6), temperature 0.5: weights 1 / (1 + e^-0.4) and the rest
W = 1 / (1 + exp(-0.4))
V = 1 - W


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = folders.bundle(tmp_path_factory.mktemp("bundle"))
    return Bundle.load(folder, encoder=folders.ENCODER, dim=2)


def one(vector: list[float], bundle: Bundle, **options: bool):
    return score(np.array(vector, np.float32), bundle, **options)


BLEND = {
    "c38 alpha": ("alpha", Estimate(W * 0.9 + V * 0.6, W * 0.02 + V * 0.06, W * 300)),
    "c38 beta": ("beta", Estimate(W * 0.7 + V * 0.8, W * 0.04 + V * 0.08, W * 20 + V * 40)),
    "c38 gamma, prior only": ("gamma", Estimate(0.5, 0.1, 0.0)),
}


@pytest.mark.parametrize(("model", "expected"), BLEND.values(), ids=BLEND)
def test_blend(bundle: Bundle, model: str, expected: Estimate) -> None:
    found = score(np.array([0.8, 0.6]), bundle).estimate(model)
    assert found is not None
    assert found.quality == pytest.approx(expected.quality, abs=1e-9)
    assert found.se == pytest.approx(expected.se, abs=1e-9)
    assert found.evidence == pytest.approx(expected.evidence, abs=1e-9)


def test_errors_of_a_pair_add_up(bundle: Bundle) -> None:
    apart = bundle.apart.copy()
    apart[:, 0, 1] = apart[:, 1, 0] = [0.01, 0.03]
    scored = score(np.array([0.8, 0.6]), replace(bundle, apart=apart))
    assert scored.apart("alpha", "beta") == pytest.approx(W * 0.01 + V * 0.03)
    assert scored.apart("beta", "alpha") == scored.apart("alpha", "beta")
    assert scored.apart("gamma", "alpha") == pytest.approx(
        W * (0.02**2 + 0.1**2) ** 0.5 + V * (0.06**2 + 0.1**2) ** 0.5
    )
    assert scored.apart("alpha", "alpha") == 0


def test_a_row_of_pairs_is_worked_out_once(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[int] = []
    real = Scored._row
    monkeypatch.setattr(Scored, "_row", lambda self, home: rows.append(home) or real(self, home))
    scored = one([1, 0], bundle)
    for home in ("alpha", "beta", "alpha"):
        assert [scored.apart(model, home) for model in folders.MODELS] == pytest.approx(
            bundle.apart[:, bundle.models[home]].T @ list(scored.weights.values())
        )
    assert rows == [0, 1]


@pytest.mark.parametrize(("model", "home"), [("delta", "alpha"), ("alpha", "delta")])
def test_nobody_knows_how_far_an_unknown_model_is(bundle: Bundle, model: str, home: str) -> None:
    assert one([1, 0], bundle).apart(model, home) is None


def test_c38_a_hand_computed_number(bundle: Bundle) -> None:
    found = score(np.array([0.8, 0.6]), bundle).estimate("alpha")
    assert found is not None
    assert found.quality == pytest.approx(0.779606298034, abs=1e-9)


def test_an_unknown_model_has_no_estimate(bundle: Bundle) -> None:
    assert one([1, 0], bundle).estimate("delta") is None


def test_cluster_and_label_are_the_nearest(bundle: Bundle) -> None:
    scored = one([0.6, 0.8], bundle)
    assert (scored.cluster, scored.label) == (1, "knowledge: history")
    assert scored.similarity == pytest.approx(0.8)
    assert sum(scored.weights.values()) == pytest.approx(1)


def test_equally_near_takes_the_first(bundle: Bundle) -> None:
    assert one([0.5**0.5, 0.5**0.5], bundle).cluster == 0


def test_top_1_is_one_cluster_alone(tmp_path: Path) -> None:
    folder = folders.sign(folders.bundle(tmp_path), top=1)
    scored = one([0.6, 0.8], Bundle.load(folder, encoder=folders.ENCODER, dim=2))
    assert scored.weights == {1: 1.0}
    assert scored.estimate("beta") == Estimate(0.8, 0.08, 40.0)


def test_more_top_than_clusters(tmp_path: Path) -> None:
    folder = folders.sign(folders.bundle(tmp_path), top=9)
    assert len(one([0, 1], Bundle.load(folder, encoder=folders.ENCODER, dim=2)).weights) == 2


def test_a_cold_softmax_does_not_overflow(tmp_path: Path) -> None:
    folder = folders.sign(folders.bundle(tmp_path), temperature=1e-6)
    scored = one([0.6, 0.8], Bundle.load(folder, encoder=folders.ENCODER, dim=2))
    assert scored.weights == {1: 1.0, 0: 0.0}


# -- texts of a kind that was not learned from


def gated(tmp_path: Path, low: float, high: float) -> Bundle:
    folder = folders.sign(folders.bundle(tmp_path), familiar=[low, high])
    return Bundle.load(folder, encoder=folders.ENCODER, dim=2)


# alpha leads the mean of its class by 0.2, then by -1/30: on average 1/12, give or take 7/60
ANY = Estimate(0.75, (0.04**2 + (7 / 60) ** 2) ** 0.5, 0.0)


def test_an_unfamiliar_text_is_one_of_any_kind(tmp_path: Path) -> None:
    scored = one([0.8, 0.6], gated(tmp_path, 0.9, 1.0))
    assert scored.familiarity == 0
    assert scored.label == "unfamiliar, nearest to agentic coding: repository issues"
    found = scored.estimate("alpha")
    assert found is not None
    assert (found.quality, found.se, found.evidence) == pytest.approx(
        (ANY.quality, ANY.se, ANY.evidence)
    )


# alpha leads beta by 0.2, then by -0.2; they are apart by 0.02 and 0.04
PAIR = (0.03**2 + 0.2**2) ** 0.5


def paired(bundle: Bundle) -> Bundle:
    apart = bundle.apart.copy()
    apart[:, 0, 1] = apart[:, 1, 0] = [0.02, 0.04]
    return replace(bundle, apart=apart)


def test_of_any_kind_two_are_apart_as_their_lead_differs(tmp_path: Path) -> None:
    scored = one([0.8, 0.6], paired(gated(tmp_path, 0.9, 1.0)))
    assert scored.apart("alpha", "beta") == pytest.approx(PAIR)
    assert scored.apart("beta", "alpha") == pytest.approx(PAIR)
    assert scored.apart("alpha", "alpha") == 0


def test_between_the_two_a_pair_is_a_mixture(tmp_path: Path, bundle: Bundle) -> None:
    scored = one([0.8, 0.6], paired(gated(tmp_path, 0.6, 1.0)))
    whole = one([0.8, 0.6], paired(bundle)).apart("alpha", "beta")
    assert scored.apart("alpha", "beta") == pytest.approx((whole + PAIR) / 2)


def test_tools_tell_something_of_an_unfamiliar_pair(tmp_path: Path) -> None:
    """It is likelier of the class that comes with tools: the lead is better known."""
    scored = one([0.8, 0.6], paired(gated(tmp_path, 0.9, 1.0)), tools=True)
    share = (1 + FLOOR) / (1 + 2 * FLOOR)
    error = share * 0.02 + (1 - share) * 0.04
    spread = 0.4**2 * share * (1 - share)
    assert scored.apart("alpha", "beta") == pytest.approx((error**2 + spread) ** 0.5)


def test_of_what_cannot_be_read_two_may_be_as_far_apart_as_can_be(bundle: Bundle) -> None:
    """Whatever is known of them elsewhere: nothing is at parity with what was asked for."""
    scored = unread(replace(bundle, apart=np.zeros((2, 3, 3))))
    assert scored.apart("alpha", "beta") == FARTHEST == pytest.approx((1 + 1) ** 0.5)


def test_between_the_two_it_is_a_mixture(tmp_path: Path, bundle: Bundle) -> None:
    scored, known = one([0.8, 0.6], gated(tmp_path, 0.6, 1.0)), one([0.8, 0.6], bundle)
    assert scored.familiarity == pytest.approx(0.5)
    assert scored.label == known.label
    half, whole = scored.estimate("alpha"), known.estimate("alpha")
    assert half is not None
    assert whole is not None
    assert half.quality == pytest.approx((whole.quality + ANY.quality) / 2)
    assert half.evidence == pytest.approx(whole.evidence / 2)


def test_what_is_known_is_as_it_was(tmp_path: Path, bundle: Bundle) -> None:
    scored, known = one([0.8, 0.6], gated(tmp_path, 0.1, 0.8)), one([0.8, 0.6], bundle)
    assert scored.familiarity == known.familiarity == 1
    assert scored.estimate("alpha") == known.estimate("alpha")


def test_tools_tell_something_of_an_unfamiliar_text(tmp_path: Path) -> None:
    """It is likelier of the class that comes with tools, where alpha is better."""
    made = gated(tmp_path, 0.9, 1.0)
    plain, offered = (one([0.6, 0.8], made, tools=t).estimate("alpha") for t in (False, True))
    assert plain is not None
    assert offered is not None
    assert plain.quality == pytest.approx(0.75)
    share = (1 + FLOOR) / (1 + 2 * FLOOR)
    assert offered.quality == pytest.approx(share * 0.9 + (1 - share) * 0.6)


def test_tools_make_clusters_with_tools_likelier(bundle: Bundle) -> None:
    plain, offered = one([0.6, 0.8], bundle), one([0.6, 0.8], bundle, tools=True)
    assert (plain.cluster, offered.cluster) == (1, 0)
    odds = log(offered.weights[0] / offered.weights[1]) - log(plain.weights[0] / plain.weights[1])
    assert odds == pytest.approx(log((1 + FLOOR) / FLOOR))


def test_a_vector_without_direction_is_no_error(bundle: Bundle) -> None:
    assert one([0, 0], bundle).weights == {0: 0.5, 1: 0.5}


def test_of_any_kind_means_each_kind_alike(tmp_path: Path) -> None:
    """Two classes of knowledge do not outvote one of coding."""
    labels = ("agentic coding: issues", "knowledge: history", "knowledge: law")
    made = gated(tmp_path, 0.9, 1.0)
    made = replace(
        made,
        labels=labels,
        tools=np.zeros(3),
        centroids=np.eye(3, 2),
        quality=np.array([[0.9, 0.0, 0.0], [0.5, 0.0, 0.0], [0.7, 0.0, 0.0]]),
        se=np.zeros((3, 3)),
        apart=np.zeros((3, 3, 3)),
        evidence=np.zeros((3, 3)),
    )
    found = one([0.6, 0.6], made).estimate("alpha")
    assert found is not None
    assert found.quality == pytest.approx((0.9 + 0.6) / 2)
