"""Where bundles stand: those that came along, and those made from this user's own log.

Both places are laid out alike:

    bundles/VERSION/    a bundle
    latest              names the version in use

What the user's own `latest` names is in use; where there is none, what the shipped one names.
"""

from dataclasses import dataclass
from pathlib import Path

from turnout.errors import ArtifactError

BUNDLES, LATEST = "bundles", "latest"
PROMOTE = "choose one with `turnout bundle promote VERSION`"


@dataclass(frozen=True, slots=True)
class Shelves:
    """`shipped`: artifacts/. `own`: of this user, may be missing."""

    shipped: Path
    own: Path | None = None

    @property
    def places(self) -> tuple[Path, ...]:
        return (self.shipped, self.own) if self.own else (self.shipped,)

    def folders(self) -> list[Path]:
        """Every version that is there, the shipped ones first."""
        return [
            path
            for place in self.places
            for path in sorted((place / BUNDLES).glob("[!.]*"))
            if path.is_dir()
        ]

    def find(self, version: str) -> Path | None:
        return next((path for path in self.folders() if path.name == version), None)

    def is_own(self, folder: Path) -> bool:
        return self.own is not None and folder.parent == self.own / BUNDLES

    @property
    def chooser(self) -> Path:
        """The place whose `latest` counts."""
        return self.own if self.own and (self.own / LATEST).exists() else self.shipped

    def pointed(self) -> str:
        """What that says; "" when it says nothing."""
        try:
            return (self.chooser / LATEST).read_text("utf-8").strip()
        except (OSError, ValueError):
            return ""

    def latest(self) -> Path:
        """The folder of the version in use. Raises ArtifactError."""
        return latest(self.chooser)


def latest(place: Path) -> Path:
    """The folder of the bundle that `latest` names there. Raises ArtifactError."""
    pointer = place / LATEST
    try:
        version = pointer.read_text("utf-8").strip()
    except FileNotFoundError as e:
        there = f"no version is chosen; {PROMOTE}"
        gone = "there are no artifacts here; TURNOUT_ARTIFACTS says where they are"
        raise ArtifactError(f"{pointer}: {there if (place / BUNDLES).is_dir() else gone}") from e
    except (OSError, ValueError) as e:
        raise ArtifactError(f"{pointer}: {e}; {PROMOTE}") from e
    folder = place / BUNDLES / version
    if not version or Path(version).name != version or not folder.is_dir():
        raise ArtifactError(
            f"{pointer}: names {version!r}, which is no folder of bundles; {PROMOTE}"
        )
    return folder
