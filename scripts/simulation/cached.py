"""When forgetting the session costs more than the requested model: sessions that live off a cache.

And a check of the simulator against what users report of caches that are lost (pains 2 and 3 of the
design): half of all prefixes found is said to cost three to five times the quota.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from simulation.knobs import Knobs
from simulation.measure import Row, Scene, bills
from simulation.policies import REQUESTED, Policy

# nobody is away, so that a cache is never lost by waiting; a router that chooses at each request
WARM: dict[str, Any] = {"pause": 0.0}
EACH: dict[str, Any] = {"redraw": 1.0}
LONG: dict[str, Any] = {"steps": 42.0}
LARGE: dict[str, Any] = {"first_tokens": 50_000.0}  # many tools and files in the first request

# name: pool, knobs
SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "as in the tables above": ("cheap", {}),
    "always warm": ("cheap", WARM),
    "always warm, chosen at each request": ("cheap", WARM | EACH),
    "the same, twice as long": ("cheap", WARM | EACH | LONG),
    "the same, and begun with 50,000 tokens": ("cheap", WARM | EACH | LONG | LARGE),
    "about one price": ("near", {}),
    "about one price, always warm, at each request": ("near", WARM | EACH),
    "about one price, the same, twice as long": ("near", WARM | EACH | LONG),
    "100 hosts, always warm, at each request": ("cheap", WARM | EACH | {"hosts": 100}),
}
WAYS = ("requested", "naive", "naive, any host", "pinned", "economics")
REWRITTEN = (0.0, 0.5, 0.64, 0.88, 1.0)  # shares of steps whose prefix is not found
HOSTS = (1, 2, 4, 16, 100)


@dataclass(frozen=True, slots=True)
class Lost:
    """Bills of one model alone, against its own bill when nothing is lost."""

    model: str
    rewritten: dict[str, float]
    hosts: dict[str, float]


def settings(**scene: Any) -> Iterator[tuple[str, dict[str, Row]]]:
    for name, (pool, knobs) in SETTINGS.items():
        here = Scene.of("swe", pool=pool, knobs=Knobs(**knobs), **scene)
        yield name, {row.name: row for row in bills(here, lambda _: None, WAYS)}


def lost(**scene: Any) -> Iterator[Lost]:
    for model in (REQUESTED, "gpt-5.4", "minimax-m3"):
        plain = _usd(Policy(first=model), 1, **scene)
        rewritten = {
            f"{share:.0%}": _usd(Policy(first=model, rewrites=share), 1, **scene) / plain
            for share in REWRITTEN
        }
        hosts = {
            str(n): _usd(Policy(first=model, scatters=True), n, **scene) / plain for n in HOSTS
        }
        yield Lost(model, rewritten, hosts)


def _usd(policy: Policy, hosts: int, **scene: Any) -> float:
    return fmean(run.usd for run in Scene.of("swe", knobs=Knobs(hosts=hosts), **scene).run(policy))
