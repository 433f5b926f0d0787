"""`scripts/chaos`: see there."""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Coroutine

from turmoil import chaos, table
from turmoil.chaos import Report

SHOWN = 20  # breaches that are told in full


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000, help="random ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="half a minute")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    quick = chosen.quick
    total = Report()
    total += _run("table of faults", chaos.faults(table.TABLE, quick=quick))
    total += _run("slow ones", chaos.faults(table.SLOW, quick=quick, abreast=32))
    total += _run("cut at every byte", chaos.cuts(step=97 if quick else 1))
    count = min(chosen.schedules, 500) if quick else chosen.schedules
    total += _run(f"schedules, seed {chosen.seed}", chaos.schedules(count, chosen.seed))
    middle, worst = asyncio.run(chaos.leaving(16 if quick else 64))
    print(f"client gone: nothing runs any more after {middle:.1f} ms (median), {worst:.1f} (worst)")
    for breach in total.breaches[:SHOWN]:
        print(breach, file=sys.stderr)
    return 1 if total.breaches else 0


def _run(name: str, suite: Coroutine[object, object, Report]) -> Report:
    began = time.monotonic()
    report = asyncio.run(suite)
    seen = ", ".join(f"{count} {what}" for what, count in report.seen.most_common())
    wrong = f"{len(report.breaches)} BREACHES" if report.breaches else "no breach"
    print(f"{name}: {report.cases} cases, {wrong}, {time.monotonic() - began:.0f} s ({seen})")
    return report


if __name__ == "__main__":
    sys.exit(main())
