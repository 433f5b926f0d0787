"""What a client of the proxy needs in its environment: where the proxy is, and whom to trust.

A variable that replaces the trust store gets the roots it replaces and our CA, in one file.
Measured on real clients: HTTPS_PROXY, NODE_EXTRA_CA_CERTS, SSL_CERT_FILE and REQUESTS_CA_BUNDLE
reach all of them.
"""

import hashlib
import os
import ssl
from collections.abc import Mapping
from pathlib import Path

import certifi

from turnout.control import Running
from turnout.errors import TurnoutError

# these replace the client's roots
REPLACING = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "CODEX_CA_CERTIFICATE")
# this adds to them
ADDING = "NODE_EXTRA_CA_CERTS"
LOCAL = ("127.0.0.1", "localhost", "::1")
SYSTEM_ROOTS = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
MARK = b"-----BEGIN CERTIFICATE-----"


def variables(running: Running, environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What to set for a client, given what it has. Bundles are written into `folder`."""
    ours = _read(running.ca)
    if MARK not in ours:
        raise TurnoutError(f"{running.ca}: turnout's CA certificate is missing; start it again")
    bundles = {name: _bundle(_roots(environ.get(name)), ours, folder) for name in REPLACING}
    extra = _bundle(_file(environ.get(ADDING)), ours, folder)
    local = _no_proxy(environ)
    return {
        "HTTPS_PROXY": running.proxy,
        "https_proxy": running.proxy,
        ADDING: str(extra),
        **{name: str(path) for name, path in bundles.items()},
        "NODE_USE_ENV_PROXY": "1",
        "NO_PROXY": local,
        "no_proxy": local,
    }


def _no_proxy(environ: Mapping[str, str]) -> str:
    given = ",".join((environ.get("NO_PROXY", ""), environ.get("no_proxy", "")))
    names = [name.strip() for name in given.split(",") if name.strip()]
    return ",".join(dict.fromkeys([*names, *LOCAL]))


def _bundle(roots: bytes, ours: bytes, folder: Path) -> Path:
    """A file with both, named by its content: written once, never changed under a reader."""
    content = roots if ours.strip() in roots else b"\n".join(filter(None, (roots.strip(), ours)))
    path = folder / f"roots-{hashlib.sha256(content).hexdigest()[:12]}.pem"
    if not path.exists():
        new = path.with_suffix(f".{os.getpid()}")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            new.write_bytes(content)
            new.replace(path)
        except OSError as e:
            mend = "free some space or set TURNOUT_DATA to a folder that can be written"
            raise TurnoutError(f"{path}: cannot be written ({e.strerror}); {mend}") from e
    return path


def _roots(chosen: str | None) -> bytes:
    """The roots a variable stands for now: the file it names, else the system's."""
    return _file(chosen) or system_roots()


def _file(chosen: str | None) -> bytes:
    """A PEM file, or a folder of them; nothing when it is not there."""
    if not chosen:
        return b""
    path = Path(chosen)
    if path.is_dir():
        return b"\n".join(pem for file in sorted(path.iterdir()) if MARK in (pem := _read(file)))
    return _read(path)


def system_roots() -> bytes:
    compiled_in = ssl.get_default_verify_paths().openssl_cafile
    for name in (*SYSTEM_ROOTS, compiled_in, certifi.where()):
        if MARK in (roots := _read(Path(name))):
            return roots
    return b""


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
