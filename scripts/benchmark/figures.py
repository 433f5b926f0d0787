"""What was measured, as plain data."""

import os
import platform
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Self

EMPTY, DIRECT, ROUTED = "mitmdump", "direct", "same dialect"
GOAL = 1.5


@dataclass(frozen=True, slots=True)
class Spread:
    """In milliseconds."""

    median: float
    p95: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        ordered = sorted(values)
        last = min(len(ordered) - 1, int(0.95 * len(ordered)))
        return cls(round(statistics.median(ordered), 3), round(ordered[last], 3), len(ordered))


@dataclass(frozen=True, slots=True)
class Latency:
    """One table: variant -> time. `connections`: how many TLS connections each client opened."""

    mode: str
    concurrency: int
    took: Mapping[str, Spread]
    connections: Mapping[str, int]

    def added(self, name: str) -> float:
        """Median milliseconds more than without any proxy."""
        return self.took[name].median - self.took[DIRECT].median

    def ratio(self, name: str = ROUTED) -> float:
        """Against an empty mitmdump."""
        return self.took[name].median / self.took[EMPTY].median

    def ratio_p95(self, name: str = ROUTED) -> float:
        return self.took[name].p95 / self.took[EMPTY].p95

    def ratio_added(self, name: str = ROUTED) -> float:
        """The stricter one: what is added, against what an empty mitmdump adds."""
        return self.added(name) / max(self.added(EMPTY), 1e-9)


@dataclass(frozen=True, slots=True)
class Figures:
    """`route_ms`: the log's own, by kind of text. `start_s`, `rss_mb`, `reading_ms`: by name.

    `handshakes`: upstream, for so many short-lived clients, by proxy; `short_ms`: each one's time.
    `requests`: completions that reached the providers in the whole run.
    """

    machine: Mapping[str, str]
    latency: Sequence[Latency]
    route_ms: Mapping[str, Spread]
    start_s: Mapping[str, float]
    rss_mb: Mapping[str, float]
    clients: int
    handshakes: Mapping[str, int]
    short_ms: Mapping[str, Spread]
    reading_ms: Mapping[str, float]
    requests: Mapping[str, int]


def machine() -> dict[str, str]:
    return {
        "cpus": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.machine()}",
        "python": sys.version.split()[0],
        "mitmproxy": version("mitmproxy"),
        "aiohttp": version("aiohttp"),
    }
