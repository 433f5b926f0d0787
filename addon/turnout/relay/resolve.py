"""Names as the relay resolves them: never to a metadata service or a link-local address.

A configured name is looked at when it is read (config/addresses.py); where it leads is known here.
"""

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from turnout.config.addresses import forbidden


class Resolver(AbstractResolver):
    """The system's, less the addresses that nobody means."""

    def __init__(self, system: AbstractResolver | None = None) -> None:
        self._system = system

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self._system = self._system or ThreadedResolver()  # needs the running loop
        found = await self._system.resolve(host, port, family)
        allowed = [one for one in found if not forbidden(one["host"])]
        if not allowed:
            raise OSError(f"{host} leads to a metadata service or a link-local address")
        return allowed

    async def close(self) -> None:
        if self._system:
            await self._system.close()
