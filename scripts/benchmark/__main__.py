"""scripts/bench: see there."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict

from rich.console import Console

from benchmark.deciding import deciding
from benchmark.figures import Spread
from benchmark.measure import Plan, measure
from benchmark.table import show
from turnout.paths import artifacts_dir


def tell(took: dict[str, Spread], as_json: bool) -> None:
    if as_json:
        json.dump({name: asdict(one) for name, one in took.items()}, sys.stdout, indent=1)
        return
    for name, one in took.items():
        print(f"{name:16} {one.median:6.3f} ms median, {one.p95:6.3f} ms p95, {one.count} actions")
    first, second = (one.median for one in took.values())
    print(f"{'ratio':16} {first / second:6.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="What turnout costs.")
    parser.add_argument("--json", action="store_true", help="plain data on standard output")
    parser.add_argument("--quick", action="store_true", help="a few seconds: does it run at all?")
    parser.add_argument("--requests", type=int, default=200, help="of each kind [default: 200]")
    parser.add_argument("--deciding", action="store_true", help="only how long a decision takes")
    chosen = parser.parse_args()
    if chosen.deciding:
        tell(asyncio.run(deciding(artifacts_dir(), 20 if chosen.quick else 300)), chosen.json)
        return
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
