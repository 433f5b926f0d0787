"""`turnout demo` as a person runs it: a process of its own, the real proxy, nothing left behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from turnout.demo.story import read
from turnout.history import read as read_log

MODELS = {"claude-code": "claude-opus-4-8", "openai-sdk": "gpt-5.5"}


@pytest.fixture
def demo(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts it with an environment full of things that must not matter."""
    (tmp_path / "tmp").mkdir()

    def start(*flags: str, env: Mapping[str, str] = {}) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "turnout", "demo", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "PYTHONPATH": str(Path(__file__).parents[2] / "addon"),
                "TMPDIR": str(tmp_path / "tmp"),
                "TURNOUT_DATA": str(tmp_path / "not-mine"),
                "TURNOUT_POLICY_FORCE": "anthropic/claude-opus-4-8",
                "OPENAI_API_KEY": "sk-a-real-one",
                "ANTHROPIC_API_KEY": "sk-ant-a-real-one",
                "HTTPS_PROXY": "http://127.0.0.1:9",
                **env,
            },
        )

    return start


def left(tmp_path: Path) -> list[Path]:
    """What it made in the home directory and in the folder for temporary files."""
    return [
        path for path in (*tmp_path.iterdir(), *(tmp_path / "tmp").iterdir()) if path.name != "tmp"
    ]


def asked() -> list[str]:
    """The models that the story asks for, in order."""
    models = []
    for task in read().tasks:
        models += ["claude-haiku-4-5"] * task.title
        models += [MODELS[task.client]] * len(task.steps)
    return models


def test_the_whole_session_is_routed_logged_and_cleaned_up(
    demo: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = demo("--json")
    out, err = process.communicate()
    assert process.returncode == 0, err
    found = json.loads(out)
    actions: list[dict[str, Any]] = found["actions"]
    assert [one["requested_model"] for one in actions] == asked()
    assert {one["status"] for one in actions} == {200}
    assert not [one["error"] for one in actions if one["error"]]
    tries = [[tried["status"] for tried in one["attempts"]] for one in actions]
    assert max(tries) == [529, 200]
    assert sum(len(statuses) > 1 for statuses in tries) == 1
    total = found["total"]
    assert total["routed"] > len(actions) / 2
    assert total["uncompared"] == 0
    assert 0 < total["cost_usd"] < total["requested_usd"]
    assert total["cache_read_tokens"] > 10_000
    assert left(tmp_path) == []


def test_a_person_sees_lines_the_audit_and_what_is_next(
    demo: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = demo("--keep", env={"NO_COLOR": "1"})
    out, err = process.communicate()
    assert process.returncode == 0, err
    lines = re.findall(r"^ *(\d+) (title|ask|tools) .* → ", out, re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, len(asked()) + 1))
    for task in read().tasks:
        assert f"{task.client}: {task.human[:40]}" in out
    for piece in (
        "status 529 from",
        "task class: ",
        "served by",
        "total",
        "instead of",
        "turnout run --",
    ):
        assert piece in out
    assert "\x1b" not in out
    kept = re.search(r"TURNOUT_DATA=(\S+) turnout audit", out)
    assert kept
    with read_log(Path(kept[1]) / "turnout.db") as log:
        assert len(list(log.since(0))) == len(asked())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_cleans_up_when_it_is_stopped(
    demo: Callable[..., subprocess.Popen[str]], tmp_path: Path, number: int, code: int
) -> None:
    process = demo(env={"PYTHONUNBUFFERED": "1"})
    assert process.stdout
    proxy = ""
    for line in process.stdout:
        if address := re.search(r"Proxy on (\S+) after", line):
            proxy = address[1]
        if " → " in line:
            break
    process.send_signal(number)
    _, err = process.communicate()
    assert (process.returncode, err.strip()) == (code, "")
    assert left(tmp_path) == []
    parts = urlsplit(proxy)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((parts.hostname or "", parts.port or 0))
