"""What a session's own traffic says about whether its model copes.

    evidence = fold(evidence, news)        before an action: what is new in its history
    evidence = answered(evidence, said)    after it: how the answer ended
    failing(evidence, quality)             P(the model fails from here)

Each signal adds its weight (log-odds of failure) once a step, and a share of it is left a step
later. The sum is added to the log-odds of the model's predicted quality, as in naive Bayes: the
signals of one session are not independent, so the weights are less than each alone would earn.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import log, tanh

from turnout.session.news.facts import Call, Fact, Human, News, Result
from turnout.session.signals import calls
from turnout.session.signals.answers import ANSWER_SIGNALS, Said
from turnout.session.signals.calls import Edit
from turnout.session.signals.results import RESULT_SIGNALS
from turnout.session.signals.speech import human_corrects, human_moves_on

STALL = 10  # steps without progress that count as a sign, and again after as many; start value
PROGRESS = frozenset({"tests_passed", "human_moves_on"})
SURE = 0.005  # no model is surer than this, to fail or not to


@dataclass(frozen=True, slots=True)
class Signal:
    """`weight`: log-odds of failure. `decay`: share of it that is left a step later.

    `clears`: signals that it takes back.
    """

    weight: float
    decay: float
    clears: tuple[str, ...] = ()


_TESTED = ("tests_failed", "build_failed", "crashed")

# All weights and decays are start values: guesses by how rare each is in sessions that end well.
# fmt: off
SIGNALS: dict[str, Signal] = {
    # from tools
    "tool_error":     Signal(0.30, 0.70),
    "tests_failed":   Signal(0.35, 0.85, ("tests_passed",)),
    "build_failed":   Signal(0.30, 0.85),
    "crashed":        Signal(0.30, 0.80),
    "tests_passed":   Signal(-0.90, 0.90, _TESTED),
    # from calls
    "call_repeated":  Signal(0.80, 0.85),
    "loop":           Signal(2.00, 0.90),
    "edit_undone":    Signal(0.90, 0.90),
    "call_malformed": Signal(0.70, 0.85),
    "stalled":        Signal(0.50, 0.95),
    # from the end of an answer
    "answer_empty":   Signal(0.90, 0.80),
    "answer_cut":     Signal(0.40, 0.80),
    "refusal":        Signal(1.50, 0.95),
    # from people
    "human_corrects": Signal(1.30, 0.97),
    "human_moves_on": Signal(-0.50, 0.90),
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Evidence:
    """Bounded, whatever the session: it is kept with the pin.

    `loads`: log-odds that are left of each signal. `seen`: messages of the history that were read.
    `tasks`: what people asked for so far. `calls`, `edits`: digests of the latest.
    """

    loads: Mapping[str, float] = field(default_factory=dict)
    seen: int = 0
    steps: int = 0
    stalled: int = 0
    tasks: int = 0
    calls: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def score(self) -> float:
        """Log-odds of failure, beyond what was expected of the model before."""
        return sum(self.loads.values())


@dataclass(slots=True)
class _Step:
    """One step while its facts are read."""

    calls: list[str]
    edits: list[Edit]
    begun: bool
    rewritten: bool
    tasks: int = 0
    progress: bool = False

    def signals(self, facts: Iterable[Fact]) -> Iterator[str]:
        for fact in facts:
            yield from _READ[type(fact)](self, fact)

    def _result(self, result: Result) -> Iterator[str]:
        yield from (name for name, holds in RESULT_SIGNALS.items() if holds(result))

    def _call(self, call: Call) -> Iterator[str]:
        name = calls.same(call)
        if calls.call_repeated(self.calls, name):
            yield "call_repeated"
        if calls.loop(self.calls, name):
            yield "loop"
        made = list(calls.edits(call))
        for edit in made:
            if calls.edit_undone(self.edits, edit):
                yield "edit_undone"
            elif edit.path not in {one.path for one in self.edits}:
                self.progress = True  # a file that was not touched yet
            self.edits = [*self.edits, edit][-calls.EDITS :]
        new = [name, "edit"] if made else [name]
        self.calls = [*self.calls, *filter(None, new)][-2 * calls.WINDOW :]

    def _human(self, human: Human) -> Iterator[str]:
        """A person at the keyboard breaks every loop; what was summed up says nothing new."""
        self.calls = []
        if self.rewritten:
            return
        self.tasks += 1
        if self.begun and human_corrects(human.text):
            yield "human_corrects"
        elif self.begun and human_moves_on(human.text):
            yield "human_moves_on"


_READ: dict[type, Callable[["_Step", "Fact"], Iterator[str]]] = {
    Result: _Step._result,  # type: ignore[dict-item]
    Call: _Step._call,  # type: ignore[dict-item]
    Human: _Step._human,  # type: ignore[dict-item]
}


def fold(evidence: Evidence, news: News) -> Evidence:
    """One step on. A request that brings nothing new, as a retry does, changes nothing."""
    if not news.facts and news.messages == evidence.seen:
        return evidence
    step = _Step(list(evidence.calls), list(evidence.edits), evidence.steps > 0, news.rewritten)
    fired = dict.fromkeys(step.signals(news.facts))
    progress = step.progress or bool(PROGRESS & fired.keys())
    stalled = 0 if progress else evidence.stalled + 1
    if stalled and stalled % STALL == 0:
        fired["stalled"] = None
    if "human_moves_on" in fired:
        evidence, stalled = replace(evidence, loads={}), 0
    return replace(
        evidence,
        loads=_added(_decayed(evidence.loads), fired),
        seen=news.messages,
        steps=evidence.steps + 1,
        stalled=stalled,
        tasks=evidence.tasks + step.tasks,
        calls=tuple(step.calls),
        edits=tuple(step.edits),
    )


def answered(evidence: Evidence, said: Said) -> Evidence:
    """How the answer ended belongs to the step that asked for it: nothing decays."""
    fired = [name for name, holds in ANSWER_SIGNALS.items() if holds(said)]
    return replace(evidence, loads=_added(evidence.loads, fired)) if fired else evidence


def failing(evidence: Evidence, quality: float) -> float:
    """P(the model fails from here). `quality`: its predicted share of successes, 0 to 1."""
    expected = min(max(1.0 - quality, SURE), 1.0 - SURE)
    odds = log(expected / (1.0 - expected)) + evidence.score
    return min(max(0.5 + 0.5 * tanh(odds / 2), SURE), 1.0 - SURE)  # the logistic curve


def _decayed(loads: Mapping[str, float]) -> dict[str, float]:
    """What is too little to matter is forgotten."""
    left = {name: load * SIGNALS[name].decay for name, load in loads.items() if name in SIGNALS}
    return {name: load for name, load in left.items() if abs(load) >= 0.01}


def _added(loads: Mapping[str, float], fired: Iterable[str]) -> dict[str, float]:
    left = dict(loads)
    for name in fired:
        signal = SIGNALS[name]
        left = {other: load for other, load in left.items() if other not in signal.clears}
        left[name] = left.get(name, 0.0) + signal.weight
    return left


def handed_over(evidence: Evidence) -> Evidence:
    """For another model: what its predecessor did is no sign of how it will do."""
    return replace(evidence, loads={}, stalled=0, calls=(), edits=())
