"""Checks of what must stay secret, and of who may come in: CA, vault, data directory, doors."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from turnout.config import Config, data_dir
from turnout.config.addresses import loopback
from turnout.doctor.finding import Finding
from turnout.errors import ConfigError
from turnout.guard import authority, private
from turnout.guard.keys import Keys
from turnout.guard.vault import Vault

OLD_DAYS = 365


def findings(config: Config | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    folder = data_dir(environ)
    yield from exposure(folder)
    yield ca(folder / "ca")
    yield from vault(folder, config, environ)
    if config:
        yield from doors(config)


def exposure(folder: Path) -> Iterator[Finding]:
    """Files of the data directory that others could read: keys, CA, log, API token."""
    kept = [folder / "ca", *folder.glob("ca/mitmproxy-ca.*"), *folder.glob("vault*")]
    kept += [*folder.glob("run.json"), *folder.glob("*.db")]
    found = [fault for path in kept if (fault := private.exposed(path))]
    for fault in found:
        mend = f"{fault.rpartition('; ')[2]}, and make anew what was in it"
        yield Finding("exposure", "broken", fault.partition(";")[0], mend)
    if folder.exists() and not found:
        yield Finding("exposure", "ok", f"nobody else can read keys, CA or log in {folder}")


def ca(folder: Path) -> Finding:
    certificate = authority.read(folder)
    if certificate is None:
        return Finding("CA", "note", "none yet: it is made at the first start")
    mend = f"end turnout, delete {folder} and start it again"
    # mitmproxy dates it back, so that clocks may differ: its beginning is not when it was made
    since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    hosts = authority.constraints(certificate)
    good_for = "every host" if hosts is None else f"{len(hosts)} hosts only"
    if authority.expired(certificate):
        return Finding("CA", "broken", f"expired on {until:%Y-%m-%d}", mend)
    if (datetime.now(UTC) - since).days > OLD_DAYS:
        detail = f"valid since {since:%Y-%m-%d}, for {good_for}; a new one is due: {mend}"
        return Finding("CA", "note", detail)
    hint = "" if hosts else "; proxy.constrained_ca = true makes one for the opened hosts"
    return Finding("CA", "ok", f"valid until {until:%Y-%m-%d}, for {good_for}{hint}")


def vault(folder: Path, config: Config | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    found = Vault(folder)
    if found.stamp() is None and not (config and _named(config)):
        return
    try:
        count = len(found.entries())
    except ConfigError as e:
        detail, _, mend = str(e).rpartition("; ")
        yield Finding("vault", "broken", detail or str(e), mend)
        return
    yield Finding("vault", "ok", f"opens, with {count} keys")
    for said in Keys(config.providers.values(), environ, found).warnings() if config else ():
        detail, _, mend = said.rpartition("; ")
        yield Finding("vault", "broken", detail or said, mend or said)


def _named(config: Config) -> bool:
    return any(one.key.startswith("vault:") for one in config.providers.values())


def doors(config: Config) -> Iterator[Finding]:
    proxy = config.proxy
    wide = [host for host, _ in (proxy.address, proxy.base_address) if not loopback(host)]
    if wide:
        detail = f"listens on {' and '.join(wide)}; each client needs a tenant's secret"
        yield Finding("doors", "note", detail)
