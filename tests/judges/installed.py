"""Where the SDKs are, if anywhere: scripts/judges --install puts them there."""

import os
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
CLIENTS = Path(os.environ.get("TURNOUT_CLIENTS", CACHE / "turnout-clients"))
PYTHON = CLIENTS / "venv" / "sdks" / "bin" / "python"
NODE = next((CLIENTS / "npm" / "node24" / "node_modules").glob("node-*/bin/node"), Path("no-node"))
SDKS = CLIENTS / "npm" / "sdks"


def environ() -> dict[str, str]:
    """No proxies, no keys."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "SDKS": f"{SDKS}/", "PYTHONDONTWRITEBYTECODE": "1"}
