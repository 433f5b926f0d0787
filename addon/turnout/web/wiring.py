"""Where a running turnout listens, how an agent finds it, and whose keys it has: never a key."""

import os
from typing import Any

from turnout import control, paths, trust
from turnout.engine import Engine
from turnout.errors import ConfigError

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
    """Every known one, those with a key first. `refused`: None, or why and when."""
    known = {row["provider"]: row for row in engine.keys.report()}
    rows = [
        {
            "name": one.name,
            "host": one.host,
            "key": "present" if one.name in engine.keys else "missing",
            "from": known.get(one.name, {}).get("source") or _source(one.key),
            "refused": known.get(one.name, {}).get("refused"),
            "variable": one.env[0] if one.env else "",
        }
        for one in engine.config.providers.values()
    ]
    return sorted(rows, key=lambda row: (row["key"] != "present", row["name"]))


def _source(key: str) -> str:
    """Of a provider without a key of ours."""
    return {"none": "needs none", "client": "the client's own"}.get(key, "")


def put(engine: Engine, name: str, secret: str) -> None:
    """Adds or rotates. Raises ConfigError, which never repeats the secret."""
    if not (vault := engine.vault):
        raise ConfigError("this turnout has no vault")
    change = vault.rotate if name in vault.entries() else vault.add
    change(name, secret)


def remove(engine: Engine, name: str) -> None:
    """Raises ConfigError when there is none."""
    if engine.vault:
        engine.vault.remove(name)


def kept(engine: Engine) -> list[str]:
    """Names in the vault; none of one that does not open, of which the warnings tell."""
    try:
        return sorted(engine.vault.entries()) if engine.vault else []
    except ConfigError:
        return []


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
    read = (control.read(file) for file in control.run_files())
    return next((one for one in read if one and one.token == token), None)
