"""A folder with a manifest.json that names every file of it and its SHA-256."""

import hashlib
import json
from math import isfinite
from pathlib import Path
from typing import Any

from turnout.errors import ArtifactError


def trusted(folder: Path, *needs: str) -> dict[str, Any]:
    """The manifest of `folder`, once every file it names, `needs` at least, is what it was."""
    found = manifest(folder / "manifest.json")
    if missing := sorted(set(needs) - found["files"].keys()):
        why = "it is damaged, or of another release of turnout"
        raise ArtifactError(f"{folder / 'manifest.json'}: no digest of {', '.join(missing)}; {why}")
    for name, digest in found["files"].items():
        _check(folder / name, str(digest))
    return found


def manifest(path: Path) -> dict[str, Any]:
    """As it is written; the files it names are not looked at."""
    try:
        found = json.loads(path.read_bytes())
    except OSError as e:
        raise ArtifactError(f"{path}: {e.strerror}; restore it or run its maker script") from e
    except ValueError as e:
        raise ArtifactError(f"{path}: not JSON: {e}") from e
    if not isinstance(found, dict) or not isinstance(found.get("files"), dict):
        raise ArtifactError(f"{path}: has no table `files`")
    return found


def _check(path: Path, digest: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as e:
        raise ArtifactError(f"{path}: {e.strerror}; restore it or run its maker script") from e
    if found != digest:
        raise ArtifactError(
            f"{path}: SHA-256 is {found[:12]}..., the manifest says {digest[:12]}..."
        )


def field[T](manifest: dict[str, Any], name: str, kind: type[T], path: Path) -> T:
    """`manifest[name]`, of the right type; whole numbers pass as floats, NaN and inf do not."""
    value = manifest.get(name)
    if kind is float and type(value) is int:
        value = float(value)
    odd = isinstance(value, bool) or (isinstance(value, float) and not isfinite(value))
    if not isinstance(value, kind) or odd:
        raise ArtifactError(f"{path}: `{name}` is {value!r}, not {kind.__name__}")
    return value
