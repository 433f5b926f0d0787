"""What hedging buys and costs, on a simulated heavy tail. See scripts/hedge_figures.

Two bindings of one model, each with its own queue: times to the first event are log-normal, and a
few requests in a hundred wait many times longer. The relay, its attempts and budgets are the real
ones; seconds are about a third of what providers take.
"""

import argparse
import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, cast

from turmoil.world import Case, world
from turnout.config.settings import Hedge
from turnout.demo.provider import Latency
from turnout.wire.request import DialectName

ABREAST = 16
MEDIAN_S, SPREAD = 0.20, 0.35  # of the log-normal body
TAIL_SHARE, TAIL_TIMES = 0.03, 12.0  # of requests; times the median
TARGETS: tuple[DialectName, ...] = ("openai_chat", "anthropic")


class Tail:
    """In the place of a Latency: every request draws its own."""

    token = 0.0

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  to be repeated

    @property
    def first(self) -> float:
        slow = TAIL_TIMES if self._random.random() < TAIL_SHARE else 1.0
        return MEDIAN_S * self._random.lognormvariate(0.0, SPREAD) * slow


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds to the first byte. `hedges`: per request. `extra_usd`: of what all cost."""

    name: str
    p50: float
    p95: float
    p99: float
    hedges: float
    extra_usd: float


async def measure(name: str, hedge: Hedge, count: int, seed: int) -> Figures:
    late = {d: {"*": cast(Latency, Tail(seed + i))} for i, d in enumerate(TARGETS)}
    latency: Mapping[DialectName, Mapping[str, Latency]] = late
    async with world(haste=False, latency=latency, hedge=hedge) as w:
        gate, times = asyncio.Semaphore(ABREAST), list[float]()
        case = Case(client="anthropic", targets=TARGETS, stream=True, models=("m", "m2"))

        async def one() -> None:
            async with gate:
                began = time.monotonic()
                got, _, _ = await w.ask(case)
                if got.status != 200:
                    raise RuntimeError(f"status {got.status}: {got.body[:200]!r}")
                times.append((time.monotonic() - began) * 1000)

        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(one())
        hedging = w.engine.health.hedging
        each = 22 + 4 * 65  # USD per million: the input of this request and its answer
        share = float(hedging.usd) / (count * each / 1e6)
        return Figures(name, *_quantiles(times), hedging.hedges / count, share)


def _quantiles(times: list[float]) -> tuple[float, float, float]:
    ordered = sorted(times)
    p50, p95, p99 = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95, 0.99))
    return p50, p95, p99


def ways(shares: tuple[float, ...]) -> dict[str, Hedge]:
    named = {
        f"budget {s:.0%}": Hedge(enabled=True, budget_share=s, usd_per_day=Decimal(9))
        for s in shares
    }
    return {"without": Hedge()} | named


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/hedge_figures")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"{'':12} {'p50':>7} {'p95':>7} {'p99':>7}   ms to the end of a short stream")
    for name, hedge in ways((0.02, 0.05, 0.10)).items():
        found: Any = asyncio.run(measure(name, hedge, chosen.requests, chosen.seed))
        cost = f"{found.hedges:.1%} hedges, {found.extra_usd:.1%} more dollars at most"
        print(f"{name:12} {found.p50:7.0f} {found.p95:7.0f} {found.p99:7.0f}   {cost}")


if __name__ == "__main__":
    main()
