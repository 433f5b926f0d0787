"""A bundle of two clusters and three models, small enough to compute by hand."""

import hashlib
import json
from pathlib import Path

import numpy as np

ENCODER = "tiny"
MODELS = ["alpha", "beta", "gamma"]
CLUSTERS = [
    {"label": "agentic coding: repository issues", "tools": 1.0},
    {"label": "knowledge: history", "tools": 0.0},
]


def independent(se: object) -> np.ndarray:
    """(clusters, models) -> (clusters, models, models): of models that do not err together."""
    se = np.asarray(se, float)
    return np.hypot(se[:, :, None], se[:, None, :]) * ~np.eye(se.shape[1], dtype=bool)


SE = [[0.02, 0.04, 0.1], [0.06, 0.08, 0.1]]
ARRAYS = {
    "centroids": [[1.0, 0.0], [0.0, 1.0]],
    "quality": [[0.9, 0.7, 0.5], [0.6, 0.8, 0.5]],
    "se": SE,
    "apart": independent(SE).tolist(),
    "evidence": [[300.0, 20.0, 0.0], [0.0, 40.0, 0.0]],
}
MANIFEST = {
    "version": "2026-01-01a",
    "encoder": ENCODER,
    "dim": 2,
    "temperature": 0.5,
    "top": 2,
    "profiles": {"parity": {"epsilon": 0.02, "z": 0.5, "min_evidence": 0.0}},
}


def bundle(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in ARRAYS.items():
        np.save(folder / f"{name}.npy", np.array(rows))
    (folder / "clusters.json").write_text(json.dumps(CLUSTERS))
    (folder / "models.json").write_text(json.dumps(MODELS))
    return sign(folder)


def sign(folder: Path, **changes: object) -> Path:
    """Writes the manifest anew, with the digests of the files as they are."""
    names = ["clusters.json", "models.json", *(path.name for path in folder.glob("*.npy"))]
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    (folder / "manifest.json").write_text(json.dumps(MANIFEST | {"files": files} | changes))
    return folder
