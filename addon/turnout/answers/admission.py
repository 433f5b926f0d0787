"""Who decides whether two questions mean the same: a small model, calibrated on labelled pairs.

admission.json comes from scripts/calibrate_cache: weights for the features of pairs.py, and for
each task cluster the probability from which a pair is admitted. A cluster without enough pairs to
show that few enough of what differs are admitted has the threshold of all of them together. The
promise, at most 0.5 % of different pairs, and what was measured are in its manifest.json.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from turnout.answers import pairs
from turnout.errors import ArtifactError
from turnout.route import artifact

NAME = "admission.json"


@dataclass(frozen=True, slots=True)
class Admission:
    """`bias`, `weights`: of a logistic model. `encoder`: whose cosines it knows.

    `clusters`: by the label of a task cluster.
    """

    encoder: str
    bias: float
    weights: Sequence[float]
    threshold: float
    clusters: Mapping[str, float]

    @classmethod
    def load(cls, folder: Path, encoder: str) -> Self:
        """Raises ArtifactError for a folder that is damaged or of another encoder."""
        artifact.trusted(folder, NAME)
        try:
            said = json.loads((folder / NAME).read_text("utf-8"))
            found = cls(
                str(said["encoder"]),
                float(said["bias"]),
                tuple(map(float, said["weights"])),
                float(said["threshold"]),
                {str(k): float(v) for k, v in said["clusters"].items()},
            )
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as e:
            raise ArtifactError(f"{folder / NAME}: {e!r}") from e
        if found.encoder != encoder or len(found.weights) != len(pairs.FEATURES):
            raise ArtifactError(f"{folder / NAME} is for the encoder {found.encoder}; make it anew")
        return found

    def probability(self, old: str, new: str, cosine: float) -> float:
        """That both mean the same, 0 to 1; 0 when a rule speaks against it."""
        if not pairs.agree(old, new):
            return 0.0
        told = pairs.features(old, new, cosine)
        score = self.bias + sum(w * x for w, x in zip(self.weights, told, strict=True))
        return 1 / (1 + math.exp(-max(min(score, 50.0), -50.0)))

    def admits(self, probability: float, cluster: str) -> bool:
        return probability >= self.clusters.get(cluster, self.threshold)
