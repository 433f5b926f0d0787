"""A machine with a catalogue, an encoder of one word, and no bundle yet."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bundles import world
from turnout.cli import main

ARTIFACTS = Path(__file__).parents[2] / "artifacts"


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "artifacts"
    (folder / "bundles").mkdir(parents=True)
    shutil.copy(ARTIFACTS / "catalog.json", folder)
    world.encoder(folder)
    monkeypatch.setenv("TURNOUT_ARTIFACTS", str(folder))
    monkeypatch.setenv("TURNOUT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("turnout.paths.user_config", lambda: tmp_path / "no.toml")
    monkeypatch.setattr("turnout.cli.bundle._encoder", world.OneWord)
    for name in ("COLUMNS", "TURNOUT_CONFIG", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return world.write(tmp_path / "labelled")


@pytest.fixture
def turnout(artifacts: Path) -> Callable[..., Result]:
    return lambda *args: CliRunner().invoke(main, [str(arg) for arg in args])
