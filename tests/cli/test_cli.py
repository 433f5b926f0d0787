"""The command line as a whole: what is imported, and what becomes of errors."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import decided
from cli.conftest import Call
from turnout.cli import commands, own
from turnout.errors import ConfigError, TurnoutError
from turnout.store import Store

ADDON = Path(commands.__file__).parents[2]


def python(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, *arguments],
        input=stdin,
        capture_output=True,
        env={"PYTHONPATH": str(ADDON), "TURNOUT_DATA": "/nonexistent", "PATH": "/usr/bin:/bin"},
        timeout=60,
    )


def test_every_command_is_in_help(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--help") == 0
    said = capsys.readouterr().out
    assert all(f"\n  {name} " in said for name in commands.COMMANDS)


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_exists_and_explains_itself(name: str, call: Call) -> None:
    assert call(name, "--help") == 0


HEAVY = ("numpy", "mitmproxy", "onnxruntime", "aiohttp", "tokenizers", "rich")


@pytest.mark.parametrize("arguments", [["env"], ["status"], ["--help"]], ids=" ".join)
def test_light_commands_import_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom turnout.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit: pass\n"
        f"print(*set({HEAVY}) & set(sys.modules), file=sys.stderr)"
    )
    assert python("-c", program).stderr.splitlines()[-1:] == [b""]


def test_python_m_turnout() -> None:
    done = python("-m", "turnout", "--version")
    assert (done.returncode, done.stdout[:8]) == (0, b"turnout ")


def test_an_unknown_command_is_wrong_use(call: Call) -> None:
    assert call("rout") == 2


# what a command raises -> exit code, what is said on stderr
# fmt: off
RAISED: dict[str, tuple[BaseException, int, str]] = {
    "a refused configuration": (ConfigError("x.toml:1: no"), 2, "turnout: x.toml:1: no\n"),
    "a failure": (TurnoutError("it broke"), 1, "turnout: it broke\n"),
    "Ctrl-C": (KeyboardInterrupt(), 130, ""),
    "nobody reads on": (BrokenPipeError(), 1, ""),
    "a file": (OSError(28, "No space left on device", "x.db"), 1,
        "turnout: x.db: No space left on device\n"),
    "wrong use": (click.UsageError("so not"), 2, "Error: so not\n"),
}
# fmt: on


@pytest.mark.parametrize(("error", "code", "said"), RAISED.values(), ids=RAISED)
def test_errors_become_one_sentence(
    error: BaseException,
    code: int,
    said: str,
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr(commands, "_close_stdout", lambda: None)
    monkeypatch.setattr(commands.Commands, "get_command", lambda *_: broken)
    assert call("env") == code
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err.endswith(said) and "Traceback" not in shown.err


@pytest.mark.parametrize("arguments", [["--help"], ["env"]], ids=" ".join)
def test_a_reader_that_left_is_no_traceback(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "turnout", *arguments],
            stdout=closed,
            stderr=subprocess.PIPE,
            env={"PYTHONPATH": str(ADDON), "TURNOUT_DATA": "/nonexistent", "PATH": "/usr/bin:/bin"},
            timeout=60,
        )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr and b"BrokenPipe" not in done.stderr


# how a shell may call it -> exit code, what is said on stderr
STREAMS = {
    "a full disk": ("keys list >/dev/full", 1, "turnout: No space left on device\n"),
    "no stdout": ("keys list >&-", 0, "0 keys\n"),
    "no stderr": ("keys remove nobody 2>&-", 2, ""),
    "no stdin": ("keys add groq <&-", 2, "turnout: that is no key: nothing came\n"),
    "no stdin for a body": ("route <&-", 2, "give it a request body: turnout route < body.json\n"),
}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk is always full here")
@pytest.mark.parametrize(("line", "code", "said"), STREAMS.values(), ids=STREAMS)
def test_streams_that_are_closed_or_full(line: str, code: int, said: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m turnout {line}', sys.executable],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={"PYTHONPATH": str(ADDON), "TURNOUT_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    told = done.stderr.decode()
    assert done.returncode == code and told.endswith(said), told
    assert "Traceback" not in told


def test_what_start_says_in_python_can_be_said() -> None:
    said = re.findall(r"-c '([^']+)'", (ADDON.parent / "scripts" / "start").read_text())
    assert said
    for code in said:
        assert b"ANTHROPIC_API_KEY" in python("-c", code).stdout


def test_words_that_the_terminal_cannot_write(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a.db") as log:
        log.add(decided.row())
    done = subprocess.run(
        [sys.executable, "-m", "turnout", "why", "last", "--db", str(tmp_path / "a.db")],
        capture_output=True,
        env={"PYTHONPATH": str(ADDON), "PYTHONIOENCODING": "ascii", "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 0 and b" ? 0.0" in done.stdout, done.stderr


@pytest.mark.skipif(os.name == "nt", reason="there, nobody can remove it")
def test_a_working_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert own.folder_name() == ""
    monkeypatch.chdir(tmp_path)
    assert own.folder_name() == tmp_path.name
