"""`turnout bundle train --from-log`: a user's own bundle, on top of another one.

Its classes, encoder, models and profiles are those of its base; qualities, their standard errors,
those of differences, and the evidence behind them are moved (own.py). The same log and base give
the same bytes. Of the log only counts go into it: no text, no session, no time.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from turnout.bundles import outcomes, own, publish, release
from turnout.bundles.outcomes import CLASSES, Outcomes
from turnout.bundles.own import Moved
from turnout.errors import ConfigError
from turnout.route import artifact, chosen
from turnout.route.bundle import Bundle
from turnout.route.embed import Embedder
from turnout.route.shelves import Shelves, latest
from turnout.session.alarm import FALSE, FEEDBACK, HIT

MAKER = "turnout bundle train --from-log"
THIN = 20.0  # sessions of a model in a class: fewer of them say little
NOTE = (
    "Sessions with and without trouble are read as quality through start values of the detector "
    "(recipe.hit, recipe.false); with fewer than 20 sessions a model hardly moves."
)


@dataclass(frozen=True, slots=True)
class Adapted:
    base: Bundle
    bundle: Bundle
    found: Outcomes
    moved: Moved


def base_of(shelves: Shelves, version: str) -> Path:
    """The folder to learn on top of: `version`, else what came along, the newest there is of that.
    Sessions that are in a bundle already must not count twice. Raises ConfigError."""
    if not version:
        return latest(shelves.shipped)
    folder = release.find(shelves, version)
    name = chosen.base(folder)
    if not name:
        return folder
    raise ConfigError(
        f"{version} is made from a log, and its sessions would count twice: --base {name}"
    )


def adapt(
    log: Path, shelves: Shelves, base_folder: Path, encoder: Embedder, folder: Path
) -> Adapted:
    """Writes the bundle `folder`, whose name is its version. Raises ConfigError."""
    base = Bundle.load(base_folder, encoder=encoder.id, dim=encoder.dim)
    found = outcomes.read(log, base, outcomes.alike(shelves, base_folder))
    moved = own.moved(base, found)
    _write(folder, base_folder, base, found, moved)
    made = Bundle.load(folder, encoder=encoder.id, dim=encoder.dim)
    return Adapted(base, made, found, moved)


def _write(folder: Path, base_folder: Path, base: Bundle, found: Outcomes, moved: Moved) -> None:
    with publish.whole(folder) as new:
        for name in set(CLASSES) & set(publish.parts(base)):
            shutil.copyfile(base_folder / name, new / name)
        for name in ("quality", "se", "apart", "evidence"):
            publish.array(new, name, getattr(moved, name))
        rows = json.loads((base_folder / "clusters.json").read_bytes())
        publish.document(new / "clusters.json", _classes(rows, found, moved))
        publish.document(new / "models.json", list(base.models))
        publish.document(
            new / "manifest.json",
            _manifest(new, base, artifact.manifest(base_folder / "manifest.json"), found),
        )


def _classes(rows: list[dict[str, Any]], found: Outcomes, moved: Moved) -> list[dict[str, Any]]:
    return [
        row
        | {
            "sessions": int(found.asked[k]),
            "judged": round(float(found.count[k].sum()), 1),
            "difficulty": round(float(moved.difficulty[k]), 4),
        }
        for k, row in enumerate(rows)
    ]


def _manifest(
    folder: Path, bundle: Bundle, base: dict[str, Any], found: Outcomes
) -> dict[str, Any]:
    kept = ("encoder", "dim", "temperature", "top", "familiar", "profiles", "clusters", "models")
    told = ("models_with_labels", "labels")
    recipe = {
        "difficulty_sd": own.DIFFICULTY,
        "shared": own.SHARED,
        "hit": HIT,
        "false": FALSE,
        "feedback_sessions": FEEDBACK,
    }
    return {
        "version": folder.name,
        "base": {"version": base.get("version"), "quality": base["files"]["quality.npy"]},
        **{name: base[name] for name in (*kept, *told) if name in base},
        "files": {name: publish.digest(folder / name) for name in publish.parts(bundle)},
        "maker": MAKER,
        "recipe": recipe,
        "sessions": found.sessions,
        "feedback": found.words,
        "by_name": found.by_name,
        "judged_cells": int((found.count > 0).sum()),
        "thin_cells": int(((found.count > 0) & (found.count < THIN)).sum()),
        "left_out": [asdict(one) for one in found.excluded],
        "notes": [NOTE],
    }
