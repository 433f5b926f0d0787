"""Versions of bundles as releases: which there are, which one is in use, how to change that.

A version is a folder that is written once; `artifacts/latest` names the one in use.
"""

import difflib
import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from turnout.errors import ArtifactError, ConfigError
from turnout.route import artifact
from turnout.route.bundle import FILES, Bundle
from turnout.route.embed import Embedder

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Release:
    """`broken`: why it cannot be used, "" when it can. `manifest` is empty when unreadable."""

    version: str
    folder: Path
    latest: bool
    manifest: dict[str, Any]
    broken: str


def releases(artifacts: Path) -> list[Release]:
    """By version. A damaged one is told of, not left out."""
    folders = sorted(path.parent for path in (artifacts / "bundles").glob("*/manifest.json"))
    return [_release(folder, pointed(artifacts)) for folder in folders]


def _release(folder: Path, current: str) -> Release:
    manifest, broken = {}, ""
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        artifact.trusted(folder, *FILES)
    except ArtifactError as e:
        broken = str(e)
    except (OSError, ValueError) as e:
        broken = f"{folder / 'manifest.json'}: {e}"
    return Release(folder.name, folder, folder.name == current, manifest, broken)


def pointed(artifacts: Path) -> str:
    """What `latest` says; "" when it says nothing."""
    try:
        return (artifacts / "latest").read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""


def find(artifacts: Path, version: str) -> Path:
    """The folder of `version`; "" is the one in use. Raises ConfigError with near names."""
    wanted = version or pointed(artifacts)
    known = [one.name for one in sorted((artifacts / "bundles").glob("*/"))]
    if wanted in known:
        return artifacts / "bundles" / wanted
    near = difflib.get_close_matches(wanted, known, n=3) or known[-3:]
    hint = f"did you mean {', '.join(near)}?" if near else "there is none; train one"
    raise ConfigError(f"there is no bundle {wanted!r}; {hint}")


def load(artifacts: Path, version: str, encoder: Embedder) -> Bundle:
    return Bundle.load(find(artifacts, version), encoder=encoder.id, dim=encoder.dim)


def named(version: str) -> str:
    if not _VERSION.fullmatch(version):
        raise ConfigError(f"{version!r} is no name of a version: letters, digits, dots, dashes")
    return version


def free(folder: Path) -> None:
    named(folder.name)
    if folder.exists():
        raise ConfigError(
            f"bundle {folder.name} is there already: a version is written once; choose another"
        )


def promote(artifacts: Path, version: str, encoder: Embedder) -> str:
    """Points `latest` at it, at once or not at all, after it has been loaded. -> the former."""
    bundle = load(artifacts, named(version), encoder)
    if bundle.version != version:
        raise ArtifactError(f"{version}: its manifest says that it is {bundle.version}")
    former = pointed(artifacts)
    replace(artifacts / "latest", version + "\n")
    return former


def replace(path: Path, text: str) -> None:
    """Whoever reads `path` sees all of the old text or all of the new."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
