"""How the dial weighs classes."""

import json
from pathlib import Path

import pytest

from turnout.web.dials import _shares


def test_classes_weigh_what_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By own sessions, in a bundle of one's own; by prompts; alike where nobody says."""
    monkeypatch.setenv("TURNOUT_ARTIFACTS", str(tmp_path / "artifacts"))
    monkeypatch.setenv("TURNOUT_DATA", str(tmp_path))
    rows = [{"prompts": 30}, {"prompts": 10}]
    for place, version, sessions in (("artifacts", "came", 0), ("own", "mine", 4)):
        folder = tmp_path / place / "bundles" / version
        folder.mkdir(parents=True)
        more = [row | {"sessions": n} for row, n in zip(rows, (0, sessions), strict=True)]
        (folder / "clusters.json").write_text(json.dumps(more if sessions else rows))
    assert _shares("came", 2) == [30.0, 10.0]
    assert _shares("mine", 2) == [0.0, 4.0]
    assert _shares("came", 3) == _shares("gone", 3) == [1.0, 1.0, 1.0]
