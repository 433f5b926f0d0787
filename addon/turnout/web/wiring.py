"""Where a running turnout listens, how an agent finds it, and whose keys it has: never a key."""

import os
from typing import Any

from turnout import control, paths, trust
from turnout.engine import Engine

type Row = dict[str, Any]

SHOWN = (
    "HTTPS_PROXY",
    "NO_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CODEX_CA_CERTIFICATE",
)


def providers(engine: Engine) -> list[Row]:
    """Every known one, those with a key first."""
    rows = [
        {
            "name": one.name,
            "host": one.host,
            "dialect": one.dialect,
            "key": "present" if one.name in engine.keys else "missing",
            "from": _source(one.key, one.name in engine.keys),
            "variable": one.env[0] if one.env else "",
        }
        for one in engine.config.providers.values()
    ]
    return sorted(rows, key=lambda row: (row["key"] != "present", row["name"]))


def _source(key: str, present: bool) -> str:
    """none, client, or where the key lies: a name, never what it holds."""
    return "needs none" if key == "none" else key if present or key == "client" else ""


def addresses(engine: Engine, token: str, host: str) -> Row:
    """Of the run file with our token; else as configured. `host`: as the browser has it."""
    running = _running(token)
    if running is None:
        base = f"http://{host}"
        return {"proxy": f"http://{engine.config.proxy.listen}", "base": base, "exports": []}
    found = trust.variables(running, os.environ, paths.data_dir() / "ca")
    exports = [(name, found[name]) for name in SHOWN if name in found]
    return {"proxy": running.proxy, "base": running.base, "exports": exports}


def _running(token: str) -> control.Running | None:
    files = [paths.run_file(), *sorted(paths.runs_dir().glob("*.json"))]
    read = (control.read(file) for file in files)
    return next((one for one in read if one and one.token == token), None)
