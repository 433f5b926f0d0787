"""The committed model of the semantic cache: it keeps its promise, and knows its encoder (c85)."""

import json
from pathlib import Path

import pytest

from answers.test_semantic import ALIKE, DIFFERENT
from turnout.answers.admission import Admission
from turnout.errors import ArtifactError
from turnout.route.embed import Embedder

ARTIFACTS = Path(__file__).parents[2] / "artifacts"


def test_the_artifact_fits_and_is_strict() -> None:
    """Measured, not assumed: what its manifest says of the test part holds the promise of 0.5 %."""
    embed = Embedder(ARTIFACTS / "encoder")
    found = Admission.load(ARTIFACTS / "semantic", embed.id)
    manifest = json.loads((ARTIFACTS / "semantic" / "manifest.json").read_text())
    told = manifest["measured"]["on the test part"]["learned, a threshold for each cluster"]
    assert told["false_share_at_most"] <= 0.005
    old, new = ALIKE["polite"]
    one, two = embed([old])[0], embed([new])[0]
    same = found.probability(old, old, 1.0)
    assert found.admits(same, "")
    assert found.admits(found.probability(old, new, float(one @ two)), "")
    for old, new in DIFFERENT.values():
        assert not found.admits(found.probability(old, new, 1.0), "")


def test_it_knows_its_encoder() -> None:
    with pytest.raises(ArtifactError, match="make it anew"):
        Admission.load(ARTIFACTS / "semantic", "another")
