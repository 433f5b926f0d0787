"""What kind of place a host is: this machine, a private network, or one that nobody means.

As the resolver reads it: 2852039166, 0xa9fea9fe, 169.254.43518 and ::ffff:a9fe:a9fe all are
169.254.169.254.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

type Address = IPv4Address | IPv6Address

# where clouds tell a machine its own credentials; link-local addresses besides
METADATA_NAMES = frozenset(
    {
        "metadata",
        "metadata.google.internal",  # https://cloud.google.com/compute/docs/metadata
        "metadata.goog",
        "instance-data",  # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata
        "instance-data.ec2.internal",
    }
)
METADATA = frozenset(
    {
        ip_address("fd00:ec2::254"),  # AWS
        ip_address("fd20:ce::254"),  # Google
        ip_address("100.100.100.200"),  # Alibaba
        ip_address("192.0.0.192"),  # Oracle
        ip_address("168.63.129.16"),  # Azure: https://learn.microsoft.com/azure/virtual-network
    }
)


def address_of(host: str) -> Address | None:
    """The address that `host` spells; None for a name."""
    text = host.strip("[]").partition("%")[0].rstrip(".")
    try:
        found = ip_address(text)
    except ValueError:
        return _old_spelling(text)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _old_spelling(text: str) -> IPv4Address | None:
    """Decimal, octal, hexadecimal, or fewer than four parts: as inet_aton reads it."""
    try:
        return IPv4Address(socket.inet_aton(text)) if text[:1].isdigit() else None
    except (OSError, ValueError):
        return None


def loopback(host: str) -> bool:
    found = address_of(host)
    return found.is_loopback if found else host.rstrip(".").lower() == "localhost"


def private(host: str) -> bool:
    """A name without a dot, or an address of a private network: somebody's own machine."""
    found = address_of(host)
    return found.is_private if found else "." not in host


def forbidden(host: str) -> bool:
    """Metadata services, link-local and multicast addresses: no provider lives there."""
    found = address_of(host)
    if found is None:
        return host.rstrip(".").lower() in METADATA_NAMES
    return found.is_link_local or found.is_multicast or found in METADATA


def inner(host: str) -> bool:
    """What only this machine itself should ask: 0.0.0.0 leads to loopback, too."""
    found = address_of(host)
    return loopback(host) or forbidden(host) or bool(found and found.is_unspecified)
