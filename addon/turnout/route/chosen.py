"""The bundle that decides: the one that was chosen, or what came along where that is of no use.

A bundle that a user made from their own log stays behind when turnout is upgraded: the encoder that
it was made with may be another one by then. Then what came along decides, and the user is told.
"""

from pathlib import Path

from turnout.errors import ArtifactError
from turnout.route import artifact
from turnout.route.bundle import Bundle
from turnout.route.shelves import Shelves, latest

AGAIN = "`turnout bundle train --from-log` makes one that fits"


def load(shelves: Shelves, *, encoder: str, dim: int) -> tuple[Bundle, str]:
    """And why it is not the chosen one, "" when it is. Raises ArtifactError: there is none."""
    try:
        return Bundle.load(shelves.latest(), encoder=encoder, dim=dim), ""
    except ArtifactError as e:
        if shelves.chooser == shelves.shipped:
            raise
        why = str(e)
    found = Bundle.load(latest(shelves.shipped), encoder=encoder, dim=dim)
    return (
        found,
        f"{found.version} decides instead of your own bundle: {why}; {mend(found.version)}",
    )


def mend(came: str) -> str:
    """`came`: the version that came along."""
    return f"{AGAIN}, `turnout bundle promote {came}` gives it up"


def fitting(shelves: Shelves) -> tuple[Bundle, str]:
    """The same for the encoder that came along, which is not loaded for it."""
    encoder, dim = encoder_here(shelves)
    return load(shelves, encoder=encoder, dim=dim)


def encoder_here(shelves: Shelves) -> tuple[str, int]:
    """Its id, and the dimension of its vectors. Raises ArtifactError."""
    path = shelves.shipped / "encoder" / "manifest.json"
    manifest = artifact.manifest(path)
    return artifact.field(manifest, "id", str, path), artifact.field(manifest, "dim", int, path)


def outdated(shelves: Shelves) -> str:
    """A sentence, when a bundle came along after the user's own was made from the one before."""
    if shelves.chooser == shelves.shipped:
        return ""
    try:
        folder, came = shelves.latest(), latest(shelves.shipped).name
    except ArtifactError:
        return ""  # told by whoever loads it
    made = base(folder)
    if made in ("", came):
        return ""
    said = f"your bundle {folder.name} is made on top of {made}, and {came} has come along since"
    return f"{said}: `turnout bundle train --from-log` learns on top of that"


def base(folder: Path) -> str:
    """The version that a bundle was made on top of, from a log; "" for any other bundle."""
    try:
        found = artifact.manifest(folder / "manifest.json").get("base")
    except ArtifactError:
        return ""
    return str(found.get("version", "")) if isinstance(found, dict) else ""
