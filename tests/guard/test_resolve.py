"""Where a provider's name may lead."""

import socket
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from turnout.config.addresses import forbidden, loopback, private
from turnout.relay.resolve import Resolver


class Known(AbstractResolver):
    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=one, port=port, family=socket.AF_INET, proto=6, flags=0
            )
            for one in self.addresses
        ]

    async def close(self) -> None:
        pass


async def test_a_name_that_leads_to_metadata_leads_nowhere() -> None:
    assert len(await Resolver(Known("203.0.113.5", "10.0.0.1")).resolve("x")) == 2
    (one,) = await Resolver(Known("169.254.169.254", "203.0.113.5")).resolve("x")
    assert one["host"] == "203.0.113.5"
    for address in ("169.254.169.254", "fe80::1", "fd00:ec2::254", "ff02::1"):
        with pytest.raises(OSError, match="metadata"):
            await Resolver(Known(address)).resolve("evil.example")


KINDS = {
    "127.0.0.1": "loopback",
    "[::1]": "loopback",
    "localhost.": "loopback",
    "127.1": "loopback",
    "2130706433": "loopback",
    "::ffff:127.0.0.1": "loopback",
    "10.1.2.3": "private",
    "192.168.0.1": "private",
    "fd12::1": "private",
    "gateway": "private",
    "169.254.1.1": "forbidden",
    "0xa9.0xfe.0xa9.0xfe": "forbidden",
    "0251.0376.0251.0376": "forbidden",
    "169.254.43518": "forbidden",
    "fe80::1%eth0": "forbidden",
    "100.100.100.200": "forbidden",
    "Metadata.Google.Internal.": "forbidden",
    "0.0.0.0": "private",
    "api.openai.com": "",
    "8.8.8.8": "",
    "1password.example": "",
}


@pytest.mark.parametrize(("host", "kind"), KINDS.items(), ids=KINDS)
def test_kinds_of_hosts(host: str, kind: str) -> None:
    found = next((name for name, test in TESTS.items() if test(host)), "")
    assert found == kind


TESTS = {"loopback": loopback, "forbidden": forbidden, "private": private}
