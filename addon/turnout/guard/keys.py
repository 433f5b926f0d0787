"""Credentials: turnout's own keys, and what can be told of a client's.

A key never leaves this module except inside the headers of one attempt to its own provider.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlsplit

from turnout.config import Provider
from turnout.trip import CREDENTIALS, Arrival

# Tokens of a subscription start so, API keys with sk-ant-api: https://docs.claude.com/en/api
PLAN_TOKENS = ("bearer sk-ant-oat",)
PLAN_BETA = "oauth-2025-04-20"


class Keys:
    """Reads each provider's key once. Its repr shows names only."""

    def __init__(self, providers: Iterable[Provider], environ: Mapping[str, str]) -> None:
        self._keys = {
            one.name: "" if one.key == "none" else one.secret(environ)
            for one in providers
            if one.key == "none" or one.secret(environ)
        }

    def __repr__(self) -> str:
        return f"Keys({', '.join(sorted(self._keys))})"

    def __contains__(self, provider: str) -> bool:
        return provider in self._keys

    def get(self, provider: str) -> str:
        """The key; "" for a provider that needs none or has none."""
        return self._keys.get(provider, "")


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
