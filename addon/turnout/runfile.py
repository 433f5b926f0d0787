"""The run file: what a running turnout says about itself, for its own user only."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from turnout.errors import ConfigError

ROOM = 4096  # bytes: a run file, and the last words of a proxy


def made(folder: Path) -> Path:
    """The folder, created for its owner only. Raises ConfigError with the mend."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as e:
        raise ConfigError(
            f"{folder} cannot be written ({e.strerror}); set TURNOUT_DATA to a folder that can"
        ) from e
    return folder


def probe(path: Path) -> None:
    """Raises ConfigError when it could not be written: once a proxy listens it is late for that."""
    made(path.parent)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        new.write_bytes(bytes(ROOM))
    except OSError as e:
        mend = "free some space, or set TURNOUT_DATA to a folder that can be written"
        raise ConfigError(f"{path.parent}: no file can be written ({e.strerror}); {mend}") from e
    finally:
        new.unlink(missing_ok=True)


def write(path: Path, addresses: Mapping[str, str], *, token: str, ca: Path, db: Path) -> None:
    """Whole or not at all. `addresses`: "proxy" and "base", as http://host:port."""
    facts: dict[str, Any] = {
        "pid": os.getpid(),
        **addresses,
        "token": token,
        "ca": str(ca),
        "started": time.time(),
        "db": str(db),
    }
    made(path.parent)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(facts, file)
    new.replace(path)


def remove(path: Path) -> None:
    """Only our own: a second turnout may have written its own in the meantime."""
    try:
        if json.loads(path.read_text())["pid"] == os.getpid():
            path.unlink()
    except (OSError, ValueError, LookupError):
        return


def url(address: tuple[str, int]) -> str:
    """As a client on this machine reaches it: "all addresses" is none of them."""
    host, port = address[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  nothing is bound here
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
