"""The vendors' own SDKs read what turnout translates: judges that were not written here.

Skipped, these and no others, where they are not installed (scripts/judges --install).
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from judges.cases import Case, cases
from judges.installed import NODE, PYTHON, SDKS, environ
from judges.served import served

HERE = Path(__file__).parent

# judge: (what must be installed, how it is called)
JUDGES: dict[str, tuple[Path, list[str]]] = {
    "python": (PYTHON, [str(PYTHON), str(HERE / "sdk_py.py")]),
    "node": (NODE if SDKS.exists() else SDKS, [str(NODE), str(HERE / "sdk_node.mjs")]),
}
# the gate asks for one in SHORT, which is odd so that streams and whole answers take turns
SHORT = 7
CASES = list(cases())[:: 1 if os.environ.get("JUDGES") == "all" else SHORT]


@pytest.fixture(scope="module", params=JUDGES)
def judge(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def heard(judge: str) -> list[Any]:
    """What a judge heard of each case."""
    needed, command = JUDGES[judge]
    if not needed.exists():
        pytest.skip(f"no SDKs at {needed}: scripts/judges --install")
    asked = [{"n": n, "dialect": c.dialect, "stream": c.stream} for n, c in enumerate(CASES)]
    with served(CASES) as base:
        done = subprocess.run(
            [*command, base],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            env=environ(),
        )
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    assert [one["n"] for one in found] == [*range(len(CASES))]
    return found


@pytest.mark.parametrize("n", range(len(CASES)), ids=lambda n: label(CASES[n]))
def test_an_sdk_reads(n: int, heard: list[Any]) -> None:
    got, case = heard[n], CASES[n]
    if case.means is None:
        assert "error" in got, got
        return
    assert "error" not in got, got["error"]
    plain = {key: "".join(got[key].split()) for key in ("text", "thinking")}
    found = got | plain
    assert {key: found[key] for key in case.means if key != "tokens"} == {
        key: value for key, value in case.means.items() if key != "tokens"
    }
    if case.means["tokens"]:
        assert got["tokens"] == case.means["tokens"]


def label(case: Case) -> str:
    return f"{case.name}, {'streamed' if case.stream else 'whole'}"
