"""The unit examples in service/: read by the system's own tools, and true to turnout's settings."""

import configparser
import os
import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from turnout.cli.commands import COMMANDS
from turnout.config.settings import Proxy

FOLDER = Path(__file__).parents[1] / "service"
UNIT, AGENT = FOLDER / "turnout.service", FOLDER / "io.turnout.serve.plist"
DRAIN_S = Proxy().drain_s


def unit() -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None, strict=False)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(UNIT)
    return found


def test_launchd() -> None:
    found = plistlib.loads(AGENT.read_bytes())
    assert found["Label"] == AGENT.stem
    assert found["ProgramArguments"][1] in COMMANDS
    assert found["ExitTimeOut"] > DRAIN_S
    assert found["Umask"] == 0o077


def test_systemd() -> None:
    service = unit()["Service"]
    commands = [service[name].split()[1] for name in ("ExecStart", "ExecReload")]
    assert commands == ["serve", "reload"] and set(commands) <= COMMANDS.keys()
    assert float(service["TimeoutStopSec"]) > DRAIN_S
    assert service["RestartPreventExitStatus"] == "2"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_says_so_too(tmp_path: Path) -> None:
    """With a program that exists: it looks for that as well. A wrong word is found."""
    text = UNIT.read_text().replace("%h/turnout/.venv/bin/turnout", "/bin/true")
    assert complaints(tmp_path, text) == []
    assert complaints(tmp_path, text.replace("Restart=on-failure", "Restart=perhaps")) != []


def complaints(folder: Path, text: str) -> list[str]:
    copy = folder / UNIT.name
    copy.write_text(text)
    command = [str(shutil.which("systemd-analyze")), "--user", "verify", str(copy)]
    environ = os.environ | {"XDG_RUNTIME_DIR": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, env=environ)
    return [line for line in done.stderr.splitlines() if UNIT.name in line]
