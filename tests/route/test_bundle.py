import json
from pathlib import Path

import numpy as np
import pytest

from route import folders
from turnout.errors import ArtifactError
from turnout.route.bundle import FARTHEST, Bundle, Profile
from turnout.route.shelves import Shelves, latest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folders.bundle(tmp_path / "bundles" / "2026-01-01a")


def load(folder: Path) -> Bundle:
    return Bundle.load(folder, encoder=folders.ENCODER, dim=2)


def test_load(folder: Path) -> None:
    bundle = load(folder)
    assert bundle.version == "2026-01-01a"
    assert bundle.labels == ("agentic coding: repository issues", "knowledge: history")
    assert bundle.models == {"alpha": 0, "beta": 1, "gamma": 2}
    assert bundle.profiles == {"parity": Profile(0.02, 0.5)}
    assert bundle.quality.tolist() == folders.ARRAYS["quality"]
    assert bundle.apart.tolist() == folders.ARRAYS["apart"]
    assert bundle.tools.tolist() == [1.0, 0.0]


def save(folder: Path, name: str, change) -> None:
    """Alters an array and signs the folder, so that only the content is wrong."""
    array = np.array(folders.ARRAYS[name])
    np.save(folder / f"{name}.npy", change(array))
    folders.sign(folder)


def put(value: float):
    def change(array: np.ndarray) -> np.ndarray:
        array[1, 2] = value
        return array

    return change


def pair(value: float, *, both: bool = True):
    """How far alpha and gamma are apart in the second class."""

    def change(array: np.ndarray) -> np.ndarray:
        array[1, 0, 2] = value
        array[1, 2, 0] = value if both else array[1, 2, 0]
        return array

    return change


def itself(array: np.ndarray) -> np.ndarray:
    return array + 0.125 * np.eye(3)


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    folders.sign(folder)


def cut(folder: Path, name: str, *, signed: bool) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes()[:-9])
    if signed:
        folders.sign(folder)


def drop(folder: Path, name: str, **changes: str) -> None:
    (folder / f"{name}.npy").unlink()
    folders.sign(folder, **changes)


def pickled(folder: Path) -> None:
    np.save(folder / "se.npy", np.array([[object()] * 3] * 2))
    folders.sign(folder)


# what is wrong                     -> how, the file that is named, the reason that is given
WRONG = {
    "c46 no folder": (lambda f: f.rename(f.parent / "gone"), "manifest.json", "No such file"),
    "c46 wrong checksum": (
        lambda f: (f / "models.json").write_text('["alpha", "beta", "gamme"]'),
        "models.json",
        "SHA-256 is",
    ),
    "c46 truncated centroids": (
        lambda f: cut(f, "centroids.npy", signed=False),
        "centroids.npy",
        "SHA-256 is",
    ),
    "c46 truncated centroids, signed": (
        lambda f: cut(f, "centroids.npy", signed=True),
        "centroids.npy",
        "not an array",
    ),
    "c46 empty file, signed": (lambda f: write(f, "se.npy", ""), "se.npy", "not an array"),
    "c46 pickled objects": (pickled, "se.npy", "not an array"),
    "c46 missing file": (lambda f: (f / "quality.npy").unlink(), "quality.npy", "No such file"),
    "c46 file without digest": (
        lambda f: folders.sign(f, files={"models.json": "0"}),
        "manifest.json",
        "no digest of",
    ),
    "c46 missing cell": (
        lambda f: save(f, "quality", put(np.nan)),
        "quality.npy",
        "[1, 2] is nan",
    ),
    "quality above 1": (lambda f: save(f, "quality", put(1.2)), "quality.npy", "[1, 2] is 1.2"),
    "negative error": (lambda f: save(f, "se", put(-0.1)), "se.npy", "[1, 2] is -0.1"),
    "negative evidence": (lambda f: save(f, "evidence", put(-1)), "evidence.npy", "is -1"),
    "c46 a column too few": (
        lambda f: save(f, "quality", lambda a: a[:, :2]),
        "quality.npy",
        "shape is (2, 2), not (2, 3)",
    ),
    "c46 centroids of another dimension": (
        lambda f: save(f, "centroids", lambda a: np.ones((2, 3))),
        "centroids.npy",
        "shape is (2, 3), not (2, 2)",
    ),
    "a share of tools above all": (
        lambda f: write(f, "clusters.json", '[{"label": "a", "tools": 1.1}]'),
        "clusters.json",
        "`tools` is 1.1, not 0 to 1",
    ),
    "a share of tools that is none": (
        lambda f: write(f, "clusters.json", '[{"label": "a", "tools": NaN}]'),
        "clusters.json",
        "`tools` is nan, not float",
    ),
    "an epsilon that is none": (
        lambda f: folders.sign(
            f, profiles={"parity": {"epsilon": float("nan"), "z": 0, "min_evidence": 0}}
        ),
        "manifest.json",
        "`epsilon` is nan, not float",
    ),
    "c46 no pairs": (lambda f: drop(f, "apart"), "manifest.json", "no digest of apart.npy"),
    "c46 a bundle of an earlier release: its encoder is the reason that helps": (
        lambda f: drop(f, "apart", encoder="older"),
        "manifest.json",
        "encoder is 'older', but the encoder here has 'tiny'",
    ),
    "c46 pairs of too few models": (
        lambda f: save(f, "apart", lambda a: a[:, :2, :2]),
        "apart.npy",
        "shape is (2, 2, 2), not (2, 3, 3)",
    ),
    "c46 pairs of models alone": (
        lambda f: save(f, "apart", lambda a: a[:, 0]),
        "apart.npy",
        "shape is (2, 3), not (2, 3, 3)",
    ),
    "c46 a pair is missing": (
        lambda f: save(f, "apart", pair(np.nan)),
        "apart.npy",
        "[1, 0, 2] is nan, not 0.0 to 1.414",
    ),
    "a pair below 0": (lambda f: save(f, "apart", pair(-0.1)), "apart.npy", "[1, 0, 2] is -0.1"),
    "a pair farther than can be": (
        lambda f: save(f, "apart", pair(1.5)),
        "apart.npy",
        "[1, 0, 2] is 1.5",
    ),
    "a pair with two values": (
        lambda f: save(f, "apart", pair(0.25, both=False)),
        "apart.npy",
        "[1, 0, 2] is 0.25, but [1, 2, 0] is 0.1",
    ),
    "a model apart from itself": (
        lambda f: save(f, "apart", itself),
        "apart.npy",
        "[0, 0, 0] is 0.125, not 0",
    ),
    "familiar falls": (
        lambda f: folders.sign(f, familiar=[0.5, 0.4]),
        "manifest.json",
        "`familiar` is [0.5, 0.4], not two rising cosines",
    ),
    "familiar in words": (
        lambda f: folders.sign(f, familiar="near"),
        "manifest.json",
        "`familiar` is 'near'",
    ),
    "c46 encoder mismatch": (
        lambda f: folders.sign(f, encoder="other"),
        "manifest.json",
        "encoder is 'other', but the encoder here has 'tiny'",
    ),
    "c46 dimension mismatch": (lambda f: folders.sign(f, dim=3), "manifest.json", "dim is 3"),
    "no temperature": (lambda f: folders.sign(f, temperature=None), "manifest.json", "temperature"),
    "temperature 0": (lambda f: folders.sign(f, temperature=0), "manifest.json", "not above 0"),
    "profile without z": (
        lambda f: folders.sign(f, profiles={"parity": {"epsilon": 0.02}}),
        "manifest.json",
        "`z` is None",
    ),
    "profile of the wrong kind": (
        lambda f: folders.sign(f, profiles={"parity": 3}),
        "manifest.json",
        "3 is not an object",
    ),
    "no clusters": (lambda f: write(f, "clusters.json", "[]"), "clusters.json", "not a list"),
    "cluster without label": (
        lambda f: write(f, "clusters.json", '[{"tools": 1}, {"tools": 1}]'),
        "clusters.json",
        "`label` is None",
    ),
    "models are no list": (lambda f: write(f, "models.json", "{}"), "models.json", "not a list"),
    "manifest is not JSON": (
        lambda f: (f / "manifest.json").write_text("nope"),
        "manifest.json",
        "not JSON",
    ),
}


