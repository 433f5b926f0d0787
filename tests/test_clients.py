"""The short form of scripts/clients: Claude Code and the Python SDKs, where they are installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("TURNOUT_SHARED", ROOT.parent / "shared"))
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
CLIENTS = Path(os.environ.get("TURNOUT_CLIENTS", CACHE / "turnout-clients"))
NOT_INSTALLED = 77

pytestmark = pytest.mark.skipif(
    not (SHARED / "clients" / "mock_provider.py").exists() or not CLIENTS.exists(),
    reason=f"no real clients at {CLIENTS}: scripts/clients --install",
)


@pytest.mark.parametrize("scenario", ["claude-same", "sdk-py"])
def test_real_clients(scenario: str) -> None:
    done = subprocess.run(
        [ROOT / "scripts" / "clients", scenario],
        env={**os.environ, "TURNOUT_PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    if done.returncode == NOT_INSTALLED:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr
