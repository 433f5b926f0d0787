"""`scripts/chaos`: see there."""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Coroutine

from turmoil import chaos, table
from turmoil.chaos import Report

SHOWN, LONGEST = 20, 600  # breaches of each part that are told; characters


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000, help="random ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="table, slow, cuts, schedules or leaving")
    parser.add_argument("--quick", action="store_true", help="half a minute")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    quick, seed = chosen.quick, chosen.seed
    count = min(chosen.schedules, 500) if quick else chosen.schedules
    parts = {
        "table": lambda: chaos.faults(table.TABLE, quick=quick),
        "slow": lambda: chaos.faults(table.SLOW, quick=quick, abreast=32),
        "cuts": lambda: chaos.cuts(step=97 if quick else 1),
        "schedules": lambda: chaos.schedules(count, seed),
    }
    total = Report()
    for name in (name for name in parts if chosen.only in ("", name)):
        total += _run(name, parts[name]())
    if chosen.only in ("", "leaving"):
        middle, worst = asyncio.run(chaos.leaving(16 if quick else 64))
        print(f"client gone: nothing runs after {middle:.1f} ms (median), {worst:.1f} (worst)")
    return 1 if total.breaches else 0


def _run(name: str, suite: Coroutine[object, object, Report]) -> Report:
    began = time.monotonic()
    report = asyncio.run(suite)
    seen = ", ".join(f"{count} {what}" for what, count in report.seen.most_common())
    wrong = f"{len(report.breaches)} BREACHES" if report.breaches else "no breach"
    print(f"{name}: {report.cases} cases, {wrong}, {time.monotonic() - began:.0f} s ({seen})")
    for breach in report.breaches[:SHOWN]:
        print(f"  {breach[:LONGEST]}", file=sys.stderr)
    sys.stdout.flush()
    return report


if __name__ == "__main__":
    sys.exit(main())
