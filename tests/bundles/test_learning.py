"""The arithmetic behind a bundle, on data small enough to know the answer."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from turnout.bundles import cluster, prior, quality
from turnout.bundles.data import Data, Labels, Prompts
from turnout.bundles.facts import Fact, facts, features
from turnout.route.catalog import Binding, Catalog, Model, Price

SOURCE = "swebv_openhands"


def fact(id: str, day: str = "2026-01-01", dollars: float | None = 2.0) -> Fact:
    return Fact(id, "v", dollars, float(date.fromisoformat(day).toordinal()))


def book(scores: np.ndarray, known: int, source: str = SOURCE) -> Data:
    """scores: (prompts, models), NaN where there is no label; the first `known` are catalogued."""
    prompts, models = np.nonzero(~np.isnan(scores))
    blank = np.array([""] * len(scores))
    return Data(
        Prompts(
            [str(i) for i in range(len(scores))], blank, blank, blank, blank, ["x"] * len(scores)
        ),
        Labels(
            prompts * 0, prompts, models, scores[prompts, models], np.full(len(prompts), np.nan)
        ),
        [source],
        [f"m{m}" for m in range(scores.shape[1])],
        [fact(f"m{m}") for m in range(known)],
    )


def test_a_source_weighs_the_root_of_its_size() -> None:
    weight = cluster.weights(np.array(["big"] * 100 + ["small"] * 4))
    assert weight[:100].sum() == pytest.approx(10)
    assert weight[100:].sum() == pytest.approx(2)


def test_kmeans_finds_the_groups_and_is_the_same_again() -> None:
    rng = np.random.default_rng(1)
    axes = np.repeat(np.eye(5)[:3], 30, axis=0)
    vectors = axes + rng.normal(0, 0.05, axes.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    first, again = (cluster.kmeans(vectors, np.ones(90), 3, seed=7) for _ in range(2))
    assert np.array_equal(first, again)
    assert sorted(np.abs(first).argmax(axis=1)) == [0, 1, 2]
    assert np.linalg.norm(first, axis=1) == pytest.approx(1)


def test_labels_are_made_of_names_and_twins_are_numbered() -> None:
    kinds = np.array(["tool_calling", "math_hard", "math_hard"])
    source = np.array(["a", "b", "b"])
    prompts = Prompts(["0", "1", "2"], source, kinds, np.array(["simple", "x", "x"]), source, [])
    rows = cluster.describe(prompts, np.ones(3), np.array([0, 1, 2]), 3)
    assert [row["label"] for row in rows] == [
        "tool calling: one function",
        "mathematics: competition (1)",
        "mathematics: competition (2)",
    ]
    assert [row["tools"] for row in rows] == [1.0, 0.0, 0.0]


def catalog(*models: Model, prices: dict[str, float | None]) -> Catalog:
    bindings = [
        Binding(
            "home", m.id, m, None if (p := prices.get(m.id)) is None else Price(input=p, output=p)
        )
        for m in models
    ]
    return Catalog.of(models, (), bindings)


# day in the catalogue -> the one that counts
DAYS = {
    "known": ("2026-01-11", "2026-01-11"),
    "only a month": ("2026-01", "2026-01-15"),
    "none: as old as the middle one of its maker": ("", "2026-02-01"),
}


@pytest.mark.parametrize(("day", "counts"), DAYS.values(), ids=DAYS)
def test_days(day: str, counts: str) -> None:
    models = [
        Model(id="x", vendor="v", released=day),
        Model(id="kin", vendor="v", released="2026-02-01"),
    ]
    found = facts(catalog(*models, prices={"x": 1.0}))
    assert found[0].released == date.fromisoformat(counts).toordinal()


def test_a_model_without_a_price_is_of_the_median_and_never_of_zero() -> None:
    known = [
        fact("a", dollars=2.0),
        fact("b", dollars=8.0),
        fact("c", dollars=None),
        fact("d", dollars=0),
    ]
    x = features(known, 4)
    assert x[2, 0] == x[3, 0] == pytest.approx(x[0, 0] + np.log2(5 / 2) / 2)
    assert facts(catalog(Model(id="x"), prices={}))[0].dollars is None


def test_features_count_fourfold_prices_and_years() -> None:
    x = features([fact("a", "2026-01-01", 2.0), fact("b", "2027-01-01", 8.0)], 3)
    assert x[:2].tolist() == [[0.0, 0.0], [1.0, 1.0]]
    assert (x[2] < 0).all()  # without facts: a small model of 2024


def prior_of(scores: np.ndarray, known: int) -> prior.Prior:
    data = book(scores, known)
    return prior.fit(data, prior.cells(data, []), prior.Scales())


def labels(share: list[float], prompts: int = 200) -> np.ndarray:
    """(prompts, models) of 0 and 1 with these means; NaN for a model whose mean is NaN."""
    ranks = (np.arange(prompts)[:, None] + 0.5) / prompts
    return np.where(np.isnan(share), np.nan, ranks < np.nan_to_num(share))


def test_labels_move_the_prior_and_their_lack_widens_it() -> None:
    found = prior_of(labels([0.9, 0.8, 0.7, 0.6, 0.5, np.nan]), 6)
    quality_, error = found.quality[:, 0], np.sqrt(np.diagonal(found.error[:, 0, :, 0]))
    assert (np.diff(quality_[:5]) < 0).all()
    assert quality_[4] < quality_[5] < quality_[0]
    assert error[5] > 1.3 * error[:5].max()


def test_more_labels_are_surer() -> None:
    few, many = labels([0.8] * 6, 10), labels([0.8] * 6, 1000)
    assert prior_of(few, 6).error[0, 0, 0, 0] > 1.2 * prior_of(many, 6).error[0, 0, 0, 0]


def test_a_level_of_the_source_is_no_ability() -> None:
    """The same models on a hard and on an easy source: the order and the spread stay."""
    easy, hard = (prior_of(labels(share), 3) for share in ([0.9, 0.9, 0.8], [0.2, 0.2, 0.1]))
    for found in (easy, hard):
        assert found.quality[0, 0] == pytest.approx(found.quality[1, 0])
        assert found.quality[0, 0] > found.quality[2, 0]
    assert easy.quality[0, 0] > hard.quality[0, 0] + 0.4


def test_pseudo_counts_are_many_where_clusters_say_nothing() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 150)
    noise = (rng.random((300, 6)) < 0.6).astype(float)
    told = np.where((group[:, None] + np.arange(6)) % 2 == 0, 0.9, 0.1) > rng.random((300, 6))
    *_, alike = quality.effects(book(noise, 6).labels, group, 2, 6)
    *_, apart = quality.effects(book(told.astype(float), 6).labels, group, 2, 6)
    assert alike > 100
    assert apart == quality.LEAST


def test_difficulty_of_a_cluster_is_not_the_fault_of_its_models() -> None:
    """Model 1 was labelled on the hard cluster only, and does there what model 0 does."""
    scores = np.full((80, 2), np.nan)
    scores[:, 0] = np.repeat([1.0, 0.0], 40)
    scores[40:, 1] = 0.0
    hard, moved, n, *_ = quality.effects(book(scores, 2).labels, np.repeat([0, 1], 40), 2, 2)
    assert hard[0] > 0.1 > -0.1 > hard[1]
    assert n.tolist() == [[40, 0], [40, 40]]
    assert moved[0, 1] == 0


EVIDENCE = {
    "one source": ([[100]], [1.0], 100),
    "no labels": ([[0]], [1.0], 0),
    "two equal halves": ([[50], [50]], [0.5, 0.5], 100),
    "half of the cluster is unlabelled": ([[50], [0]], [0.5, 0.5], 25),
}


@pytest.mark.parametrize(("counts", "share", "expected"), EVIDENCE.values(), ids=EVIDENCE)
def test_evidence(counts: list[list[int]], share: list[float], expected: float) -> None:
    found = quality.evidence(np.array(counts, float)[:, :, None], np.array([share]))
    assert found[0, 0] == pytest.approx(expected)


def test_who_has_no_labels_at_all_is_less_sure_than_the_prior_says() -> None:
    data = book(labels([0.9, 0.8, 0.7, 0.6, 0.5, np.nan]), 6)
    found, group = prior_of(labels([0.9, 0.8, 0.7, 0.6, 0.5, np.nan]), 6), np.zeros(200, int)
    told = quality.quality(data, found, group, np.ones(200), 1)
    prior_says = np.sqrt(found.error[5, 0, 5, 0])
    assert told.se[0, 5] > 0.99 * quality.AHEAD * prior_says
    assert told.evidence[0, 5] == 0


def placed(scores: np.ndarray, known: list[Fact]) -> quality.Quality:
    """What is told of one cluster of all prompts."""
    data = replace(book(scores, len(known)), facts=known)
    found = prior.fit(data, prior.cells(data, []), prior.Scales())
    return quality.quality(data, found, np.zeros(len(scores), int), np.ones(len(scores)), 1)


def test_models_of_one_age_and_price_are_nearer_than_either_is_known() -> None:
    """Two new ones alike, and one that is old and dear: none has labels."""
    scores = labels([0.9, 0.8, 0.7, 0.6, np.nan, np.nan, np.nan])
    days = ["2025-01-01", "2025-06-01"] * 2
    alike = [fact(f"m{m}", day, 2.0 + m) for m, day in enumerate(days)]
    new = [fact("m4", "2027-01-01", 9.0), fact("m5", "2027-01-01", 9.0)]
    told = placed(scores, [*alike, *new, fact("m6", "2022-01-01", 0.1)])
    apart, independent = told.apart[0], np.hypot(told.se[0][:, None], told.se[0])
    assert apart[4, 5] < 0.9 * independent[4, 5]
    assert apart[4, 6] > independent[4, 6]  # what errs for the slopes errs for them the other way
    assert np.array_equal(apart, apart.T)
    assert not np.diagonal(apart).any()


def test_two_with_labels_on_one_source_are_apart_by_little_though_their_level_is_unsure() -> None:
    """How they stand to the mean model hangs on eight others, who have no labels."""
    scores = np.hstack([labels([0.7, 0.7], 2000), np.full((2000, 8), np.nan)])
    known = [fact("m0"), fact("m1")]
    known += [fact(f"m{m}", f"{2016 + m}-01-01", 2.0**m) for m in range(2, 10)]
    told = placed(scores, known)
    assert told.apart[0, 0, 1] < 0.5 * np.hypot(told.se[0, 0], told.se[0, 1])


def test_who_is_newer_than_every_label_is_twice_as_far_from_all() -> None:
    found = prior_of(labels([0.9, 0.8, 0.7]), 3)
    part, own = np.ones((1, 3, 1)), np.full((1, 3), 0.001)
    (_, plain), (se, told) = (
        quality.errors(part, found, own, np.array([False, False, new])) for new in (False, True)
    )
    expected = np.where([[0, 0, 1], [0, 0, 1], [1, 1, 0]], quality.AHEAD, 1.0)
    assert told[0] == pytest.approx(expected * plain[0])
    together = found.error[0, 0, 1, 0]  # a covariance: below 0, as these three are all there is
    both = found.error[0, 0, 0, 0] + found.error[1, 0, 1, 0] + 0.002 - 2 * together
    assert told[0, 0, 1] ** 2 == pytest.approx(both)
    assert (se[0] > 0).all()


@pytest.mark.parametrize(("count", "sure"), [(19, False), (20, True)])
def test_a_handful_of_labels_is_hardly_more_than_none(count: int, sure: bool) -> None:
    scores = labels([0.9, 0.8, 0.7, 0.6, 0.5, 0.5])
    scores[count:, 5] = np.nan
    data, found = book(scores, 6), prior_of(scores, 6)
    told = quality.quality(data, found, np.zeros(200, int), np.ones(200), 1)
    assert (told.se[0, 5] < 1.5 * np.sqrt(found.error[5, 0, 5, 0])) == sure


def test_an_easy_cluster_brings_models_near_to_each_other_and_makes_none_alike() -> None:
    share = np.array([0.9, 0.8, 0.5])
    same, easy, hard = quality.harder(share, np.array([0.0, 0.25, -0.25]), 0.7)
    assert same == pytest.approx(share)
    assert (np.diff(easy) < 0).all()
    assert easy.max() < 1
    assert easy[0] - easy[1] < 0.1 < hard[0] - hard[1]
    assert quality.harder(np.array([0.7]), np.array([0.25, -0.25]), 0.7)[:, 0] == pytest.approx(
        [0.95, 0.45]
    )


def test_where_all_do_well_an_estimate_is_surer() -> None:
    """Half of the prompts are solved by nearly everybody: few points are left to be wrong by."""
    rng = np.random.default_rng(0)
    easy = rng.random((200, 6)) < 0.97
    scores = np.where(
        np.arange(400)[:, None] < 200, np.vstack([easy, easy]), rng.random((400, 6)) < 0.5
    )
    scores = scores.astype(float)
    data, found = book(scores, 6), prior_of(scores, 6)
    told = quality.quality(data, found, np.repeat([0, 1], 200), np.ones(400), 2)
    assert (told.se[0] < told.se[1]).all()


def test_difficulty_that_one_model_told_counts_for_less() -> None:
    scores, group = np.repeat([1.0, 0.0], 40)[:, None], np.repeat([0, 1], 40)
    alone, together = (
        quality.effects(book(np.tile(scores, (1, m)), m).labels, group, 2, m)[0][0] for m in (1, 6)
    )
    assert together / alone == pytest.approx((6 / 7 * 240 / 260) / (1 / 2 * 40 / 60))


def test_a_models_way_with_a_source_is_partly_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels that price and date do not foresee: half of what is left of them is believed."""
    scores = labels([0.6, 0.6, 0.6, 0.6, 0.6, 0.9], 1000)
    believed = prior_of(scores, 6).quality[5, 0]
    monkeypatch.setattr(prior, "OWN", 0.0)
    noise = prior_of(scores, 6).quality[5, 0]
    assert noise + 0.01 < believed < 0.9
