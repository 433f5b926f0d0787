"""scripts/bench: see there."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict

from rich.console import Console

from benchmark.measure import Plan, measure
from benchmark.table import show


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="What turnout costs.")
    parser.add_argument("--json", action="store_true", help="plain data on standard output")
    parser.add_argument("--quick", action="store_true", help="a few seconds: does it run at all?")
    parser.add_argument("--requests", type=int, default=200, help="of each kind [default: 200]")
    chosen = parser.parse_args()
    plan = Plan(requests=chosen.requests)
    if chosen.quick:
        plan = Plan(requests=5, abreast=(2,), clients=3, known=3, fresh=2, rounds=1)
    progress = Console(stderr=True, highlight=False)
    figures = asyncio.run(measure(plan, lambda what: progress.print(f"bench: {what}")))
    if chosen.json:
        json.dump(asdict(figures), sys.stdout, indent=1)
    else:
        show(figures, Console(highlight=False))


if __name__ == "__main__":
    main()
