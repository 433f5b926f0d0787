"""Checks that need no proxy: configuration, folders, disk, clock, ports, keys, artifacts."""

import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from turnout.config import Config, artifacts_dir, data_dir, load
from turnout.control import Running
from turnout.doctor.finding import Finding
from turnout.errors import ArtifactError, ConfigError
from turnout.guard.vault import Vault
from turnout.paths import own_dir
from turnout.route import artifact, chosen
from turnout.route.catalog import Catalog
from turnout.route.shelves import Shelves

DISK_MB = 200  # the log of some hundred thousand actions
DAY_S = 86400.0


def python() -> Finding:
    version = sys.version.split()[0]
    return Finding("python", "ok", f"{version} at {sys.executable}")


def configuration(environ: Mapping[str, str]) -> tuple[Config | None, Finding]:
    try:
        config = load(environ=environ)
    except ConfigError as e:
        return None, Finding("configuration", "broken", str(e), "mend that line")
    read = ", ".join(config.files) or "defaults: there is no turnout.toml"
    return config, Finding("configuration", "ok", read)


def keys(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether a key is there; never the key."""
    having = [p for p in config.providers.values() if p.usable(environ)]
    for provider in having:
        held = next((n for n in provider.env if environ.get(n, "").strip()), provider.key)
        yield Finding(f"key {provider.name}", "ok", f"{held}, for {provider.host}")
    for provider in config.providers.values():
        if provider.named and provider not in having:
            mend = f"set {provider.env[0]}, or drop [providers.{provider.name}]"
            yield Finding(f"key {provider.name}", "broken", f"{provider.env[0]} is not set", mend)
    if not having and not Vault(data_dir(environ)).stamp():
        detail = "no provider key is set: requests can only go to their own provider"
        yield Finding("keys", "note", detail)


def folder(environ: Mapping[str, str]) -> Finding:
    path = data_dir(environ)
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(b"turnout")
    except OSError as e:
        mend = "make it writable, or set TURNOUT_DATA to another folder"
        return Finding("data directory", "broken", f"{path}: {e.strerror}", mend)
    return Finding("data directory", "ok", f"{path} can be written")


def disk(environ: Mapping[str, str]) -> Finding:
    path = data_dir(environ)
    while not path.exists() and path != path.parent:
        path = path.parent
    free = shutil.disk_usage(path).free // 1_000_000
    if free < DISK_MB:
        mend = "free some space, or set TURNOUT_DATA to another disk"
        return Finding("disk", "broken", f"{free} MB free for the log; {DISK_MB} are needed", mend)
    return Finding("disk", "ok", f"{free} MB free")


def clock(now: float | None = None) -> Finding:
    """A clock before our own files were written makes every certificate look false."""
    now = time.time() if now is None else now
    written = Path(__file__).stat().st_mtime
    said = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now < written - DAY_S:
        mend = "set the clock; certificates are not valid yet by this one"
        return Finding("clock", "broken", f"{said} is before turnout was installed", mend)
    return Finding("clock", "ok", said)


def ports(config: Config, running: Running | None) -> Iterator[Finding]:
    wanted = (
        ("proxy port", config.proxy.address, running and running.proxy, "--port"),
        ("base-URL port", config.proxy.base_address, running and running.base, "--base-port"),
    )
    for name, (host, port), ours, flag in wanted:
        place = f"{host}:{port}"
        if ours and ours.endswith(f":{port}"):
            yield Finding(name, "ok", f"{place} is the running turnout's")
        elif why := _taken(host, port):
            mend = f"end what holds it, or serve with {flag}"
            yield Finding(name, "broken", f"{place}: {why}", mend)
        else:
            yield Finding(name, "ok", f"{place} is free")


def _taken(host: str, port: int) -> str:
    try:
        socket.create_server((host, port)).close()
    except OSError as e:
        return e.strerror or str(e)
    return ""


def artifacts(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Every file that routing reads, against its digest."""
    root = artifacts_dir(environ)
    shelves = Shelves(root, own_dir(environ))
    checks: dict[str, Callable[[], object]] = {
        "encoder": lambda: artifact.trusted(root / "encoder") and root / "encoder",
        "bundle": lambda: chosen.fitting(shelves)[0].version,
        "catalogue": lambda: f"{len(Catalog.load(root / 'catalog.json').models)} models",
    }
    for name, check in checks.items():
        try:
            yield Finding(name, "ok", str(check()))
        except ConfigError as e:
            mend = "restore it, for instance with `git checkout artifacts`"
            yield Finding(name, "broken", str(e), mend)
    yield from _own(shelves)


def _own(shelves: Shelves) -> Iterator[Finding]:
    """What is wrong with a bundle of the user's own."""
    with suppress(ArtifactError):  # of what came along: told already
        instead, said = chosen.fitting(shelves)
        mend = chosen.mend(instead.version)
        if said:
            yield Finding("own bundle", "broken", said.removesuffix(f"; {mend}"), mend)
        elif said := chosen.outdated(shelves):
            yield Finding("own bundle", "note", said)
