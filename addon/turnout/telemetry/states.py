"""What words of the status are in numbers, for both kinds of metrics."""

from collections.abc import Mapping

# state of a binding's breaker; one that nobody knows counts as open
BREAKER = {"closed": 0, "half_open": 1, "open": 2}


def breakers(status: Mapping[str, object]) -> dict[str, int]:
    """`Engine.status` -> each binding that has a breaker, and its state."""
    rows = status.get("breakers")
    return {
        str(row["binding"]): BREAKER.get(str(row["state"]), BREAKER["open"])
        for row in (rows if isinstance(rows, list) else ())
    }
