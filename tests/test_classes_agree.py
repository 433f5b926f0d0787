"""The measurement behind bundles/namesakes.py."""

import sys
from pathlib import Path

import pytest

from bundles import world
from turnout.route.shelves import latest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
import classes_agree  # noqa: E402

sys.path.remove(str(ROOT / "scripts"))


def test_a_bundle_agrees_with_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, here = world.write(tmp_path), ROOT / "artifacts"
    args = ["classes_agree.py", here, latest(here).name, "--data", data, "--most", 9]
    monkeypatch.setattr(sys, "argv", list(map(str, args)))
    assert classes_agree.main() == 0
    said = capsys.readouterr().out
    assert "9 of 9 texts were of a class that" in said
    assert "100.0% are of that class now, 100.0% of that kind of work" in said
