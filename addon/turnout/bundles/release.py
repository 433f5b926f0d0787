"""Versions of bundles as releases: which there are, which one is in use, how to change that.

A version is a folder that is written once; `latest` beside it names the one in use. What is made
from a user's own log stands in the user's own place; nothing there changes what came along.
"""

import difflib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from turnout.errors import ArtifactError, ConfigError
from turnout.route import artifact, chosen
from turnout.route.bundle import FILES, Bundle
from turnout.route.embed import Embedder
from turnout.route.shelves import BUNDLES, LATEST, Shelves

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Release:
    """`broken`: why it cannot be used, "" when it can. `manifest` is empty when unreadable.
    `own`: made from this user's log."""

    version: str
    folder: Path
    latest: bool
    own: bool
    manifest: dict[str, Any]
    broken: str


def releases(shelves: Shelves) -> list[Release]:
    """By version, the shipped ones first. A damaged one is told of, not left out."""
    current, encoder = shelves.pointed(), _encoder(shelves)
    return [
        _release(folder, current, encoder, own=shelves.is_own(folder))
        for folder in shelves.folders()
        if (folder / "manifest.json").is_file()
    ]


def _encoder(shelves: Shelves) -> str:
    """ "" when it cannot be known: what is damaged there is told elsewhere."""
    try:
        return chosen.encoder_here(shelves)[0]
    except ArtifactError:
        return ""


def _release(folder: Path, current: str, encoder: str, *, own: bool) -> Release:
    manifest, broken = {}, ""
    try:
        manifest = artifact.manifest(folder / "manifest.json")
        artifact.trusted(folder, *FILES)
        if encoder and manifest.get("encoder") != encoder:
            broken = f"cannot be used: made for another encoder, {manifest.get('encoder')}"
    except ArtifactError as e:
        broken = str(e)
    return Release(folder.name, folder, folder.name == current, own, manifest, broken)


def find(shelves: Shelves, version: str) -> Path:
    """The folder of `version`; "" is the one in use. Raises ConfigError with near names."""
    wanted = version or shelves.pointed()
    if folder := shelves.find(wanted):
        return folder
    known = [path.name for path in shelves.folders()]
    near = difflib.get_close_matches(wanted, known, n=3) or known[-3:]
    hint = f"did you mean {', '.join(near)}?" if near else "there is none; train one"
    raise ConfigError(f"there is no bundle {wanted!r}; {hint}")


def load(shelves: Shelves, version: str, encoder: Embedder) -> Bundle:
    """ "" is the one in use."""
    if not version:
        return chosen.load(shelves, encoder=encoder.id, dim=encoder.dim)[0]
    folder = find(shelves, version)
    try:
        return Bundle.load(folder, encoder=encoder.id, dim=encoder.dim)
    except ArtifactError as e:
        if shelves.is_own(folder):
            raise ArtifactError(f"{e}; {chosen.AGAIN}") from e
        raise


def named(version: str) -> str:
    if not _VERSION.fullmatch(version):
        raise ConfigError(f"{version!r} is no name of a version: letters, digits, dots, dashes")
    return version


def free(shelves: Shelves, version: str, *, own: bool = False) -> Path:
    """Where a new version goes. Raises ConfigError when there is one of that name anywhere."""
    place = shelves.own if own and shelves.own else shelves.shipped
    folder = shelves.find(named(version)) or place / BUNDLES / version
    vacant(folder)
    return folder


def vacant(folder: Path) -> None:
    named(folder.name)
    if folder.exists():
        raise ConfigError(
            f"bundle {folder.name} is there already: a version is written once; choose another"
        )


def promote(shelves: Shelves, version: str, encoder: Embedder) -> str:
    """Puts it in use, at once or not at all, after it has been loaded. -> the former.

    One of the user's own is chosen for this user; a shipped one for whoever has chosen no own.
    """
    bundle = load(shelves, named(version), encoder)
    if bundle.version != version:
        raise ArtifactError(f"{version}: its manifest says that it is {bundle.version}")
    former = shelves.pointed()
    place = find(shelves, version).parent.parent
    replace(place / LATEST, version + "\n")
    if shelves.own and place != shelves.own:
        (shelves.own / LATEST).unlink(missing_ok=True)
    return former


def replace(path: Path, text: str) -> None:
    """Whoever reads `path` sees all of the old text or all of the new."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