@pytest.mark.parametrize(("spoil", "file", "says"), WRONG.values(), ids=WRONG)
def test_refused(folder: Path, spoil, file: str, says: str) -> None:
    spoil(folder)
    with pytest.raises(ArtifactError) as caught:
        load(folder)
    assert str(folder / file) in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["centroids.npy", "clusters.json", "models.json", "apart.npy"])
def test_c46_no_bit_may_turn(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    for place in {0, len(whole) // 2, len(whole) - 1}:
        (folder / name).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ArtifactError, match="SHA-256"):
            load(folder)


def test_the_farthest_two_can_be_is_allowed(folder: Path) -> None:
    """In half precision, too."""
    save(folder, "apart", lambda a: pair(FARTHEST)(a).astype("<f2"))
    assert load(folder).apart[1, 0, 2] == pytest.approx(FARTHEST, rel=2**-11)


def test_latest(folder: Path) -> None:
    artifacts = folder.parents[1]
    (artifacts / "latest").write_text("2026-01-01a\n")
    assert latest(artifacts) == folder


NOT_LATEST = {
    "none": None,
    "empty": "",
    "unknown": "2020-01-01a",
    "a way out": "../../etc",
    "this folder": ".",
    "a path": "2026-01-01a/../2026-01-01a",
    "NUL": "a\0b",
}


@pytest.mark.parametrize("text", NOT_LATEST.values(), ids=NOT_LATEST)
def test_c46_latest_names_no_bundle(folder: Path, text: str | None) -> None:
    artifacts = folder.parents[1]
    if text is not None:
        (artifacts / "latest").write_text(text)
    with pytest.raises(ArtifactError, match="latest"):
        latest(artifacts)


def test_what_a_user_chose_comes_before_what_came_along(folder: Path, tmp_path: Path) -> None:
    own = folders.bundle(tmp_path / "own" / "bundles" / "mine")
    (tmp_path / "latest").write_text("2026-01-01a\n")
    shelves = Shelves(tmp_path, tmp_path / "own")
    assert shelves.latest() == folder
    (tmp_path / "own" / "latest").write_text("mine\n")
    assert shelves.latest() == own
    (tmp_path / "own" / "latest").write_text("2026-01-01a\n")
    with pytest.raises(ArtifactError, match=r"own/latest.*turnout bundle promote"):
        shelves.latest()


def test_the_manifest_says_what_the_files_are(folder: Path) -> None:
    assert set(json.loads((folder / "manifest.json").read_text())["files"]) == {
        path.name for path in folder.iterdir() if path.name != "manifest.json"
    }
