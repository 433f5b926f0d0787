"""Many streams at once, and a client that reads slowly. See scripts/load."""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from turmoil.served import Bench, Seen, bench

SLOW_PAUSE = 0.25  # seconds between two reads of 64 kB: 256 kB a second


@dataclass(frozen=True, slots=True)
class Loaded:
    """Seconds. `fairness`: the longest stream as a multiple of the median one. MB of the proxy."""

    streams: int
    whole: int
    lost: int
    first_p50: float
    first_p99: float
    total_p50: float
    fairness: float
    rss_before: float
    rss_peak: float
    rss_after: float


async def streams(on: Bench, count: int) -> Loaded:
    before = on.rss_mb()
    watch = asyncio.create_task(_peak(on))
    found = await asyncio.gather(*(on.ask() for _ in range(count)))
    watch.cancel()
    ends = Counter(one.end for one in found)
    firsts, totals = _sorted(found, "first"), _sorted(found, "total")
    return Loaded(
        streams=count,
        whole=ends["whole"],
        lost=count - ends["whole"],
        first_p50=_at(firsts, 0.5),
        first_p99=_at(firsts, 0.99),
        total_p50=_at(totals, 0.5),
        fairness=totals[-1] / _at(totals, 0.5),
        rss_before=before,
        rss_peak=max(PEAKS.pop(on.pid, before), before),
        rss_after=on.rss_mb(),
    )


PEAKS: dict[int, float] = {}


async def _peak(on: Bench) -> None:
    while True:
        PEAKS[on.pid] = max(PEAKS.get(on.pid, 0.0), on.rss_mb())
        await asyncio.sleep(0.05)


def _sorted(found: Sequence[Seen], name: str) -> list[float]:
    return sorted(getattr(one, name) for one in found)


def _at(ordered: list[float], share: float) -> float:
    return ordered[int(share * (len(ordered) - 1))]


async def slow_reader(on: Bench, seconds: float) -> dict[str, float]:
    """MB that the proxy grew by while one client read slowly, and MB the provider got rid of."""
    on.box.openrouter._desk.latency = {}  # the client is the slow one
    before = on.rss_mb()
    asked = asyncio.create_task(on.ask("big", pause=SLOW_PAUSE))
    until, grown = time.monotonic() + seconds, 0.0
    while time.monotonic() < until and not asked.done():
        await asyncio.sleep(0.1)
        grown = max(grown, on.rss_mb() - before)
    sent = len(on.box.openrouter.completions()[-1].sent.body) / (1 << 20)
    asked.cancel()
    await asyncio.wait([asked])
    return {"seconds": seconds, "proxy_grew_mb": round(grown, 1), "sent_mb": round(sent, 1)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/load")
    parser.add_argument("--streams", type=int, nargs="+", default=[200, 500])
    parser.add_argument("--slow", type=float, default=8.0, help="seconds of a slow reader")
    chosen = parser.parse_args()
    return asyncio.run(_all(chosen.streams, chosen.slow))


async def _all(counts: list[int], slow: float) -> int:
    lost = 0
    async with bench() as on:
        for count in counts:
            found = await streams(on, count)
            lost += found.lost
            print(json.dumps({k: round(v, 3) for k, v in asdict(found).items()}))
        print(json.dumps(await slow_reader(on, slow)))
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
