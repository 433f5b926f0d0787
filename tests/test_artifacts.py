"""The artifacts that are committed: whole, in step with each other, and refused when touched."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from turnout.answers.admission import Admission
from turnout.errors import ArtifactError
from turnout.route.bundle import Bundle
from turnout.route.embed import Embedder
from turnout.route.score import score
from turnout.route.shelves import latest

ARTIFACTS = Path(__file__).parents[1] / "artifacts"
FOLDERS = sorted(path.parent for path in ARTIFACTS.rglob("manifest.json"))
MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def embed() -> Embedder:
    return Embedder(ARTIFACTS / "encoder")


@pytest.fixture(scope="module")
def bundle(embed: Embedder) -> Bundle:
    return Bundle.load(latest(ARTIFACTS), encoder=embed.id, dim=embed.dim)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_file_has_its_digest(folder: Path) -> None:
    files = json.loads((folder / "manifest.json").read_text())["files"]
    assert set(files) == {path.name for path in folder.iterdir()} - {"manifest.json"}
    for name, digest in files.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_maker_is_here(folder: Path) -> None:
    maker = json.loads((folder / "manifest.json").read_text())["maker"]
    assert (ARTIFACTS.parent / maker).is_file()


def test_the_encoder_is_small_and_licensed() -> None:
    manifest = json.loads((ARTIFACTS / "encoder" / "manifest.json").read_text())
    assert (ARTIFACTS / "encoder" / "model.onnx").stat().st_size < 50 * MEBIBYTE
    assert manifest["licence"] == "Apache-2.0"
    assert "Apache License" in (ARTIFACTS / "encoder" / "LICENSE").read_text()
    assert manifest["measured"]["cosine_to_fp32_p05"] > 0.98


def test_bundle_and_encoder_fit(bundle: Bundle, embed: Embedder) -> None:
    assert bundle.centroids.shape == (len(bundle.labels), embed.dim)
    assert np.linalg.norm(bundle.centroids, axis=1) == pytest.approx(1, abs=1e-5)
    assert set(bundle.profiles) == {"strict", "parity", "thrift"}


def test_the_semantic_cache_and_encoder_fit(embed: Embedder) -> None:
    """Else it is off, with a warning."""
    Admission.load(ARTIFACTS / "semantic", embed.id)


def test_labels_are_words_and_differ(bundle: Bundle) -> None:
    assert len(set(bundle.labels)) == len(bundle.labels)
    assert all(": " in label and "_" not in label for label in bundle.labels)


def test_no_text_of_a_prompt_is_shipped() -> None:
    """A cluster is described by names and shares only."""
    clusters = json.loads((latest(ARTIFACTS) / "clusters.json").read_text())
    for cluster in clusters:
        assert set(cluster) == {"label", "prompts", "tools", "mix", "sources", "labels"}
        assert all(len(name) < 40 for table in ("mix", "sources") for name in cluster[table])


def test_every_model_of_the_catalogue_has_a_quality_everywhere(bundle: Bundle) -> None:
    assert len(bundle.models) >= 100
    assert ((bundle.quality > 0) & (bundle.se > 0)).all()
    pairs = ~np.eye(len(bundle.models), dtype=bool)
    assert (bundle.apart[:, pairs] > 0).all()


@pytest.mark.parametrize("model", ["claude-opus-4-8", "gpt-5.5", "gemini-3.5-flash", "kimi-k2.6"])
def test_a_model_without_labels_says_so(bundle: Bundle, model: str) -> None:
    """Labels of five models were withheld: the prior places them, less sure than the labelled."""
    column, labelled = bundle.models[model], bundle.models["claude-opus-4-7"]
    coding = [k for k, label in enumerate(bundle.labels) if label.startswith("agentic coding")]
    assert not bundle.evidence[:, column].any()
    assert bundle.evidence[coding, labelled].max() > 100
    assert (bundle.se[coding, column] > bundle.se[coding, labelled]).all()


STRONG_AND_WEAK = ("claude-opus-4-7", "gpt-5-nano")
# where nearly all of them do well, or what is strong elsewhere is not
UNCLEAR = ("false premises", "structured output")
# what a human may write                                 -> the start of the label
ASKED = {
    "issue": ("Fix the failing test in tests/test_parser.py", "agentic coding"),
    "traceback": ("Traceback (most recent call last): TypeError: unsupported operand", "agentic"),
    "function": ("Write a Python function that reverses a linked list", "short coding"),
    "sum": ("Tom has 3 apples and buys 4 more for $2 each. What did he pay?", "word problems"),
    "history": ("Which treaty ended the Thirty Years' War?", "everyday questions: trivia"),
    "a nod": ("yes please do that", "tool calling: several", True),
    "nothing like it": ("make the sidebar collapsible", "unfamiliar", True),
    "algebra": ("Find all real solutions of $x^4 - 5x^2 + 4 = 0$.", "mathematics"),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_plain_requests_find_their_class(
    bundle: Bundle, embed: Embedder, asked: tuple[str, str] | tuple[str, str, bool]
) -> None:
    text, label, *tools = asked
    assert score(embed([text])[0], bundle, tools=bool(tools)).label.startswith(label)


def test_no_class_is_so_easy_that_unlike_models_are_alike(bundle: Bundle) -> None:
    strong, weak = (bundle.quality[:, bundle.models[name]] for name in STRONG_AND_WEAK)
    assert bundle.quality.max() < 0.995
    assert (np.abs(strong - weak) > 0.005).all()


@pytest.mark.parametrize(
    ("better", "worse"),
    [("claude-opus-4-7", "gpt-5-nano"), ("gpt-5.4", "gpt-4o-mini"), ("glm-5.1", "gpt-oss-20b")],
)
def test_plain_orders_hold_where_labels_do_not_speak_against_them(
    bundle: Bundle, better: str, worse: str
) -> None:
    gap = bundle.quality[:, bundle.models[better]] - bundle.quality[:, bundle.models[worse]]
    clear = [not label.startswith(UNCLEAR) for label in bundle.labels]
    assert (gap[clear] > 0).all()


@pytest.mark.parametrize("name", sorted(p.name for p in latest(ARTIFACTS).iterdir()))
def test_c46_a_touched_bundle_is_refused(tmp_path: Path, embed: Embedder, name: str) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(latest(ARTIFACTS), folder)
    path = folder / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ArtifactError, match=name) as caught:
        Bundle.load(folder, encoder=embed.id, dim=embed.dim)
    assert str(path) in str(caught.value)


def test_c46_another_encoder_is_refused(embed: Embedder) -> None:
    folder = latest(ARTIFACTS)
    with pytest.raises(ArtifactError, match=r"manifest.json: encoder is"):
        Bundle.load(folder, encoder="another", dim=embed.dim)
    with pytest.raises(ArtifactError, match=r"manifest.json: dim is"):
        Bundle.load(folder, encoder=embed.id, dim=embed.dim * 2)
