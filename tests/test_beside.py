"""Bundles that are asked for by name: loaded once, few of them kept, failures not remembered."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from route import folders
from turnout import beside as module
from turnout.beside import Beside
from turnout.errors import ArtifactError, ConfigError
from turnout.route.bundle import Bundle
from turnout.route.shelves import Shelves

NAMES = ("a", "b", "c")


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counted: Counter[str] = Counter()
    load = Bundle.load

    def counting(folder: Path, **fits: object) -> Bundle:
        counted[folder.name] += 1
        return load(folder, **fits)  # type: ignore[arg-type]

    monkeypatch.setattr(module.Bundle, "load", counting)
    return counted


@pytest.fixture
def beside(tmp_path: Path) -> Beside:
    for name in NAMES:
        folders.sign(folders.bundle(tmp_path / "bundles" / name), version=name)
    return Beside(Shelves(tmp_path), folders.ENCODER, 2)


async def test_parallel_requests_wait_for_one_load(beside: Beside, loads: Counter[str]) -> None:
    found = await asyncio.gather(*(beside.get("a") for _ in range(5)))
    assert all(one is found[0] for one in found)
    assert loads == {"a": 1}


async def test_the_last_used_are_kept(
    beside: Beside, loads: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    for name in ("a", "b", "a", "c", "a", "b"):
        assert (await beside.get(name)).version == name
    assert loads == {"a": 1, "b": 2, "c": 1}


async def test_a_failure_is_not_remembered(beside: Beside, tmp_path: Path) -> None:
    path = tmp_path / "bundles" / "a" / "quality.npy"
    good = path.read_bytes()
    path.write_bytes(good[:-1])
    with pytest.raises(ArtifactError, match="SHA-256"):
        await beside.get("a")
    path.write_bytes(good)
    assert (await beside.get("a")).version == "a"


@pytest.mark.parametrize("version", ["", "d", ".", "..", "a/../b", "a\0", "é" * 300])
async def test_no_such_bundle(beside: Beside, version: str) -> None:
    with pytest.raises(ConfigError, match="there are a, b, c"):
        await beside.get(version)
