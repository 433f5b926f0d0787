"""Token counts in an upstream's usage object."""

from collections.abc import Mapping
from typing import Any


def count(fields: Mapping[str, Any] | None, *path: str) -> int:
    """The number at `path`; 0 when there is none: odd usage must not fail an answer."""
    value: Any = fields
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return max(value, 0) if isinstance(value, int) else 0
