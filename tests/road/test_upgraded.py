"""After an upgrade: a user's own bundle that was made for the encoder before."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from road import artifacts
from road.world import OpenRoad, message
from turnout.paths import artifacts_dir


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """It is chosen, and in it nothing is at parity with what is asked for."""
    shipped = artifacts.made(tmp_path / "artifacts") / "bundles" / "test"
    folder = tmp_path / "data" / "own" / "bundles" / "mine"
    shutil.copytree(shipped, folder)
    np.save(folder / "quality.npy", np.array([[0.8, 0.4, 0.4]]))
    artifacts.sign(folder, version="mine", encoder="of-the-last-release")
    (folder.parents[1] / "latest").write_text("mine\n")
    return folder


async def test_what_came_along_decides_until_there_is_one_that_fits(
    road: OpenRoad, own: Path
) -> None:
    """Routing goes on, and the running turnout says why, and what to do; once that is done and the
    configuration is read again, one's own decides."""
    async with road() as way:
        await way.send(message("first"))
        status = await way.served.api("GET", "/v1/status")
        assert status["bundle"] == "test"
        (said,) = status["warnings"]
        assert said.startswith("test decides instead of your own bundle: ")
        assert "encoder is 'of-the-last-release', but the encoder here has" in said
        assert "`turnout bundle train --from-log` makes one that fits" in said
        assert way.served.log.read_text().count(said) == 1
        encoder = json.loads((artifacts_dir() / "encoder/manifest.json").read_text())["id"]
        artifacts.sign(own, encoder=encoder)
        told = await way.served.api("POST", "/v1/reload")
        assert told["changed"] == ["bundle mine"]
        await way.send(message("second"))
        rows = await way.served.rows(2)
        assert [(row["bundle"], row["model"]) for row in rows] == [
            ("test", "minimax-m3"),
            ("mine", "claude-opus-4-7"),
        ]
        assert (await way.served.api("GET", "/v1/status"))["warnings"] == []


async def test_a_choice_that_is_gone_stops_neither_routing_nor_reload(
    road: OpenRoad, own: Path
) -> None:
    shutil.rmtree(own)
    async with road() as way:
        await way.send(message())
        assert (await way.served.rows())[0]["bundle"] == "test"
        (said,) = (await way.served.api("GET", "/v1/status"))["warnings"]
        assert "own" in said and "`turnout bundle promote test` gives it up" in said
        told = await way.served.api("POST", "/v1/reload")
        assert told["changed"] == []
