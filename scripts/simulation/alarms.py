"""The quality alarm: how often it rises for nothing, and how soon for a model that does worse.

Sessions are in trouble with a fixed chance: as the evidence would see it, at the detector's true
rates, of a model whose quality is what was promised, or so many points less. All of one class.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random
from statistics import median
from typing import Any
from unittest.mock import patch

from turnout.session import alarm
from turnout.session.alarm import Alarms, Ended, Place

HIT, FALSE = 0.6, 0.1  # what the detector really does, in each row
QUALITY = 0.8
SESSIONS, CELLS = 200, 50  # of each model, of each row
PLACE = Place("b", 0, "m")

# what is changed of turnout's constants
CHANGES: dict[str, dict[str, float]] = {
    "as it is": {},
    "it expects hits of 0.45": {"HIT": 0.45},
    "it expects hits of 0.75": {"HIT": 0.75},
    "it expects false alarms of 0.05": {"FALSE": 0.05},
    "it expects false alarms of 0.2": {"FALSE": 0.2},
    "the promise counts for 5 sessions": {"PRIOR": 5.0},
    "the promise counts for 20 sessions": {"PRIOR": 20.0},
    "no slack": {"SLACK": 0.0},
    "10 points of slack": {"SLACK": 0.1},
    "sure at 0.9": {"SURE": 0.9},
    "sure at 0.99": {"SURE": 0.99},
    "at least 4 sessions": {"FEWEST": 4.0},
    "at least 16 sessions": {"FEWEST": 16.0},
    "nothing fades": {"FADE": 1.0},
    "fades twice as fast": {"FADE": 0.98},
}
LESS = (0.0, 0.1, 0.2, 0.4)  # of the quality that was promised


@dataclass(frozen=True, slots=True)
class Raised:
    """Share of models with an alarm within SESSIONS; the median session of those that had one."""

    share: float
    after: float | None


def measured(seed: int, cells: int = CELLS) -> Iterator[tuple[str, dict[float, Raised]]]:
    for name, change in CHANGES.items():
        with ExitStack() as stack:
            for constant, value in change.items():
                stack.enter_context(patch.object(alarm, constant, value))
            yield name, {less: _raised(seed, less, cells) for less in LESS}


def _raised(seed: int, less: float, cells: int) -> Raised:
    found = [
        _first(Random(f"{seed}/{less}/{n}"), less)  # noqa: S311
        for n in range(cells)
    ]
    rose = [number for number in found if number]
    return Raised(len(rose) / cells, median(rose) if rose else None)


def _first(chance: Random, less: float) -> int:
    """The session that raised it, 0 for none."""
    quality, alarms = QUALITY - less, Alarms()
    troubled = HIT * (1 - quality) + FALSE * quality
    for number in range(1, SESSIONS + 1):
        one = Ended(place=PLACE, troubled=chance.random() < troubled, quality=QUALITY)
        if alarms.tell(one, 0.0):
            return number
    return 0


def rows(found: Sequence[tuple[str, dict[float, Raised]]]) -> list[list[str]]:
    worse = [f"{100 * less:.0f} points worse" for less in LESS if less]
    head = ["changed", "as promised", *worse]
    return [head] + [[name, *(_told(one) for one in by.values())] for name, by in found]


def _told(one: Raised) -> str:
    return f"{one.share:.0%}" + (f", after {one.after:.0f}" if one.after else "")


def markdown(seed: int, table: Any, cells: int = CELLS) -> str:
    lines = [
        f"# The quality alarm, simulated (seed {seed})",
        "",
        "`scripts/simulate --alarms`. Share of models that are un-routed within"
        f" {SESSIONS} sessions of one class, and the median session at which; {cells} models each.",
        f"A detector that really catches {HIT:.0%} of failing sessions and {FALSE:.0%} of others;"
        f" promised quality {QUALITY:.0%}. Trouble is drawn session by session: a guess.",
        "",
        *table(rows(list(measured(seed, cells)))),
    ]
    return "\n".join(lines) + "\n"
