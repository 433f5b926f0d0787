"""Task classes as the sources name them, and the head that tells them."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from bundles import logs, world
from route import folders
from turnout.bundles import outcomes, parity, tasks
from turnout.bundles.data import Prompts
from turnout.route.bundle import Bundle
from turnout.route.score import of_class, score
from turnout.route.shelves import Shelves

type Turnout = Callable[..., Result]

# category, domain, prompts
ASKED = [
    ("agentic_coding", "django", 60),
    ("agentic_coding_testgen", "flask", 60),
    ("knowledge_mcq", "history", 100),
    ("knowledge_mcq", "law", 99),
    ("knowledge_mcq", "art", 5),
]


def prompts() -> Prompts:
    category, domain = (np.repeat([row[i] for row in ASKED], [r[2] for r in ASKED]) for i in (0, 1))
    return Prompts([], category, category, domain, category, [])


def test_sources_that_ask_for_the_same_are_one_class_and_small_topics_the_rest_of_their_kind() -> (
    None
):
    group, k = tasks.classes(prompts(), np.ones(324, bool))
    sizes = np.bincount(group).tolist()
    assert (k, sizes) == (3, [120, 104, 100])  # issues, other knowledge, history


def test_who_is_not_shown_is_in_no_class() -> None:
    shown = np.arange(324) >= 120
    group, k = tasks.classes(prompts(), shown)
    assert (group[:120].tolist(), k) == ([-1] * 120, 2)


def test_a_head_tells_classes_that_no_centroid_can() -> None:
    """Two classes with one middle: one lies on both sides of the other's direction."""
    rng = np.random.default_rng(0)
    group = np.arange(200) % 2
    vectors = np.stack([np.where(group, 0.6, 0.8), rng.normal(0, 1, 200)], axis=1)
    found = tasks.head(vectors, np.ones(200), group, 2)
    told = (vectors @ found[:-1] + found[-1]).argmax(axis=1)
    assert (told == group).mean() > 0.95
    near = (vectors @ tasks.means(vectors, np.ones(200), group, 2).T).argmax(axis=1)
    assert (near == group).mean() < 0.8


def test_prompts_of_no_class_do_not_move_the_head() -> None:
    rng = np.random.default_rng(0)
    vectors, group = rng.normal(size=(50, 3)), np.arange(50) % 2
    alone = tasks.head(vectors, np.ones(50), group, 2)
    more = np.vstack([vectors, rng.normal(size=(9, 3))])
    beside = tasks.head(more, np.ones(59), np.append(group, [-1] * 9), 2)
    assert beside == pytest.approx(alone)


@pytest.fixture
def trained(turnout: Turnout, data: Path) -> Turnout:
    result = turnout("bundle", "train", "--data", data, "--version", "one")
    assert result.exit_code == 0, result.output
    return turnout


def load(folder: Path) -> Bundle:
    return Bundle.load(folder, encoder="one-word", dim=world.DIM)


def test_a_bundle_is_trained_with_a_head_and_the_same_bytes_again(
    trained: Turnout, artifacts: Path, data: Path
) -> None:
    first = artifacts / "bundles" / "one"
    made = load(first)
    assert made.labels == (
        "agentic coding: repository issues",
        "knowledge: general",
        "mathematics: competition",
    )
    asked = world.OneWord()(["the equation"])[0]
    assert score(asked, made).label == "mathematics: competition"
    first.rename(first.with_name("first"))
    assert trained("bundle", "train", "--data", data, "--version", "one").exit_code == 0
    assert (first / "head.npy").read_bytes() == (first.with_name("first") / "head.npy").read_bytes()


def test_show_and_diff_say_what_tells_the_classes(trained: Turnout, data: Path) -> None:
    args = ("bundle", "train", "--data", data, "--version", "two", "--clusters", 3)
    assert trained(*args).exit_code == 0
    assert json.loads(trained("bundle", "show", "one", "--json").stdout)["told_by"] == (
        "trained head"
    )
    assert "told by: nearest centroid" in trained("bundle", "show", "two").stdout
    found = json.loads(trained("bundle", "diff", "two", "one", "--json").stdout)
    assert found["told_by"] == ["nearest centroid", "trained head"]


