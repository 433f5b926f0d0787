"""The short forms of scripts/load and scripts/soak: a real `serve`, a few seconds of traffic."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from turmoil import load, soak
from turmoil.served import bench
from turmoil.soak import Soaked, Window

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")


async def test_load_soak_and_kill() -> None:
    """Nothing is lost; a slow reader costs no memory; after kill -9 the log is whole."""
    async with bench() as on:
        found = await load.streams(on, 20)
        assert (found.whole, found.lost) == (20, 0)
        slow = await load.slow_reader(on, 1.0)
        assert slow["proxy_grew_mb"] < 16
        soaked = await soak.soak(on, 2.0, abreast=4, windows=2)
        assert soaked.ends["whole"] > 0
        assert soaked.ends["lost"] == 0
        kill = await soak.killed(on, 1.5)
        assert kill["integrity"] == "ok"
        assert kill["rows"] >= kill["due"]


def test_growth_is_noticed() -> None:
    leaking = Soaked(1.0, windows=[Window(100.0 + 10 * i, 10, 1.0) for i in range(10)])
    steady = Soaked(1.0, windows=[Window(100.0, 10, 1.0)] * 10)
    files = Soaked(1.0, windows=[Window(100.0, 10 * i, 1.0) for i in range(10)])
    assert [one.flat for one in (leaking, steady, files)] == [False, True, False]
