"""Bundles beside the one in use: a client names one by header, to compare them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from road import artifacts
from road.world import OpenRoad, message


@pytest.fixture
def careful(tmp_path: Path) -> Path:
    """Another version beside the one in use, in which nothing is at parity with what is asked."""
    folder = artifacts.made(tmp_path / "artifacts") / "bundles"
    shutil.copytree(folder / "test", folder / "careful")
    np.save(folder / "careful" / "quality.npy", np.array([[0.8, 0.4, 0.4]]))
    artifacts.sign(folder / "careful", version="careful")
    return folder / "careful"


@pytest.fixture
def own(careful: Path, tmp_path: Path) -> Path:
    """And one of the user's own."""
    folder = tmp_path / "data" / "own" / "bundles" / "mine"
    shutil.copytree(careful, folder)
    artifacts.sign(folder, version="mine")
    return folder


async def test_each_request_is_routed_by_the_bundle_it_names(road: OpenRoad, own: Path) -> None:
    async with road() as way:
        for version in ("", "careful", "mine", "test"):
            headers = {"x-turnout-bundle": version} if version else {}
            status, _, _ = await way.send(message(f"for {version}"), headers)
            assert status == 200
        rows = await way.served.rows(4)
        assert [(row["bundle"], row["model"]) for row in rows] == [
            ("test", "minimax-m3"),
            ("careful", "claude-opus-4-7"),
            ("mine", "claude-opus-4-7"),
            ("test", "minimax-m3"),
        ]
        for seen in (*way.home.seen, *way.other.seen):
            assert not any(name.startswith(b"x-turnout") for name, _ in seen.headers)
        started = way.served.log.read_text()
        assert "turnout: bundle test: 1 of " in started
        assert "models can win some class of task: minimax-m3 (100%)" in started
        assert "(`turnout models --report`)" in started


REFUSED = {
    "nobody": "there is no bundle 'nobody'; there are broken, careful, renamed, test",
    "../bundles/test": "there is no bundle '../bundles/test'",
    "broken": "SHA-256 is",
    "renamed": "its manifest says that it is careful",
}


async def test_what_cannot_be_used_goes_home_and_says_why(road: OpenRoad, careful: Path) -> None:
    for name in ("broken", "renamed"):
        shutil.copytree(careful, careful.with_name(name))
    np.save(careful.with_name("broken") / "quality.npy", np.array([[0.8, 0.8, 0.8]]))
    async with road() as way:
        for version, said in REFUSED.items():
            status, _, _ = await way.send(message(), {"x-turnout-bundle": version})
            assert status == 200
            (row,) = (await way.served.rows(len(way.home.seen)))[-1:]
            assert (row["reason"], said in row["error"]) == ("refused_header", True), row["error"]
        assert [json.loads(seen.body) for seen in way.home.seen] == 4 * [json.loads(message())]
        assert way.other.seen == []