def test_a_judgement_learns_heads_anew_where_the_bundle_has_one(
    trained: Turnout, data: Path
) -> None:
    found = trained("bundle", "eval", "one", "--data", data, "--split", "prompt", "--json")
    assert found.exit_code == 0, found.output
    (issues,) = (
        row
        for row in json.loads(found.stdout)["splits"]["prompt"]["sources"]
        if row["name"] == "issues" and row["requested"] == "claude-opus-4-7"
    )
    assert issues["router"]["parity"]["against_requested"]["value"] > -3


def test_an_own_bundle_keeps_the_head(trained: Turnout, artifacts: Path, tmp_path: Path) -> None:
    log = logs.write(
        tmp_path / "data" / "turnout.db", logs.outcomes("one", 0, "claude-opus-4-7", 9, 1)
    )
    assert trained("bundle", "promote", "one").exit_code == 0
    made = trained("bundle", "train", "--from-log", "--version", "mine")
    assert made.exit_code == 0, made.output
    own = log.parent / "own" / "bundles" / "mine"
    head = load(own).head
    assert head is not None
    assert np.array_equal(head, load(artifacts / "bundles" / "one").head)


def test_classes_told_by_another_head_are_other_classes(trained: Turnout, artifacts: Path) -> None:
    one, two = (artifacts / "bundles" / name for name in ("one", "two"))
    shutil.copytree(one, two)
    shelves = Shelves(artifacts, None)
    assert outcomes.alike(shelves, one) == {"one", "two"}
    manifest = json.loads((two / "manifest.json").read_text())
    manifest["files"]["head.npy"] = "0" * 64
    (two / "manifest.json").write_text(json.dumps(manifest))
    assert outcomes.alike(shelves, one) == {"one"}


SPOILED = {
    "another shape": (np.zeros((3, 3)), r"head.npy: shape is \(3, 3\), not \(3, 2\)"),
    "a hole": (np.full((3, 2), np.nan), r"head.npy: \[0, 0\] is nan"),
}


@pytest.mark.parametrize(("rows", "said"), SPOILED.values(), ids=SPOILED)
def test_a_spoiled_head_is_refused(tmp_path: Path, rows: np.ndarray, said: str) -> None:
    folder = headed(tmp_path, rows)
    with pytest.raises(Exception, match=said):
        Bundle.load(folder, encoder=folders.ENCODER, dim=2)


def test_a_tampered_head_is_refused(tmp_path: Path) -> None:
    folder = headed(tmp_path, np.eye(3)[:, :2])
    (folder / "head.npy").write_bytes(b"no")
    with pytest.raises(Exception, match=r"head.npy: SHA-256 is"):
        Bundle.load(folder, encoder=folders.ENCODER, dim=2)


def headed(folder: Path, rows: np.ndarray) -> Path:
    folders.bundle(folder)
    np.save(folder / "head.npy", rows)
    return folders.sign(folder)


def test_a_class_that_is_known_is_not_guessed_from_its_middle(tmp_path: Path) -> None:
    """Where this head would take the middle of each class for the other's."""
    folder = headed(tmp_path, np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]]))
    made = Bundle.load(folder, encoder=folders.ENCODER, dim=2)
    assert score(made.centroids[0], made).cluster == 1
    one, told = of_class(0, made).estimate("alpha"), parity.of_classes(made)
    assert one is not None
    assert (one.quality, one.se, one.evidence) == pytest.approx((0.9, 0.02, 300.0))
    assert np.array_equal(told.quality, made.quality)
    assert of_class(0, made).apart("beta", "alpha") == pytest.approx(made.apart[0, 0, 1])
    assert np.array_equal(told.apart(0), made.apart[:, 0])
    plain = replace(made, head=None)
    assert of_class(0, plain) == score(plain.centroids[0], plain)


def test_the_head_decides_and_the_cosine_says_how_familiar_it_is(tmp_path: Path) -> None:
    """It turns the two classes round; the bias alone would do that too."""
    folder = headed(tmp_path, np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.1]]))
    made = Bundle.load(folder, encoder=folders.ENCODER, dim=2)
    told = score(np.array([0.8, 0.6]), made)
    assert told.label == "knowledge: history"
    assert told.similarity == pytest.approx(0.6)
    assert told.weights[1] == pytest.approx(1 / (1 + np.exp(-(0.9 - 0.6) / 0.5)))
    far = score(np.array([0.8, 0.6]), replace(made, familiar=(0.85, 0.9)))
    assert (far.familiarity, told.familiarity) == (0, 1)
