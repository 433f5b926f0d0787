"""A bundle: what was learned, frozen. Centroids, and per cluster and model a quality.

manifest.json   version, encoder, dim, digests, knobs, sources and licences
clusters.json   per cluster: label, tools (share of its prompts that came with tools), mix
models.json     catalogue ids, in the order of the columns below
centroids.npy   (clusters, dim) unit rows
quality.npy     (clusters, models) expected score, 0..1
se.npy          (clusters, models) standard error of that, same unit
apart.npy       (clusters, models, models) standard error of the difference of two models' scores
evidence.npy    (clusters, models) effective number of labels behind it; 0 = prior only
head.npy        (dim + 1, clusters) not in every bundle: a trained head, its last row the bias

Two models err together as far as the same facts place them, so how far apart they are may be known
better than where either is. apart.npy is written as float16: 41 classes of 131 models are 1.4 MB
instead of 5.6 as float64, and a value is off by at most 1 in 2048: no error is known that well.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from turnout.errors import ArtifactError
from turnout.route import artifact

type Matrix = NDArray[np.float64]

FARTHEST = sqrt(2)  # error of a difference: of two models that nothing is known of, hypot(1, 1)
# array      least  most
RANGES = {
    "centroids": (-1.0, 1.0),
    "quality": (0.0, 1.0),
    "se": (0.0, 1.0),
    "apart": (0.0, FARTHEST),
    "evidence": (0.0, np.inf),
    "head": (-1e3, 1e3),
}
HEAD = "head.npy"  # where there is one, it tells the clusters apart, not their centroids
KNOWN = (-2.0, -2.0)  # cosines that nothing is below
FILES = ("clusters.json", "models.json", *(f"{name}.npy" for name in RANGES if name != "head"))


@dataclass(frozen=True, slots=True)
class Profile:
    """Parity: `q(m) - q(r) >= -epsilon + z * se(m - r)`. `epsilon` in units of quality (0..1).

    `min_evidence`: effective labels a candidate's quality must rest on; at 0 its se alone decides.
    """

    epsilon: float
    z: float
    min_evidence: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """`temperature` of the softmax over the `top` nearest clusters, in units of cosine.

    `head`: (dim + 1, clusters), by which a text belongs to clusters; None: by cosine.

    `familiar`: up to the first cosine to the nearest cluster nothing is known of a text, from the
    second on it is like what was learned from.
    """

    version: str
    encoder: str
    dim: int
    temperature: float
    top: int
    profiles: Mapping[str, Profile]
    labels: tuple[str, ...]
    models: Mapping[str, int]
    tools: Matrix
    centroids: Matrix
    quality: Matrix
    se: Matrix
    apart: Matrix
    evidence: Matrix
    familiar: tuple[float, float] = KNOWN
    head: Matrix | None = None

    @classmethod
    def load(cls, folder: Path, *, encoder: str, dim: int) -> Self:
        """Raises ArtifactError unless every file is what it was, and fits `encoder` and `dim`."""
        path = folder / "manifest.json"
        manifest = artifact.manifest(path)  # of another encoder, it may have other files as well
        _same(path, "encoder", artifact.field(manifest, "encoder", str, path), encoder)
        _same(path, "dim", artifact.field(manifest, "dim", int, path), dim)
        artifact.trusted(folder, *FILES)
        clusters = _rows(folder / "clusters.json")
        models = [str(name) for name in _rows(folder / "models.json")]
        shape = (len(clusters), len(models))
        return cls(
            version=artifact.field(manifest, "version", str, path),
            encoder=encoder,
            dim=dim,
            temperature=_positive(manifest, "temperature", path),
            top=int(_positive(manifest, "top", path)),
            profiles=_profiles(manifest, path),
            labels=tuple(_cell(c, "label", str, folder / "clusters.json") for c in clusters),
            tools=np.array([_share(c, "tools", folder / "clusters.json") for c in clusters]),
            models={name: column for column, name in enumerate(models)},
            centroids=_array(folder, "centroids", (len(clusters), dim)),
            quality=_array(folder, "quality", shape),
            se=_array(folder, "se", shape),
            apart=_pairs(folder, "apart", (*shape, len(models))),
            evidence=_array(folder, "evidence", shape),
            familiar=_familiar(manifest, path),
            head=_array(folder, "head", (dim + 1, len(clusters))) if headed(manifest) else None,
        )


def headed(manifest: Mapping[str, Any]) -> bool:
    return HEAD in manifest["files"]


def _same(path: Path, name: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise ArtifactError(f"{path}: {name} is {found!r}, but the encoder here has {wanted!r}")


def _rows(path: Path) -> list[Any]:
    try:
        rows = json.loads(path.read_bytes())
    except (OSError, ValueError) as e:
        raise ArtifactError(f"{path}: {e}") from e
    if not isinstance(rows, list) or not rows:
        raise ArtifactError(f"{path}: not a list with entries")
    return rows


def _cell[T](row: Any, name: str, kind: type[T], path: Path) -> T:
    if not isinstance(row, dict):
        raise ArtifactError(f"{path}: {row!r} is not an object")
    return artifact.field(row, name, kind, path)


def _share(row: Any, name: str, path: Path) -> float:
    value = _cell(row, name, float, path)
    if not 0 <= value <= 1:
        raise ArtifactError(f"{path}: `{name}` is {value}, not 0 to 1")
    return value


def _positive(manifest: dict[str, Any], name: str, path: Path) -> float:
    value = artifact.field(manifest, name, float, path)
    if not value > 0:
        raise ArtifactError(f"{path}: `{name}` is {value}, not above 0")
    return value


def _familiar(manifest: dict[str, Any], path: Path) -> tuple[float, float]:
    """A bundle that does not say takes every text for a known one."""
    value = manifest.get("familiar", KNOWN)
    if (
        not isinstance(value, list | tuple)
        or len(value) != 2
        or not all(type(one) in (int, float) for one in value)
        or not -2 <= value[0] <= value[1] <= 1
    ):
        raise ArtifactError(f"{path}: `familiar` is {value!r}, not two rising cosines")
    return float(value[0]), float(value[1])


def _profiles(manifest: dict[str, Any], path: Path) -> dict[str, Profile]:
    table = artifact.field(manifest, "profiles", dict, path)
    knobs = ("epsilon", "z", "min_evidence")
    return {
        str(name): Profile(*(_cell(row, knob, float, path) for knob in knobs))
        for name, row in table.items()
    }


def _array(folder: Path, name: str, shape: tuple[int, ...]) -> Matrix:
    """`name`.npy, refused unless it has this shape, no hole and no value out of its range."""
    path = folder / f"{name}.npy"
    try:
        array = np.asarray(np.load(path, allow_pickle=False), np.float64)
    except (OSError, ValueError, EOFError) as e:
        raise ArtifactError(f"{path}: not an array: {e}") from e
    if array.shape != shape:
        raise ArtifactError(f"{path}: shape is {array.shape}, not {shape}")
    least, most = RANGES[name]
    for place in np.argwhere(~((array >= least - 1e-6) & (array <= most + 1e-6)))[:1].tolist():
        value = array[tuple(place)]
        raise ArtifactError(f"{path}: {place} is {value}, not {least} to {most}")
    return array


def _pairs(folder: Path, name: str, shape: tuple[int, int, int]) -> Matrix:
    """Such an array, refused unless each pair has one value, and nothing differs from itself."""
    array, path = _array(folder, name, shape), folder / f"{name}.npy"
    other = array.transpose(0, 2, 1)
    for k, m, n in np.argwhere(array != other)[:1].tolist():
        pair = f"[{k}, {m}, {n}] is {array[k, m, n]}, but [{k}, {n}, {m}] is {other[k, m, n]}"
        raise ArtifactError(f"{path}: {pair}")
    for k, m in np.argwhere(np.diagonal(array, axis1=1, axis2=2))[:1].tolist():
        raise ArtifactError(f"{path}: [{k}, {m}, {m}] is {array[k, m, m]}, not 0")
    return array
