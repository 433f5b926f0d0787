"""Runs policies over tasks, and sums them up."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from math import sqrt
from statistics import fmean, stdev
from typing import Any
from unittest.mock import patch

from simulation import outcomes, policies
from simulation.knobs import POOLS, Knobs
from simulation.market import market
from simulation.policies import POLICIES, REQUESTED, Policy, Run, World, walk
from simulation.sessions import Task
from turnout.session import economics, escalate, evidence, learned
from turnout.session.evidence import SIGNALS
from turnout.session.horizon import Curve

CHEAP = "minimax-m3"
WATCHING = "cheapest + evidence"
ALONE = Policy(first=CHEAP, watches=True)


@dataclass(frozen=True, slots=True)
class Scene:
    """The same tasks for every policy."""

    tasks: Sequence[Task]
    world: World

    @classmethod
    def of(
        cls,
        suite: str,
        *,
        pool: str = "cheap",
        seed: int = 1,
        repeats: int = 1,
        limit: int = 0,
        knobs: Knobs | None = None,
    ) -> "Scene":
        found, knobs, shares = outcomes.load(suite), knobs or Knobs(), POOLS[pool]
        numbers = range(min(found.tasks, limit or found.tasks))
        tasks = [
            Task(seed + 1000 * r, n, {m: row[n] for m, row in found.solved.items()}, shares, knobs)
            for r in range(repeats)
            for n in numbers
        ]
        rates = {model: found.rate(model) for model in found.solved}
        world = World(bindings=market(), pool=shares, rates=rates, knobs=knobs)
        return cls(tasks, world)

    def run(self, policy: Policy, **world: Any) -> list[Run]:
        here = replace(self.world, **world) if world else self.world
        return [walk(task, policy, here) for task in self.tasks]


@dataclass(frozen=True, slots=True)
class Row:
    """`share`: of the requested model's bill. `points`: of success, against the requested model.

    The errors are one standard error over tasks, of paired differences.
    """

    name: str
    usd: float
    share: float
    share_se: float
    solved: float
    points: float
    points_se: float
    escalated: float


def bills(
    scene: Scene, say: Callable[[str], None], names: Sequence[str] = tuple(POLICIES)
) -> list[Row]:
    base, rows = scene.run(POLICIES["requested"]), []
    for name in names:
        say(name)
        runs = base if name == "requested" else scene.run(POLICIES[name])
        rows.append(compared(name, runs, base))
    return rows


def compared(name: str, runs: Sequence[Run], base: Sequence[Run]) -> Row:
    usd, asked = fmean(run.usd for run in runs), fmean(run.usd for run in base)
    share = usd / asked
    ratio = [(one.usd - share * other.usd) / asked for one, other in zip(runs, base, strict=True)]
    won = [float(one.solved) - other.solved for one, other in zip(runs, base, strict=True)]
    return Row(
        name=name,
        usd=usd,
        share=share,
        share_se=_error(ratio),
        solved=fmean(run.solved for run in runs),
        points=100 * fmean(won),
        points_se=100 * _error(won),
        escalated=fmean(run.escalated >= 0 for run in runs),
    )


def _error(values: Sequence[float]) -> float:
    return stdev(values) / sqrt(len(values)) if len(values) > 1 else 0.0


@dataclass(frozen=True, slots=True)
class Detector:
    """`hit`: share of failing sessions found; `false`: of the others."""

    hit: float
    false: float


def split(scene: Scene, flags: Sequence[bool]) -> Detector:
    """`flags`: of sessions on CHEAP alone."""
    pairs = list(zip(scene.tasks, flags, strict=True))
    bad = [flag for task, flag in pairs if not task.solved[CHEAP]]
    good = [flag for task, flag in pairs if task.solved[CHEAP]]
    return Detector(fmean(bad), fmean(good))


def escalations(scene: Scene) -> Detector:
    """The evidence as turnout acts on it, in sessions that nothing else moves."""
    return split(scene, [run.escalated >= 0 for run in scene.run(ALONE)])


def curve(scene: Scene, scores: Sequence[float]) -> Iterator[tuple[float, Detector]]:
    """By the highest score of a session that nobody interferes with."""
    runs = scene.run(ALONE, value=0.0)
    for score in scores:
        yield score, split(scene, [run.peak >= score for run in runs])


# -- what the figures hang on


def scaled(factor: float) -> dict[str, evidence.Signal]:
    """All weights of the evidence at once."""
    return {name: replace(one, weight=one.weight * factor) for name, one in SIGNALS.items()}


def faded(power: float) -> dict[str, evidence.Signal]:
    return {name: replace(one, decay=one.decay**power) for name, one in SIGNALS.items()}


def without(name: str) -> dict[str, evidence.Signal]:
    return {n: replace(one, weight=0.0) if n == name else one for n, one in SIGNALS.items()}


@contextmanager
def changed(module: object, **values: object) -> Iterator[None]:
    with ExitStack() as stack:
        for name, value in values.items():
            stack.enter_context(patch.object(module, name, value))
        yield


# signals that a simulated session can show; of the others its figures say nothing
OCCUR = (
    *("tool_error", "tests_failed", "tests_passed", "call_repeated", "loop", "edit_undone"),
    *("call_malformed", "stalled", "human_corrects"),
)
MODULES = {"evidence": evidence, "escalate": escalate, "policies": policies, "learned": learned}
# what is changed: knobs of the simulation, or constants of turnout's own modules
SENSITIVITY: dict[str, dict[str, Any]] = {
    "as it is": {},
    "weights halved": {"evidence": {"SIGNALS": scaled(0.5)}},
    "weights doubled": {"evidence": {"SIGNALS": scaled(2.0)}},
    "fading twice as fast": {"evidence": {"SIGNALS": faded(2.0)}},
    "fading half as fast": {"evidence": {"SIGNALS": faded(0.5)}},
    **{f"without {n}": {"evidence": {"SIGNALS": without(n)}} for n in OCCUR},
    "10 steps without progress: 5": {"evidence": {"STALL": 5}},
    "10 steps without progress: 20": {"evidence": {"STALL": 20}},
    "a success is worth 2 sessions": {"value": 2.0},
    "a success is worth 8 sessions": {"value": 8.0},
    "a success is worth 16 sessions": {"value": 16.0},
    "correlation 0.4": {"escalate": {"CORRELATION": 0.4}},
    "correlation 0.8": {"escalate": {"CORRELATION": 0.8}},
    "least score 0": {"escalate": {"LEAST_SCORE": 0.0}},
    "least score 2": {"escalate": {"LEAST_SCORE": 2.0}},
    "at most 1 escalation": {"escalate": {"MOST": 1}},
    "no margin for a switch": {"margins": {"margin_usd": 0.0, "margin_share": 0.0}},
    "ten times the margin": {"margins": {"margin_usd": 0.02, "margin_share": 0.2}},
    "8 steps expected": {"policies": {"CURVE": Curve.flat(8.0)}},
    "32 steps expected": {"policies": {"CURVE": Curve.flat(32.0)}},
    "caches are not doubted": {"learned": {"FAITH": 1e9}},
    "caches are doubted at once": {"learned": {"FAITH": 1.0}},
    "45 % of failures show": {"knobs": {"visible": 0.45}},
    "85 % of failures show": {"knobs": {"visible": 0.85}},
    "3 % look bad and end well": {"knobs": {"misleading": 0.03}},
    "20 % look bad and end well": {"knobs": {"misleading": 0.20}},
    "nobody corrects": {"knobs": {"corrected": 0.0}},
    "the stronger needs 40 %": {"knobs": {"redo": 0.4}},
    "the stronger starts anew": {"knobs": {"redo": 1.0}},
    "sessions half as long": {"knobs": {"steps": 10.5}},
    "sessions twice as long": {"knobs": {"steps": 42.0}},
    "a minute between steps": {"knobs": {"gap_s": 60.0}},
    "automatic caches hit 70 %": {"knobs": {"hit_rate": 0.7}},
}  # fmt: skip
WATCHED = ("requested", "naive, any host", WATCHING, "economics + evidence")


def sensitivity(
    say: Callable[[str], None], **scene: Any
) -> Iterator[tuple[str, Detector, dict[str, Row]]]:
    for title, change in SENSITIVITY.items():
        say(title)
        here = Scene.of(knobs=Knobs(**change.get("knobs", {})), **scene)
        world = {"value": change["value"]} if "value" in change else {}
        if "margins" in change:
            world["margins"] = economics.Knobs(**change["margins"])
        here = replace(here, world=replace(here.world, **world))
        with ExitStack() as stack:
            for name, module in MODULES.items():
                stack.enter_context(changed(module, **change.get(name, {})))
            rows = {row.name: row for row in bills(here, lambda _: None, WATCHED)}
            yield title, escalations(here), rows


__all__ = ["REQUESTED", "Detector", "Row", "Scene", "bills", "curve", "escalations", "sensitivity"]
