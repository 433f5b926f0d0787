"""scripts/simulate: see there."""

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import fmean

from simulation import alarms, cached, measure, outcomes, report
from simulation.measure import Scene
from simulation.policies import POLICIES, Policy

BEGAN = time.monotonic()
SUITES = {"swe": "SWE-bench Verified", "swt": "SWT-bench"}
SCORES = (0.3, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0)
QUICK, SOME = 12, 100  # tasks
MIXED = [name for name in POLICIES if "cheapest" not in name]


def say(text: str) -> None:
    print(f"{time.monotonic() - BEGAN:6.1f} s  {text}", file=sys.stderr, flush=True)


def simulated(args: argparse.Namespace) -> report.Report:
    found = report.Report(args.seed)
    scene = {"seed": args.seed, "repeats": args.repeats, "limit": QUICK if args.quick else 0}
    for suite, title in SUITES.items():
        here = Scene.of(suite, **scene)
        add(found, title, here, list(POLICIES))
        say(f"{title}: the evidence as a detector")
        found.detectors[title] = measure.escalations(here)
        found.points[title] = list(measure.curve(here, SCORES))
    near = Scene.of("swe", pool="near", **scene)
    add(found, f"{SUITES['swe']}, models of about one price", near, MIXED)
    found.measured = alone(Scene.of("swe", **scene))
    say("caches")
    some = scene | {"limit": QUICK // 4 if args.quick else SOME}
    found.cached = dict(cached.settings(**some))
    found.lost = list(cached.lost(**some))
    if not args.no_sensitivity:
        found.changes = list(measure.sensitivity(say, suite="swe", **scene))
    return found


def add(found: report.Report, title: str, scene: Scene, names: list[str]) -> None:
    found.tasks[title] = len(scene.tasks)
    found.bills[title] = measure.bills(scene, lambda name: say(f"{title}: {name}"), names)


def alone(scene: Scene) -> dict[str, dict[str, float]]:
    """USD a session of each model, against the bills its tasks really had."""
    bills = outcomes.load("swe").usd
    return {
        model: {
            "simulated": fmean(run.usd for run in scene.run(Policy(first=model))),
            "measured": usd,
        }
        for model, usd in bills.items()
    }


def write(text: str, folder: Path | None, name: str) -> None:
    print(text)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/simulate", description=report.__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=1, help="sessions of each task")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-sensitivity", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--alarms", action="store_true", help="only the quality alarm")
    args = parser.parse_args()
    if args.alarms:
        cells = QUICK if args.quick else alarms.CELLS
        write(alarms.markdown(args.seed, report.table, cells), args.out, "alarms.md")
        return
    found = simulated(args)
    print(json.dumps(found.plain(), indent=1) if args.json else found.markdown())
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "simulation.md").write_text(found.markdown(), encoding="utf-8")
        for path in report.plot(found, args.out):
            say(f"wrote {path}")


main()
