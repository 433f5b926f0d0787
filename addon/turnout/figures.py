"""Numbers as people read them. What is not known is the word "unknown", never 0."""

from datetime import UTC, datetime
from decimal import Decimal
from math import floor, log10

UNKNOWN = "unknown"
SIGNIFICANT = 3
FINEST = 12  # digits of a dollar; beyond them floats are noise


def usd(value: float | Decimal | None) -> str:
    """Cents from a dollar up; below it at least 3 digits that mean something."""
    if value is None:
        return UNKNOWN
    size = abs(float(value))
    if size == 0:
        return "$0"
    digits = 2 if size >= 1 else max(4, SIGNIFICANT - 1 - floor(log10(size)))
    return f"{'-' if value < 0 else ''}${size:,.{digits}f}"


def exactly(value: float | Decimal | None) -> str:
    """Every digit that is known, and no more: $0.00123"""
    if value is None:
        return UNKNOWN
    digits = value if isinstance(value, Decimal) else Decimal(repr(round(value, FINEST)))
    return f"{'-' if digits < 0 else ''}${abs(digits).normalize():,f}"


def percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share:.0%}"


def count(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def short(value: int | None) -> str:
    """1,234  56k  7.89M: three digits are enough to compare tokens."""
    if value is None:
        return UNKNOWN
    for unit, name in ((1e9, "G"), (1e6, "M")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value / 1000:.0f}k" if value >= 10_000 else f"{value:,}"


def ms(value: float | None) -> str:
    if value is None:
        return UNKNOWN
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.2g} ms"


def utc(at: float) -> datetime | None:
    """Epoch seconds; None when no calendar has them."""
    try:
        return datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def moment(at: float) -> str:
    """Epoch seconds -> 2026-07-05 12:00:00 UTC"""
    found = utc(at)
    return f"{found:%Y-%m-%d %H:%M:%S} UTC" if found else f"{at} seconds after 1970"


def clean(text: object) -> str:
    """What clients and upstreams wrote must not steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in str(text))
