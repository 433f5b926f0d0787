"""The measurement behind bundles/namesakes.py."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bundles import world
from turnout.route.shelves import latest

ROOT = Path(__file__).parents[1]
HERE = ROOT / "artifacts"
sys.path.insert(0, str(ROOT / "scripts"))
import classes_agree  # noqa: E402

sys.path.remove(str(ROOT / "scripts"))


type Said = Callable[[Path], str]
VERSION = latest(HERE).name


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Said:
    data = world.write(tmp_path)

    def run(before: Path) -> str:
        args = ["classes_agree.py", before, VERSION, "--data", data, "--most", 9]
        monkeypatch.setattr(sys, "argv", list(map(str, args)))
        assert classes_agree.main() == 0
        return capsys.readouterr().out

    return run


def test_a_bundle_agrees_with_itself(said: Said) -> None:
    found = said(HERE)
    assert "9 of 9 texts were of a class that" in found
    assert "100.0% are of that class now, 100.0% of that kind of work" in found


def test_classes_that_are_gone_do_not_count(said: Said, tmp_path: Path) -> None:
    before = tmp_path / "before"
    folder = before / "bundles" / VERSION
    shutil.copytree(HERE / "bundles" / VERSION, folder)
    (before / "encoder").symlink_to(HERE / "encoder")
    rows = json.loads((folder / "clusters.json").read_bytes())
    gone = [row | {"label": f"gone: {row['label']}"} for row in rows]
    (folder / "clusters.json").write_text(json.dumps(gone))
    assert said(before) == f"0 of 9 texts were of a class that {VERSION} has, too\n"
