"""The real encoder and catalogue, and a bundle in which the choice is known."""

import hashlib
import json
from pathlib import Path

import numpy as np

from turnout.paths import artifacts_dir

# quality everywhere; standard errors are 0, so that parity is plain arithmetic
QUALITY = {"claude-opus-4-7": 0.80, "minimax-m3": 0.80, "claude-haiku-4-5": 0.60}


def made(folder: Path) -> Path:
    """Artifacts in which minimax-m3 matches claude-opus-4-7, at a fraction of its price."""
    real = artifacts_dir()
    folder.mkdir(parents=True)
    for name in ("encoder", "catalog.json", "semantic"):
        (folder / name).symlink_to(real / name)
    (folder / "latest").write_text("test")
    _bundle(folder / "bundles" / "test", real)
    return folder


def _bundle(folder: Path, real: Path) -> None:
    encoder = json.loads((real / "encoder/manifest.json").read_text())
    folder.mkdir(parents=True)
    shape = (1, len(QUALITY))
    arrays = {
        "centroids": np.eye(1, encoder["dim"]),
        "quality": np.array([list(QUALITY.values())]),
        "se": np.zeros(shape),
        "apart": np.zeros((*shape, len(QUALITY))),
        "evidence": np.full(shape, 100.0),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    (folder / "models.json").write_text(json.dumps(list(QUALITY)))
    (folder / "clusters.json").write_text(json.dumps([{"label": "everything", "tools": 0.5}]))
    sign(folder, encoder=encoder["id"], dim=encoder["dim"])


MANIFEST = {
    "version": "test",
    "temperature": 1.0,
    "top": 1,
    "profiles": {
        "strict": {"epsilon": 0.0, "z": 0.0, "min_evidence": 0},
        "parity": {"epsilon": 0.02, "z": 0.0, "min_evidence": 0},
        "thrift": {"epsilon": 0.06, "z": 0.0, "min_evidence": 0},
    },
}


def sign(folder: Path, **facts: object) -> None:
    """Writes the manifest anew, with the digests of the files as they are."""
    path = folder / "manifest.json"
    before = json.loads(path.read_text()) if path.exists() else MANIFEST
    names = sorted(file.name for file in folder.iterdir() if file != path)
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    path.write_text(json.dumps({**before, **facts, "files": files}))
