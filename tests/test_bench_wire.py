"""scripts/bench_wire: every pair is measured, and what it translates is what it says."""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from benchmark import spoken
from benchmark.wire import Plan, requests, streams, tables
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Finished, ToolInput
from turnout.wire.request import DialectName

BENCH = Path(__file__).parents[1] / "scripts" / "bench_wire"
NAMES = get_args(DialectName)
PAIRS = list(product(NAMES, NAMES))
TINY = Plan(words=8, rounds=1, size=20_000)


def test_every_pair() -> None:
    ran = subprocess.run(
        ["bash", BENCH, "--quick", "--json"],
        env={**os.environ, "TURNOUT_PYTHON": sys.executable},
        capture_output=True,
        check=False,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    said: dict[str, list[dict[str, Any]]] = json.loads(ran.stdout)
    assert [(one["client"], one["provider"]) for one in said["streams"]] == PAIRS
    assert all(one["events_per_s"] > 0 and one["events"] > 20 for one in said["streams"])
    assert [(one["client"], one["provider"]) for one in said["requests"]] == PAIRS * 4
    assert all(min(one["ms"], one["again_ms"]) > 0 for one in said["requests"])


def test_tables() -> None:
    lines = list(tables(list(streams(TINY)), list(requests(TINY))))
    assert len([line for line in lines if line.startswith("| anthropic | ")]) == 2 * len(NAMES)
    assert len([line for line in lines if line.startswith("| client | ")]) == 2
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1


@pytest.mark.parametrize("dialect", NAMES)
def test_what_is_translated(dialect: DialectName) -> None:
    body = spoken.body(spoken.session(100_000, 10_000), dialect)
    assert 100_000 < len(body) < 130_000
    ask = DIALECTS[dialect].peek(body, spoken.PATHS[dialect])
    assert len(ask.tools) == len(spoken.TOOLS)
    seen = spoken.body(spoken.images(1), dialect)
    assert DIALECTS[dialect].peek(seen, spoken.PATHS[dialect]).images
    reader = DIALECTS[dialect].stream_reader()
    events = [event for frame in (*spoken.frames(8, dialect), b"") for event in reader.feed(frame)]
    assert events[-1] == Finished("tools")
    json.loads("".join(event.json for event in events if isinstance(event, ToolInput)))
