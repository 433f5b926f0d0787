"""`turnout status --line`, as a status bar calls it: with JSON on stdin, and in a hurry."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import decided
from pretend import Pretended
from turnout.cli import main
from turnout.store import Store

type Line = Callable[[str], str]

ESTIMATED = {"requested_counterfactual_usd": 0.04}
SHADOW = {"reason": "shadow", "model": "claude-opus-4-5", "fresh_model": "q/small"}


@pytest.fixture
def line(running: Pretended, data: Path) -> Line:
    """`line(stdin)` -> what is printed. It never fails."""

    def run(stdin: str) -> str:
        result = CliRunner().invoke(main, ["status", "--line"], input=stdin)
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout

    return run


def write(data: Path, *rows: dict[str, Any]) -> None:
    with Store.open(data / "ca" / "turnout.db") as log:
        for row in rows:
            log.add(row)


def test_a_session(line: Line, data: Path) -> None:
    """c15 of the pains: which model actually answered? The session that stdin names, no other."""
    one = {"id": "a", "session": "s-1"}
    write(
        data,
        decided.row(of_decision=one, of_outcome=ESTIMATED),
        decided.row(of_decision={"id": "b", "session": "s-2", "at": decided.AT + 9}),
    )
    told = line(json.dumps({"session_id": "s-1", "model": {"id": "x"}}))
    assert told == (
        "turnout: claude-opus-4-5 -> claude-haiku-4-5, saved $0.0338 of $0.0400, cached 93%\n"
    )


def test_the_latest_without_a_session(line: Line, data: Path) -> None:
    write(data, decided.row(of_decision={"model": "claude-opus-4-5", "reason": "subscription"}))
    assert line("").startswith("turnout: claude-opus-4-5 (subscription), saved $0.0246 of $0.0308")


def test_in_shadow(line: Line, data: Path) -> None:
    write(data, decided.row(of_decision=SHADOW, of_outcome={**ESTIMATED, "routed_usd": 0.01}))
    assert line("").startswith(
        "turnout, shadow: claude-opus-4-5 would go to q/small, saved $0.0300 of $0.0400"
    )


@pytest.mark.parametrize("stdin", ["{", "[]", '{"session_id": 7}', '{"session_id": "other"}'])
def test_whatever_comes(line: Line, data: Path, stdin: str) -> None:
    write(data, decided.row())
    assert line(stdin).startswith("turnout: ")


def test_steering_a_terminal(line: Line, data: Path) -> None:
    write(data, decided.row(of_decision={"requested_model": "\x1b]0;x\x07evil\n"}))
    assert "\x1b" not in line("")
    assert line("").count("\n") == 1


def test_no_log_yet(line: Line) -> None:
    assert line("") == "turnout: on\n"


def test_off(line: Line, running: Pretended) -> None:
    running.facts["mode"] = "off"
    assert line("") == "turnout: off\n"


def test_nothing_runs(data: Path) -> None:
    result = CliRunner().invoke(main, ["status", "--line"], input="")
    assert (result.exit_code, result.stdout) == (0, "turnout: not running\n")
