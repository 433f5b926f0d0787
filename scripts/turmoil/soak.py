"""A steady stream of requests with faults in it; then kill -9. See scripts/soak."""

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from turmoil.served import Bench, Seen, bench
from turnout.demo.faults import Fault, Kind

FAULTS: tuple[Kind, ...] = ("status", "reset", "cut", "eof", "error_event", "html", "drip")
FAULTY, LEAVING = 0.15, 0.1  # shares of requests
WARM = 0.3  # of the time, before anything is compared
MB_FLAT, FILES_FLAT = 24.0, 40  # growth that still counts as flat


@dataclass(slots=True)
class Window:
    """One stretch of the soak. `p50_ms`: of whole answers to their first byte."""

    rss_mb: float
    files: int
    p50_ms: float


@dataclass(slots=True)
class Soaked:
    seconds: float
    requests: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    windows: list[Window] = field(default_factory=list)

    @property
    def growth(self) -> tuple[float, int]:
        """MB and files from the first window after the warm-up to the last one."""
        kept = self.windows[int(WARM * len(self.windows)) :]
        return kept[-1].rss_mb - kept[0].rss_mb, kept[-1].files - kept[0].files

    @property
    def flat(self) -> bool:
        grown, files = self.growth
        return grown < MB_FLAT and files < FILES_FLAT


async def soak(on: Bench, seconds: float, *, abreast: int = 16, windows: int = 10) -> Soaked:
    found, random = Soaked(seconds), Random(1)  # noqa: S311  to be repeated
    for _ in range(windows):
        seen = await _window(on, seconds / windows, abreast, random)
        found.requests += len(seen)
        found.ends += Counter(one.end for one in seen)
        firsts = sorted(one.first for one in seen if one.end == "whole") or [0.0]
        p50 = 1000 * firsts[len(firsts) // 2]
        found.windows.append(Window(round(on.rss_mb(), 1), on.files(), round(p50, 1)))
        for sim in (on.box.anthropic, on.box.openrouter):
            sim.seen.clear()
    return found


async def _window(on: Bench, seconds: float, abreast: int, random: Random) -> list[Seen]:
    seen: list[Seen] = []
    until = time.monotonic() + seconds

    async def worker() -> None:
        while time.monotonic() < until:
            if random.random() < FAULTY:
                on.box.openrouter.faults[:] = [Fault(random.choice(FAULTS), events=3, size=400)]
            leave = random.random() < LEAVING
            seen.append(await on.ask(stream=random.random() < 0.8, leave=leave))

    await asyncio.gather(*(worker() for _ in range(abreast)))
    return seen


async def killed(on: Bench, seconds: float = 3.0) -> dict[str, Any]:
    """kill -9 under traffic: rows that answers older than a second lack, and what SQLite says."""
    before = time.time()
    ended: list[float] = []
    asking = asyncio.create_task(_asking(on, ended))
    await asyncio.sleep(seconds)
    os.kill(on.pid, signal.SIGKILL)
    died = time.time()
    asking.cancel()
    await asyncio.wait([asking])
    due = sum(at < died - 1.0 for at in ended)
    with closing(sqlite3.connect(on.box.data / "turnout.db")) as db:
        counted = db.execute("SELECT count(*) FROM decisions WHERE at >= ?", (before,))
        (rows,) = counted.fetchone()
        (intact,) = db.execute("PRAGMA integrity_check").fetchone()
    return {"answered": len(ended), "due": due, "rows": rows, "integrity": intact}


async def _asking(on: Bench, ended: list[float]) -> None:
    while True:
        if (await on.ask()).end == "whole":
            ended.append(time.time())


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/soak")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--abreast", type=int, default=16)
    chosen = parser.parse_args()
    return asyncio.run(_all(chosen.seconds, chosen.abreast))


async def _all(seconds: float, abreast: int) -> int:
    async with bench() as on:
        found = await soak(on, seconds, abreast=abreast)
        kill = await killed(on)
    for window in found.windows:
        print(json.dumps(asdict(window)))
    grown, files = found.growth
    print(f"{found.requests} requests ({dict(found.ends)}); after the warm-up {grown:+.1f} MB, "
          f"{files:+d} files: {'flat' if found.flat else 'NOT FLAT'}")  # fmt: skip
    print(f"kill -9: {json.dumps(kill)}")
    ok = found.flat and kill["integrity"] == "ok" and kill["rows"] >= kill["due"]
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
