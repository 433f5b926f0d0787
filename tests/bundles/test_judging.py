"""The arithmetic of an evaluation, where the answer is known beforehand."""

from dataclasses import replace

import numpy as np
import pytest

from route import folders
from turnout.bundles import judge, parity, placing, rivals
from turnout.bundles.contamination import fingerprints, grouped, known, normal
from turnout.bundles.data import Data, Labels, Prompts
from turnout.bundles.dial import Dial
from turnout.bundles.parity import Told
from turnout.bundles.pools import Pool
from turnout.route.bundle import FARTHEST, Bundle, Profile
from turnout.route.score import score


def pool(scores: np.ndarray, usd: list[float]) -> Pool:
    size, models = scores.shape
    names = [f"m{m}" for m in range(models)]
    price = np.array(usd)
    kinds = np.array(["k"] * size)
    return Pool(
        "s",
        np.arange(size),
        np.arange(models),
        names,
        kinds,
        scores,
        np.tile(price, (size, 1)),
        price,
        "list",
    )


def bundle(rng: np.random.Generator) -> Bundle:
    centroids, apart = rng.normal(size=(6, 4)), rng.random((6, 2, 2))
    apart = (apart + apart.transpose(0, 2, 1)) * (1 - np.eye(2)) / 2
    return Bundle(
        version="v",
        encoder="e",
        dim=4,
        temperature=0.05,
        top=3,
        profiles={},
        labels=tuple("abcdef"),
        models={"x": 0, "y": 1},
        tools=rng.random(6),
        centroids=centroids / np.linalg.norm(centroids, axis=1, keepdims=True),
        quality=rng.random((6, 2)),
        se=rng.random((6, 2)),
        apart=apart,
        evidence=rng.random((6, 2)) * 50,
        familiar=(0.6, 0.95),  # some of the vectors below are on either side
    )


@pytest.mark.parametrize("head", [False, True])
@pytest.mark.parametrize("tools", [False, True])
def test_many_at_once_are_scored_as_one_by_one(tools: bool, head: bool) -> None:
    rng = np.random.default_rng(0)
    made, vectors = bundle(rng), rng.normal(size=(20, 4))
    made = replace(made, head=rng.normal(size=(5, 6)) if head else None)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    told = parity.judged(vectors, np.full(20, tools), made)
    for row, vector in enumerate(vectors):
        scored = score(vector, made, tools=tools)
        one = scored.estimate("y")
        assert one is not None
        assert (told.quality[row, 1], told.se[row, 1], told.evidence[row, 1]) == pytest.approx(
            (one.quality, one.se, one.evidence)
        )
        for home, name in enumerate("xy"):
            apart = [scored.apart(model, name) for model in "xy"]
            assert told.apart(home)[row] == pytest.approx(apart)


# profile -> who is chosen, requested first: big 0.8 ± 0.02 at $10, mid 0.79 ± 0.02, small 0.5
CHOSEN = {
    "within epsilon": (Profile(0.02, 0.0), 1),
    "not surely": (Profile(0.02, 1.0), 0),
    "too little evidence": (Profile(0.02, 0.0, min_evidence=60), 0),
    "anything goes": (Profile(0.5, 0.0), 2),
}


@pytest.mark.parametrize(("rules", "best"), CHOSEN.values(), ids=CHOSEN)
def test_the_cheapest_at_parity_is_chosen(rules: Profile, best: int) -> None:
    se, one = np.full((1, 3), 0.02), np.ones((1, 1))
    said = np.array([[0.8, 0.79, 0.5]]), se, np.full((1, 3), 50.0)
    told = Told(*said, one, folders.independent(se))
    price = np.array([10.0, 5.0, 1.0])
    assert parity.cheapest(parity.able(told, price, 0, rules), price, 0).tolist() == [best]


def test_a_model_of_unknown_or_higher_price_is_never_chosen() -> None:
    told = Told.sure(np.ones((1, 3)))
    price = np.array([1.0, np.nan, 2.0])
    assert parity.cheapest(parity.able(told, price, 0, Profile(1.0, 0.0)), price, 0).tolist() == [0]


def test_parity_goes_by_how_far_apart_two_are() -> None:
    """Each is unsure; the first two err together."""
    table = np.where(np.eye(3), 0.0, 0.5)[None]
    table[0, 0, 1] = table[0, 1, 0] = 0.01
    told = Told(np.full((1, 3), 0.8), np.full((1, 3), 0.4), np.ones((1, 3)), np.ones((1, 1)), table)
    fits = parity.able(told, np.array([3.0, 2.0, 1.0]), 0, Profile(0.02, 1.0))
    assert fits.tolist() == [[True, True, False]]


