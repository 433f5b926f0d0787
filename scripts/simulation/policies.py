"""Ways of routing one session. The last two use turnout's own economics, evidence and escalation.

requested              what was asked for, always
naive                  chooses anew as if there were no session
naive, any host        the same, and takes whichever host of a model is free
pinned                 its first choice, for the whole session
economics              its first choice, until a switch pays
economics + evidence   the same, and escalates when the session shows that its model fails
"""

from collections.abc import Mapping
from dataclasses import dataclass

from simulation.knobs import STEPS, Knobs
from simulation.market import Ledger
from simulation.sessions import CORRECTION, Step, Task
from turnout.route.catalog import Binding
from turnout.session import economics, escalate, evidence, horizon
from turnout.session.economics import Traffic
from turnout.session.escalate import Rung, State
from turnout.session.evidence import Evidence
from turnout.session.news.facts import Fact, News

REQUESTED = "claude-opus-4-7"
MARGINS = economics.Knobs()
CURVE = horizon.guess("claude-code", "main")


@dataclass(frozen=True, slots=True)
class Run:
    """`usd`: its bill. `solved`: its end. `escalated`: the step at which it was, -1 for never."""

    usd: float
    solved: bool
    escalated: int = -1
    peak: float = 0.0  # highest score of the evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    bindings: dict[str, Binding]
    pool: Mapping[str, float]
    rates: dict[str, float]  # success of each model, which its predicted quality is taken to be
    knobs: Knobs
    margins: economics.Knobs = MARGINS
    value: float = escalate.VALUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`first`: the model to begin with, "" for the first fresh choice.

    `scatters`: any host of a model takes a step. `rewrites`: share of steps with a new prefix.
    """

    first: str = ""
    forgets: bool = False
    scatters: bool = False
    rewrites: float = 0.0
    switches: bool = False
    watches: bool = False


POLICIES: dict[str, Policy] = {
    "requested": Policy(first=REQUESTED),
    "naive": Policy(forgets=True),
    "naive, any host": Policy(forgets=True, scatters=True),
    "pinned": Policy(),
    "economics": Policy(switches=True),
    "economics + evidence": Policy(switches=True, watches=True),
    "cheapest": Policy(first="minimax-m3"),
    "cheapest + evidence": Policy(first="minimax-m3", switches=True, watches=True),
}


class Walk:
    """One session under one policy."""

    def __init__(self, task: Task, policy: Policy, world: World) -> None:
        self._task, self._policy, self._world = task, policy, world
        self._ledger = Ledger(world.bindings, world.knobs)
        self._model = policy.first or task.step(0).fresh
        self._evidence, self._state = Evidence(), State()
        self._escalated, self._peak, self._messages = -1, 0.0, 0
        self._served: list[str] = []
        self._end = self._steps(self._model)

    def run(self) -> Run:
        place = 0
        while place < self._end:
            self._step(place, [])
            place += 1
        if not self._solved() and self._task.corrected:
            self._end += self._world.knobs.correction_steps
            self._step(place, [CORRECTION])
            for later in range(place + 1, self._end):
                self._step(later, [])
        return Run(self._ledger.usd, self._solved(), self._escalated, self._peak)

    def _steps(self, model: str) -> int:
        mixed = sum(STEPS[name] * share for name, share in self._world.pool.items())
        return self._task.steps_of(model, mixed if self._policy.forgets else STEPS[model])

    def _step(self, place: int, extra: list[Fact]) -> None:
        step = self._task.step(place)
        self._ledger.now += step.gap
        self._decide(place, step, extra)
        knobs = self._world.knobs
        hit = self._task.chance("hit", place).random() < knobs.hit_rate
        host = self._task.chance("host", place).randrange(knobs.hosts)
        changed = self._task.chance("bytes", place).random() < self._policy.rewrites
        self._ledger.pay(
            self._model,
            step,
            hit=hit,
            host=host if self._policy.scatters else 0,
            changed=changed,
        )
        self._served.append(self._model)

    def _decide(self, place: int, step: Step, extra: list[Fact]) -> None:
        if self._policy.forgets:
            self._model = step.fresh
        if self._policy.switches and self._state.to is None and place:
            self._weigh(place, step)
        if self._policy.watches:
            self._watch(place, step, extra)

    def _traffic(self, place: int, step: Step) -> Traffic:
        knobs = self._world.knobs
        return Traffic(
            prefix=self._ledger.history,
            new=step.new,
            each=knobs.step_tokens,
            output=knobs.output_tokens,
            steps=CURVE.left(place + 1),
            growth=knobs.step_tokens + knobs.output_tokens,
        )

    def _weigh(self, place: int, step: Step) -> None:
        if step.fresh == self._model:
            return
        mine, other = self._ledger.side(self._model), self._ledger.side(step.fresh)
        traffic = self._traffic(place, step)
        if economics.weigh(mine, other, traffic, self._world.margins).switch:
            self._model = step.fresh

    def _watch(self, place: int, step: Step, extra: list[Fact]) -> None:
        facts = self._task.facts(self._model, place, place / self._end) + extra
        self._messages += 2
        self._evidence = evidence.fold(self._evidence, News(tuple(facts), self._messages))
        self._peak = max(self._peak, self._evidence.score)
        home = self._ledger.side(REQUESTED, warm=False)
        whole = economics.total(home, self._traffic(place, step))
        verdict = escalate.judge(
            self._state,
            self._evidence,
            self._rung(self._model, place, step),
            [self._rung(model, place, step) for model in self._world.pool],
            cluster=0,
            value_usd=self._world.value * (whole.total if whole else 0.0),
        )
        self._state = verdict.state
        if verdict.reason == "escalated" and verdict.to:
            self._escalate(place, verdict.to[1])

    def _rung(self, model: str, place: int, step: Step) -> Rung:
        rest = economics.total(self._ledger.side(model), self._traffic(place, step))
        return Rung(
            provider=self._world.bindings[model].provider,
            model=model,
            quality=self._world.rates[model],
            rest_usd=rest.total if rest else 0.0,
            home=model == REQUESTED,
        )

    def _escalate(self, place: int, model: str) -> None:
        self._model, self._evidence = model, evidence.handed_over(self._evidence)
        self._escalated = place if self._escalated < 0 else self._escalated
        self._end = place + max(3, round(self._steps(model) * self._world.knobs.redo))

    def _solved(self) -> bool:
        """By the model that was at it when its fate was settled; a stronger one settles it anew."""
        if self._escalated >= 0:
            return self._task.solved[self._model]
        if not self._served:
            return False
        decisive = self._served[
            min(int(self._task.decisive * len(self._served)), len(self._served) - 1)
        ]
        return self._task.solved[decisive]


def walk(task: Task, policy: Policy, world: World) -> Run:
    return Walk(task, policy, world).run()
