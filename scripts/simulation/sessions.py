"""One task as an agent works on it: its steps, and what they show of a model that fails or not.

Everything is drawn from (seed, task, model, step), so that all ways of routing meet the same task.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from random import Random

from simulation.knobs import Knobs
from turnout.session.news.facts import Call, Fact, Human, Result

FAILED = Result("", "=========== 2 failed, 31 passed in 4.10s ===========\n", True, "Bash")
PASSED = Result("", "=========== 33 passed in 4.02s ===========\n", False, "Bash")
ERROR = Result("", "cat: src/nothing.py: No such file or directory", True, "Bash")
MALFORMED = Result("", "<tool_use_error>InputValidationError: Edit failed", True, "Edit")
CORRECTION = Human("that does not work, the test is still failing")

# share of steps, and what happens in them; all guesses
RUNS, EDITS = 0.30, 0.30
FAILING_RUN = 0.85  # of a struggling session's runs; of others this share at first, falling to 0
EARLY_FAILURE = 0.60
UNDOES, REPEATS = (0.02, 0.12), (0.02, 0.15)  # of edits, of looks: of others, of struggling ones
ERRORS, MISTAKES = (0.08, 0.18), (0.005, 0.02)  # of all steps


@dataclass(frozen=True, slots=True)
class Step:
    gap: float
    new: float
    output: float
    fresh: str  # the model that a router that forgets would choose now


class Task:
    """`solved`: by model; `pool`: shares of fresh choices. Draws are shared by all policies."""

    def __init__(
        self,
        seed: int,
        number: int,
        solved: Mapping[str, bool],
        pool: Mapping[str, float],
        knobs: Knobs,
    ) -> None:
        self._seed, self._number, self._pool = seed, number, pool
        self.solved, self.knobs = solved, knobs
        self._steps: list[Step] = []
        chance = self.chance("task")
        self.length = chance.lognormvariate(log(knobs.steps), knobs.steps_sigma)
        self.decisive = chance.random()  # where in the session its fate is settled
        self.corrected = chance.random() < knobs.corrected

    def chance(self, *what: object) -> Random:
        return Random("/".join(map(str, (self._seed, self._number, *what))))  # noqa: S311

    def steps_of(self, model: str, factor: float) -> int:
        longer = 1.0 if self.solved[model] else self.knobs.longer_failing
        return max(3, round(self.length * factor * longer))

    def step(self, place: int) -> Step:
        while len(self._steps) <= place:
            self._steps.append(self._step(len(self._steps)))
        return self._steps[place]

    def _step(self, place: int) -> Step:
        knobs, chance = self.knobs, self.chance("step", place)
        gap = chance.lognormvariate(log(knobs.gap_s), knobs.gap_sigma)
        away = chance.random() < knobs.pause
        new = knobs.step_tokens * chance.lognormvariate(-0.32, 0.8) if place else knobs.first_tokens
        output = knobs.output_tokens * chance.lognormvariate(-0.18, 0.6)
        return Step(knobs.pause_s if away else gap, new, output, self._fresh(place))

    def _fresh(self, place: int) -> str:
        """Drawn anew at some steps, else as before."""
        chance = self.chance("fresh", place)
        if place and chance.random() >= self.knobs.redraw:
            return self._steps[place - 1].fresh
        return chance.choices(list(self._pool), list(self._pool.values()))[0]

    def struggles(self, model: str) -> bool:
        """Whether it shows. What fails in silence no router can see."""
        shows = self.knobs.misleading if self.solved[model] else self.knobs.visible
        return self.chance("shows", model).random() < shows

    def facts(self, model: str, place: int, progress: float) -> list[Fact]:
        """New in the history before step `place`. `progress`: 0 to 1."""
        if place == 0:
            return [Human("fix the issue")]
        chance, bad = self.chance("facts", model, place), self.struggles(model)
        found = self._work(chance, place, progress, bad=bad)
        found += [ERROR] if chance.random() < ERRORS[bad] else []
        return found + ([MALFORMED] if chance.random() < MISTAKES[bad] else [])

    def _work(self, chance: Random, place: int, progress: float, *, bad: bool) -> list[Fact]:
        draw = chance.random()
        if draw < RUNS and progress > 0.2:
            fails = FAILING_RUN if bad else EARLY_FAILURE * (1 - progress)
            run = _call("Bash", command=f"pytest -k {place}")
            return [run, FAILED if chance.random() < fails else PASSED]
        if draw < RUNS + EDITS:
            here = place - 1 if chance.random() < UNDOES[bad] else place
            before, after = (here + 1, here) if here < place else (place, place + 1)
            return [
                _call("Edit", file_path="a.py", old_string=f"v{before}", new_string=f"v{after}")
            ]
        again = chance.random() < REPEATS[bad]
        return (
            [_call("Bash", command="ls src")] * 3
            if again
            else [_call("Read", file_path=str(place))]
        )


def _call(name: str, **arguments: str) -> Call:
    return Call("", name, json.dumps(arguments).encode())