def test_the_dial_turns_where_a_pair_comes_to_parity() -> None:
    """0.08 below the requested one, and half of an error of 0.01 below that."""
    made = bundle(np.random.default_rng(0))
    table = np.where(np.eye(2), 0.0, np.full((6, 2, 2), 0.01))
    made = replace(made, quality=np.tile([0.8, 0.72], (6, 1)), apart=table, familiar=(-2.0, -2.0))
    found = Dial(made, {"x": 9.0, "y": 1.0}, "x", [1] * 6).steps(Profile(0.0, 0.5))
    assert [round(step.epsilon, 6) for step in found] == [0.0, 0.085]
    assert found[1].bill == pytest.approx(1 / 9)


def test_what_several_bundles_say_is_joined_and_the_latest_word_counts() -> None:
    rng = np.random.default_rng(1)
    vectors, offered = rng.normal(size=(5, 4)), np.arange(5) % 2 > 0
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [np.array([0, 1, 2]), np.array([2, 3])]
    each = [parity.judged(vectors[at], offered[at], bundle(rng)) for at in rows]
    found = parity.joined(list(zip(rows, each, strict=True)), 5, 2)
    for at, told, kept in ((rows[0], each[0], [0, 1]), (rows[1], each[1], [0, 1])):
        assert np.array_equal(found.quality[at][kept], told.quality[kept])
        assert found.apart(1)[at][kept] == pytest.approx(told.apart(1)[kept], rel=1e-6)
    assert np.isnan(found.quality[4]).all()
    nothing = parity.joined([], 5, 2)
    assert np.isnan(nothing.quality).all()
    assert nothing.apart(0).tolist() == [[0.0, 0.0]] * 5


def test_what_a_bundle_does_not_know_is_not_at_parity() -> None:
    table = np.zeros((1, 2, 2))
    table[0, 1] = table[0, :, 1] = np.nan
    said = np.array([[0.8, np.nan]])
    told = Told(said, said, said, np.ones((1, 1)), table).unknown_loses()
    fits = parity.able(told, np.array([2.0, 1.0]), 0, Profile(0.5, 0.0))
    assert fits.tolist() == [[True, False]]
    assert told.apart(0).tolist() == [[0.0, FARTHEST]]


def test_quality_and_bill_are_exact_and_intervals_hold_them() -> None:
    scores = np.column_stack([np.ones(200), np.arange(200) % 2])
    at = pool(scores, [4.0, 1.0])
    part = judge.Part(at, np.arange(200), 0, {"r": np.repeat([0, 1], 100)}, 1.0)
    found = judge.judged([part], "r", seed=0)
    assert found["against_requested"]["value"] == -25.0
    assert found["bill_percent"]["value"] == 62.5
    assert found["routed_percent"] == 50.0
    assert -32 < found["against_requested"]["low"] < -25 < found["against_requested"]["high"] < -18
    assert found["over_blind_mix"]["value"] == 0.0  # a coin between the two does the same


def test_parts_of_several_sources_weigh_their_shares() -> None:
    dear, cheap = pool(np.ones((10, 2)), [100.0, 1.0]), pool(np.ones((90, 2)), [1.0, 0.5])
    parts = [
        judge.Part(dear, np.arange(10), 0, {"r": np.zeros(10, int)}, 0.5),
        judge.Part(cheap, np.arange(90), 0, {"r": np.ones(90, int)}, 0.5),
    ]
    assert judge.judged(parts, "r", seed=0)["bill_percent"]["value"] == 75.0


BLIND = {"between": (2.0, 0.7), "at the dear one": (3.0, 0.8), "below all": (0.5, 0.0)}


@pytest.mark.parametrize(("bill", "expected"), BLIND.values(), ids=BLIND)
def test_the_blind_mix_lies_between_two_models(bill: float, expected: float) -> None:
    found = rivals.blind(np.array([[0.6, 0.8]]), np.array([[1.0, 3.0]]), np.array([bill]))
    assert found == pytest.approx(expected)


def test_cheapest_at_90_and_oracle() -> None:
    at = pool(np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]] * 10), [9.0, 3.0, 1.0])
    assert rivals.cheapest_at_90(at) == 1
    assert rivals.oracle(at).tolist() == [1, 1, 2] * 10


