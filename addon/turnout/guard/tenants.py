"""Who asks, and what is tighter for them: tenants in a tree, and projects.

A tenant inherits from its parent and can only tighten: every allow list of the line must allow,
any deny forbids, the strictest profile holds.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from turnout.config import Config
from turnout.config.settings import Bounds
from turnout.guard import passwords

KNOWN = 1000  # secrets that were proved, remembered as salted digests
TRIES, TRY_S = 10, 60.0  # wrong secrets from one address in so many seconds; then nothing is tried


@dataclass(frozen=True, slots=True)
class Tighter:
    """`allows`: lists, each of which must allow. `profiles`: the strictest of them holds."""

    allows: tuple[tuple[str, ...], ...] = ()
    deny: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()


NOTHING = Tighter()


class Tenants:
    """Made from the configuration. Its repr shows names only."""

    def __init__(self, config: Config, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()
        self.again(config)

    def again(self, config: Config) -> None:
        """The configuration was read again. Raises ConfigError for a damaged users' file."""
        named = {name: one.secret for name, one in config.tenants.items() if one.secret}
        self._secrets = passwords.users(config.proxy.users) | named
        self._tenants, self._projects = config.tenants, config.projects
        self._salt = secrets.token_bytes(16)
        self._proved: OrderedDict[bytes, None] = OrderedDict()
        self._tighter: dict[tuple[str, str], Tighter] = {}

    def __repr__(self) -> str:
        return f"Tenants({', '.join(sorted({*self._tenants, *self._secrets}))})"

    def __bool__(self) -> bool:
        return bool(self._tenants or self._secrets)

    # -- who it is

    def by_name(self, name: str) -> bool:
        """May be claimed without a secret: it has none."""
        return name in self._tenants and name not in self._secrets

    def proved(self, name: str, secret: str) -> bool:
        """Was this shown to be right before? Quick."""
        return self._digest(name, secret) in self._proved

    def prove(self, name: str, secret: str) -> bool:
        """Takes some 50 ms, also for a name that is not there: not on the event loop."""
        right = passwords.matches(secret, self._secrets.get(name, NOBODY))
        if right and name in self._secrets:
            self._proved[self._digest(name, secret)] = None
            if len(self._proved) > KNOWN:
                self._proved.popitem(last=False)
            return True
        return False

    def tired(self, address: str) -> bool:
        """Has this address guessed too often?"""
        now = self._clock()
        return sum(at > now - TRY_S for at in self._wrong.get(address, ())) >= TRIES

    def guessed(self, address: str) -> None:
        now = self._clock()
        tries = [at for at in self._wrong.pop(address, ()) if at > now - TRY_S]
        self._wrong[address] = [*tries[-TRIES:], now]
        if len(self._wrong) > KNOWN:
            self._wrong.popitem(last=False)

    def _digest(self, name: str, secret: str) -> bytes:
        return hashlib.sha256(self._salt + f"{name}\0{secret}".encode()).digest()

    # -- what holds for them

    def line(self, name: str) -> tuple[str, ...]:
        """The tenant and those above it; () for nobody."""
        found: list[str] = [name] if name else []
        while (one := self._tenants.get(found[-1] if found else "")) and one.parent:
            if one.parent in found:
                break
            found.append(one.parent)
        return tuple(found)

    def tighter(self, tenant: str, project: str) -> Tighter:
        key = (tenant, project)
        if key not in self._tighter:
            if len(self._tighter) > KNOWN:
                self._tighter.clear()
            self._tighter[key] = together([*self._bounds(tenant, project)])
        return self._tighter[key]

    def answers(self, tenant: str) -> bool:
        """May a cache answer it? Never with another tenant's answers, in any case."""
        return all(self._tenants[one].answers for one in self.line(tenant) if one in self._tenants)

    def _bounds(self, tenant: str, project: str) -> Iterator[Bounds]:
        if project in self._projects:
            yield self._projects[project]
        yield from (self._tenants[one] for one in self.line(tenant) if one in self._tenants)


# of a secret that nobody knows, so that an unknown name takes as long as a known one
NOBODY = "scrypt:16384:8:1:" + "00" * 16 + ":" + "00" * 32


def together(bounds: list[Bounds]) -> Tighter:
    return Tighter(
        allows=tuple(one.allow for one in bounds if one.allow),
        deny=tuple(glob for one in bounds for glob in one.deny),
        profiles=tuple(one.profile for one in bounds if one.profile),
    )
