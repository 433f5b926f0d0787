"""Rules about tenants, projects and limits, and what a stranger's file may not say of them."""

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path

from turnout.config.addresses import loopback
from turnout.config.settings import Limit, Settings, Tenant, address
from turnout.config.shape import suggest
from turnout.config.sources import Key, Merged

type Faults = Iterator[tuple[Key, str]]

MEND = (
    "give its users a password first: [tenants.NAME] with secret = what `turnout keys hash` "
    "prints, or proxy.users = an htpasswd file; or use 127.0.0.1"
)
_NAME = re.compile(r"[\w.@-]{1,64}")
HASH = re.compile(
    r"scrypt:\d+:\d+:\d+:[0-9a-f]{32,}:[0-9a-f]{64}|\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}"
)
AMOUNTS = ("requests_per_minute", "tokens_per_minute", "usd_per_day")


def known(settings: Settings) -> bool:
    """Is there anybody who can prove who he is?"""
    secrets = any(tenant.secret for tenant in settings.tenants.values())
    return secrets or bool(settings.proxy.users)


def faults(settings: Settings) -> Faults:
    if settings.proxy.auth == "always" and not known(settings):
        yield ("proxy", "auth"), f"nobody could come in; {MEND}"
    if settings.proxy.users and not Path(settings.proxy.users).expanduser().is_file():
        yield ("proxy", "users"), f"{settings.proxy.users} is no file; make it with `htpasswd -B`"
    for name, tenant in settings.tenants.items():
        yield from _of_tenant(name, tenant, settings.tenants)
    for index, limit in enumerate(settings.limits):
        yield from _of_limit(("limits", index), limit)


def _of_tenant(name: str, tenant: Tenant, all: Mapping[str, Tenant]) -> Faults:
    path = ("tenants", name)
    if not _NAME.fullmatch(name):
        yield path, f"{name!r} cannot name a tenant; use letters, digits, dots and dashes"
    if tenant.secret and not HASH.fullmatch(tenant.secret):
        yield (*path, "secret"), "is no hash; `turnout keys hash` makes one of a password"
    if tenant.parent and tenant.parent not in all:
        mend = suggest(tenant.parent, all)
        yield (*path, "parent"), f"there is no tenant {tenant.parent!r}; {mend}"
    elif name in _above(name, all):
        yield (*path, "parent"), f"{name} is its own ancestor; drop one of the parents"


def _above(name: str, all: Mapping[str, Tenant]) -> list[str]:
    """The parents, nearest first; it ends where a circle closes."""
    found: list[str] = []
    while (tenant := all.get(name)) and tenant.parent and tenant.parent not in found:
        found.append(name := tenant.parent)
    return found


def _of_limit(path: Key, limit: Limit) -> Faults:
    given = {name: getattr(limit, name) for name in AMOUNTS}
    if all(amount is None for amount in given.values()):
        yield path, f"limits nothing; say one of {', '.join(AMOUNTS)}"
    for name, amount in given.items():
        if amount is not None and not (isfinite(amount) and amount >= 0):
            yield (*path, name), "is a number from 0 up"


# what a file that came with a working directory may not decide
PERSONAL: tuple[tuple[Key, str], ...] = (
    (("tenants",), "who may use this proxy"),
    (("limits",), "what may be used"),
    (("proxy", "users"), "who may use this proxy"),
    (("proxy", "auth"), "who may use this proxy"),
)
LOOSENED: tuple[Key, ...] = (("policy", "allow"), ("policy", "deny"), ("policy", "subscription"))


def strays(settings: Settings, merged: Merged) -> Faults:
    """Else a stranger's repository could open the door, or lift what its user forbade."""
    mend = "move it to your own configuration file or pass --config"
    for path, what in PERSONAL:
        inside = (key for key in merged.origin if key[: len(path)] == path)
        if said := next(filter(merged.untrusted, inside), None):
            yield said, f"a file of a working directory cannot say {what}; {mend}"
    for path in LOOSENED:
        before = merged.outdone.get(path)
        if before and before.trusted and merged.untrusted(path):
            yield path, f"would replace {before.where(path)}; use [projects.NAME] there, or {mend}"
    for name in ("listen", "base_listen"):
        host, _ = address(getattr(settings.proxy, name))
        if merged.untrusted(("proxy", name)) and not loopback(host):
            yield ("proxy", name), f"would open this machine to others; {mend}"