def test_luck_explains_an_oracle_where_success_is_chance_and_not_where_it_is_not() -> None:
    rng = np.random.default_rng(0)
    chance = pool((rng.random((400, 6)) < 0.5).astype(float), [1.0] * 6)
    told = pool(np.tile(np.eye(2), (200, 1)), [1.0, 1.0])
    assert rivals.luck(chance, 0) == pytest.approx(chance.score.max(axis=1).mean(), abs=0.06)
    assert rivals.luck(told, 0) < told.score.max(axis=1).mean() - 0.2


def test_groups_stay_on_one_side() -> None:
    groups = np.array([f"q{i % 50}" for i in range(200)])
    fold = rivals.folds(groups, seed=0)
    assert all(len(set(fold[groups == group])) == 1 for group in set(groups))
    assert set(fold) == set(range(5))


def test_knn_never_looks_into_its_own_fold() -> None:
    """Within a fold all agree that the cheap one is as good; across folds it never is."""
    at = pool(np.array([[1.0, 1.0]] * 10 + [[1.0, 0.0]] * 30), [2.0, 1.0])
    vectors, fold = np.eye(40)[:, :4] * 0 + 0.5, np.repeat([0, 1, 2, 3], 10)
    assert rivals.knn(at, vectors, fold, 0)[:10].tolist() == [0] * 10


def test_errors_of_placing() -> None:
    pairs = [("s", p, m) for p, m in ((0.9, 0.8), (0.7, 0.6), (0.5, 0.4), (0.4, 0.3), (0.3, 0.2))]
    found = placing.errors(pairs, seed=0)
    assert found["sources"]["s"] == {
        "models": 5,
        "error": pytest.approx(10),
        "error_of_rank": pytest.approx(0),
        "rank_correlation": pytest.approx(1),
    }
    assert placing.errors(pairs[:3], seed=0)["all"] == {"sources": 0, "models": 5}


RANKS = {
    "same": ([1, 2, 3], [10, 20, 30], 1.0),
    "reverse": ([1, 2, 3], [3, 2, 1], -1.0),
    "ties share a rank": ([1, 1, 2, 2], [1, 1, 2, 2], 1.0),
}


@pytest.mark.parametrize(("one", "other", "expected"), RANKS.values(), ids=RANKS)
def test_spearman(one: list[int], other: list[int], expected: float) -> None:
    assert placing.spearman(np.array(one, float), np.array(other, float)) == pytest.approx(expected)


def test_spearman_of_a_constant_is_unknown() -> None:
    assert np.isnan(placing.spearman(np.ones(3), np.arange(3.0)))


# -- contamination

LONG = "How many apples does Tom have left after he gave three of the twelve to Ann and ate two"


def asked(*texts: str, groups: list[str] | None = None) -> Data:
    ids = [str(i) for i in range(len(texts))]
    blank = np.array([""] * len(texts))
    none = np.zeros(0, int)
    prompts = Prompts(ids, blank, blank, blank, np.array(groups or ids), list(texts))
    return Data(prompts, Labels(none, none, none, none * 1.0, none * 1.0), ["s"], [], [])


TWINS = {
    "case, spaces, punctuation": ((LONG, LONG.upper() + " ?"), "equal", 1),
    "a word more": ((LONG, f"{LONG} today"), "near", 1),
    "another question in the same form": (
        (
            LONG,
            "How many pears does Ann have left after she sold all of the ninety and lost one",
        ),
        "near",
        0,
    ),
    "no text is no twin": (("", ""), "equal", 0),
}


@pytest.mark.parametrize(("texts", "kind", "count"), TWINS.values(), ids=TWINS)
def test_the_same_question_is_one_group(texts: tuple[str, str], kind: str, count: int) -> None:
    vectors = np.ones((2, 3)) / np.sqrt(3) * np.array([[bool(text)] for text in texts])
    data, found = grouped(asked(*texts), vectors)
    assert getattr(found, kind) == count
    assert (data.prompts.group[0] == data.prompts.group[1]) == bool(count)


def test_stated_groups_are_kept() -> None:
    data, found = grouped(asked("one", "two", "three", groups=["g", "", "g"]), np.eye(3))
    assert found.stated == 1
    assert data.prompts.group[0] == data.prompts.group[2] != data.prompts.group[1]


def test_fingerprints_know_what_was_trained_on() -> None:
    seen = fingerprints([LONG, "", "other"])
    assert known([f" {LONG.lower()}!", "new", ""], seen).tolist() == [True, False, False]
    assert seen.dtype == np.uint64


def test_other_scripts_are_words_too() -> None:
    assert normal("Žluťoučký  KŮŇ, 东西?") == "žluťoučký kůň 东西"
