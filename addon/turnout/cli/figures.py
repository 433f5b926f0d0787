"""The figures of turnout.figures, as commands import them."""

from turnout.figures import (
    UNKNOWN,
    clean,
    count,
    exactly,
    moment,
    ms,
    percent,
    short,
    usd,
    utc,
)

__all__ = [
    "UNKNOWN",
    "clean",
    "count",
    "exactly",
    "moment",
    "ms",
    "percent",
    "short",
    "usd",
    "utc",
]
