"""Where turnout keeps things on this machine. Nothing is created here."""

import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs

CONFIG_NAME = "turnout.toml"


def data_dir(environ: Mapping[str, str] | None = None) -> Path:
    """The log, the CA and the run file. `TURNOUT_DATA`, else the user's data directory."""
    chosen = (os.environ if environ is None else environ).get("TURNOUT_DATA")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("turnout", False)


def artifacts_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Encoder, bundles and catalogue. `TURNOUT_ARTIFACTS`, else those that came along."""
    chosen = (os.environ if environ is None else environ).get("TURNOUT_ARTIFACTS")
    return Path(chosen).expanduser() if chosen else Path(__file__).parents[2] / "artifacts"


def own_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Bundles made from this user's own log, laid out as the artifacts are."""
    return data_dir(environ) / "own"


def run_file(environ: Mapping[str, str] | None = None) -> Path:
    """What a running `serve` says about itself: ports, token, CA."""
    return data_dir(environ) / "run.json"


def runs_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Run files and logs of the proxies that `turnout run` starts for one command."""
    return data_dir(environ) / "runs"


def user_config() -> Path:
    return platformdirs.user_config_path("turnout", False) / CONFIG_NAME
