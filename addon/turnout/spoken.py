"""Which dialect is spoken to a provider.

At its own home the client's, at the very place where the client speaks it. Elsewhere the client's,
where the provider has that at the same base URL, so that nothing is translated; else its first.
"""

from collections.abc import Mapping

from turnout.config import Provider
from turnout.guard.keys import uses_clients_key
from turnout.providers import BUILTIN
from turnout.trip import Arrival
from turnout.wire.request import DialectName


def spoken(provider: Provider, arrival: Arrival, client: DialectName) -> DialectName:
    if client == provider.dialect or uses_clients_key(provider, arrival):
        return client
    return client if client in _also(provider) else provider.dialect


def by_provider(
    providers: Mapping[str, Provider], arrival: Arrival, client: DialectName
) -> dict[str, DialectName]:
    return {name: spoken(one, arrival, client) for name, one in providers.items()}


def _also(provider: Provider) -> tuple[DialectName, ...]:
    """What is built in of a provider holds as long as nobody gave it another place."""
    known = BUILTIN.get(provider.name)
    return known.also if known and known.base_url == provider.base_url else ()
