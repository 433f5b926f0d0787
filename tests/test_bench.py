"""scripts/bench measures what it says: every request arrives, every ratio is one of times."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from benchmark.figures import Latency, Spread
from benchmark.reading import SIZE, conversation
from benchmark.traffic import BODY_SIZE, WARM_UP, request
from turnout.wire.dialects import DIALECTS

BENCH = Path(__file__).parents[1] / "scripts" / "bench"
WAYS = ["direct", "mitmdump", "untouched", "same dialect", "cross dialect", "as it chooses"]
ABREAST, WAVES = 2, 3  # of --quick: 5 requests


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def quick(folder: Path) -> Any:
    ran = subprocess.run(
        ["bash", BENCH, "--quick", "--json"],
        env={**os.environ, "TURNOUT_PYTHON": sys.executable, "TMPDIR": str(folder)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_every_request_arrived_where_it_was_sent(quick: Any) -> None:
    each = 2 * (WARM_UP + WAVES) * ABREAST  # whole and streamed
    assert quick["requests"] == {
        "anthropic": 4 * each + 3 * 3,  # and three short-lived clients each way
        "openai_chat": 2 * each + 3 + 1 + 2 * 2,  # and those whose decisions were timed
    }


def test_every_way_was_measured_side_by_side(quick: Any) -> None:
    assert [(one["mode"], one["concurrency"]) for one in quick["latency"]] == [
        ("whole", ABREAST),
        ("streamed", ABREAST),
    ]
    for one in quick["latency"]:
        assert list(one["took"]) == WAYS
        assert {took["count"] for took in one["took"].values()} == {WAVES * ABREAST}
        assert one["connections"] == dict.fromkeys(WAYS, ABREAST)  # kept alive
        assert all(0 < took["median"] <= took["p95"] for took in one["took"].values())


def test_a_pool_has_fewer_handshakes_than_clients(quick: Any) -> None:
    assert quick["handshakes"] == {"direct": 3, "mitmdump": 3, "same dialect": 0}


def test_the_rest_was_measured(quick: Any) -> None:
    assert [took["count"] for took in quick["route_ms"].values()] == [3, 2, 2]
    for part in ("start_s", "rss_mb", "reading_ms"):
        assert all(value > 0 for value in quick[part].values()), part


def test_it_leaves_nothing_behind(quick: Any, folder: Path) -> None:
    """Each of its processes has a file of that folder in its command line."""
    assert not any(str(folder) in line for line in command_lines())
    assert list(folder.iterdir()) == []


def command_lines() -> Iterator[str]:
    if not Path("/proc/self/cmdline").exists():  # not Linux
        ps = ["ps", "-Ao", "args"]
        yield from subprocess.run(
            ps, capture_output=True, check=True, text=True
        ).stdout.splitlines()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            yield path.read_text(errors="replace")


def test_spread() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 3.0, 3)
    assert Spread.of([float(n) for n in range(1, 101)]) == Spread(50.5, 96.0, 100)


def test_ratios() -> None:
    took = {"direct": 1.0, "mitmdump": 3.0, "same dialect": 4.0}
    spreads = {name: Spread(median, 2 * median, 9) for name, median in took.items()}
    one = Latency("whole", 1, spreads, {})
    assert one.ratio() == pytest.approx(4 / 3)
    assert one.ratio_p95() == pytest.approx(4 / 3)
    assert one.added("same dialect") == 3.0
    assert one.ratio_added() == 1.5


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_body_is_4_kb_and_says_what_it_shall(stream: bool) -> None:
    body = request(stream=stream)
    assert abs(len(body) - BODY_SIZE) < 24
    assert DIALECTS["anthropic"].peek(body, "/v1/messages").stream is stream


def test_the_large_body_is_large_and_can_be_said_elsewhere() -> None:
    body = conversation()
    assert abs(len(body) - SIZE) < 0.1 * SIZE
    assert len(DIALECTS["anthropic"].read_request(body, "/v1/messages").messages) > 100


def test_a_decision_is_timed_with_memory_and_without() -> None:
    ran = subprocess.run(
        ["bash", BENCH, "--deciding", "--quick", "--json"],
        env={**os.environ, "TURNOUT_PYTHON": sys.executable},
        capture_output=True,
        check=True,
        text=True,
    )
    assert {name: one["count"] for name, one in json.loads(ran.stdout).items()} == {
        "with memory": 20,
        "without memory": 20,
    }
