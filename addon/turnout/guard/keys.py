"""Credentials: turnout's own keys, and what can be told of a client's.

A key never leaves this module except inside the headers of one attempt to its own provider.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from math import inf
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from turnout.config import Provider
from turnout.errors import ConfigError
from turnout.guard.hidden import redacted
from turnout.guard.vault import Entry, Vault
from turnout.trip import CREDENTIALS, Arrival

# Tokens of a subscription start so, API keys with sk-ant-api: https://docs.claude.com/en/api
PLAN_TOKENS = ("bearer sk-ant-oat",)
PLAN_BETA = "oauth-2025-04-20"


@dataclass(frozen=True, slots=True)
class Mark:
    """A key that its provider refused. `at`: epoch seconds."""

    why: str
    at: float


class Keys:
    """Each provider's key: of the environment, read once, or of the vault, which may change.

    A provider that the configuration gives no key has its variable's, else the one that the vault
    has under the provider's own name. Its repr shows names only.
    """

    def __init__(
        self,
        providers: Iterable[Provider],
        environ: Mapping[str, str],
        vault: Vault | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._providers = {one.name: one for one in providers}
        self._vault, self._clock = vault, clock
        self._seen: object = None
        self._entries: Mapping[str, Entry] = {}
        self._fixed = {
            one.name: "" if one.key == "none" else one.secret(environ)
            for one in self._providers.values()
            if one.key == "none" or one.secret(environ)
        }
        self._keys = dict(self._fixed)
        self._changed: dict[str, float] = {}
        self._marks: dict[str, Mark] = {}
        self._damage = ""
        self.version = 0  # grows when a provider gets its first key, or loses its last
        self.refresh()

    def __repr__(self) -> str:
        return f"Keys({', '.join(sorted(self._keys))})"

    def __contains__(self, provider: str) -> bool:
        return provider in self._keys

    def get(self, provider: str) -> str:
        """The key; "" for a provider that needs none or has none."""
        return self._keys.get(provider, "")

    def hide(self, text: str) -> str:
        """Without our keys, and without what looks like one."""
        return redacted(text, self._keys.values())

    # -- the vault changes while we run

    def refresh(self) -> None:
        """Reads the vault again when its file has changed. Never raises.

        A request under way keeps the key it was composed with. A vault that does not open costs
        no key that is known already.
        """
        stamp = self._vault.stamp() if self._vault else None
        if self._vault is None or stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._entries, self._damage = self._vault.entries(), ""
        except ConfigError as e:
            self._damage = str(e)
        self._take({**self._fixed, **self._of_vault()})

    def _of_vault(self) -> dict[str, str]:
        found = {name: self._entries.get(vault_name(one)) for name, one in self._providers.items()}
        return {
            name: entry.secret
            for name, entry in found.items()
            if entry and (name not in self._fixed or self._providers[name].key.startswith("vault:"))
        }

    def _take(self, keys: dict[str, str]) -> None:
        for name in {*keys, *self._keys}:
            if keys.get(name) != self._keys.get(name):
                self._changed[name] = self._clock()
                self._marks.pop(name, None)
        if keys.keys() != self._keys.keys():
            self.version += 1
        self._keys = keys

    # -- what became of them

    def mark(self, provider: str, why: str, *, sent: float = inf) -> None:
        """Its provider refused our key (401, 403). `sent`: when, epoch seconds.

        What a key that was replaced since then is guilty of is not said of the new one.
        """
        if self.get(provider) and self._changed.get(provider, -inf) <= sent:
            self._marks[provider] = Mark(why, self._clock())

    def clear(self, provider: str) -> None:
        """Its provider has taken it."""
        self._marks.pop(provider, None)

    def report(self) -> list[dict[str, Any]]:
        """provider, source ("env:NAME", "vault:NAME"), refused: None or what became of it."""
        return [
            {
                "provider": name,
                "source": self._source(name),
                "refused": asdict(mark) if (mark := self._marks.get(name)) else None,
            }
            for name in sorted(self._keys)
            if self._keys[name]
        ]

    def warnings(self) -> list[str]:
        """One sentence each, with the mend."""
        marked = [
            f"the key of {name} ({self._source(name)}) was refused: {mark.why}; {self._mend(name)}"
            for name, mark in sorted(self._marks.items())
        ]
        return [
            *filter(None, [self._damage]),
            *(self._missing() if not self._damage else []),
            *marked,
        ]

    def _missing(self) -> list[str]:
        """What the configuration names and the vault lacks."""
        said = {
            one.place: one.key.removeprefix("vault:")
            for one in self._providers.values()
            if one.key.startswith("vault:") and one.name not in self._keys
        }
        return [f"{place}: {self._lacks(name)}" for place, name in said.items()]

    def _lacks(self, name: str) -> str:
        near = get_close_matches(name, self._entries, n=1)
        hint = f"did you mean {near[0]!r}? Else " if near else ""
        return f"the vault has no {name!r}; {hint}`turnout keys add {name}`"

    def _source(self, provider: str) -> str:
        one = self._providers[provider]
        if provider in self._fixed and not one.key.startswith("vault:"):
            return one.key if len(one.env) < 2 else " or ".join(f"env:{name}" for name in one.env)
        return f"vault:{vault_name(one)}"

    def _mend(self, provider: str) -> str:
        one = self._providers[provider]
        if self._source(provider).startswith("env:"):
            return f"set {one.env[0]} anew and start again"
        return f"`turnout keys rotate {vault_name(one)}`"


def vault_name(provider: Provider) -> str:
    """What the vault calls its key."""
    kind, _, name = provider.key.partition(":")
    return name if kind == "vault" else provider.name


def has_credential(arrival: Arrival) -> bool:
    query = parse_qsl(urlsplit(arrival.url).query)
    return any(key.lower() in CREDENTIALS for key, _ in arrival.headers) or "key" in dict(query)


def is_plan_token(arrival: Arrival) -> bool:
    """Is this a subscription's OAuth token? It goes to its own host, untouched."""
    bearer = arrival.header("authorization").lower()
    return bearer.startswith(PLAN_TOKENS) or PLAN_BETA in arrival.header("anthropic-beta")


def uses_clients_key(provider: Provider, arrival: Arrival) -> bool:
    """At its own host the client's own token is used; anywhere else never."""
    return (
        provider.name == arrival.home
        and has_credential(arrival)
        and provider.host == urlsplit(arrival.url).hostname
    )
