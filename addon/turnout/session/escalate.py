"""When a session should go on with a stronger model, and which.

A session is on model c with P(c fails from here) = p, which the evidence moves. For a stronger r,
with qualities a and b and the correlation phi of two models' successes on the same task:

    saved  = P(r succeeds | c fails) = b - phi * sqrt(b(1-b)) * sqrt(a / (1-a))
    lost   = P(r fails | c succeeds) = (1-b) - phi * sqrt(b(1-b)) * sqrt((1-a) / a)
    gain   = p * saved - (1-p) * lost               without evidence p = 1-a, and gain = b - a

It escalates to the r with the greatest  gain * value - extra cost of the rest of the session,  if
that is positive; only when the evidence is against c: without, the parity of the two is settled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

from turnout.session.evidence import Evidence, failing

# of two different models' successes on the same tasks of SWE-bench Verified: about 0.60
CORRELATION = 0.60
# A success is worth this many whole sessions on the requested model. Start value; the default of
# policy.success_value.
VALUE = 4.0
MOST = 2  # escalations in one session
LEAST_SCORE = 1.0  # log-odds of evidence without which nothing is done; start value

type Key = tuple[str, str]  # provider, model


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A binding that the session could go on with.

    `quality`: predicted, 0 to 1. `rest_usd`: what the rest of the session would cost on it.
    `home`: it is what was asked for, which may always be gone to.
    """

    provider: str
    model: str
    quality: float
    rest_usd: float
    home: bool = False

    @property
    def key(self) -> Key:
        return self.provider, self.model


@dataclass(frozen=True, slots=True)
class State:
    """Where a session stands. `to`: what it was escalated to. `cluster`: of the task it was for."""

    times: int = 0
    to: Key | None = None
    cluster: int | None = None
    tasks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`to`: the session has to be on this, None when evidence has no say.

    `reason`: escalated, stays_escalated, deescalated, struggles_on_strongest, "" for nothing.
    `record`: the arithmetic, for the decision's `evidence`.
    """

    state: State
    to: Key | None = None
    reason: str = ""
    record: dict[str, Any]


def judge(
    state: State,
    evidence: Evidence,
    current: Rung | None,
    rungs: Sequence[Rung],
    *,
    cluster: int,
    value_usd: float,
) -> Verdict:
    """`current`: what the session is on, None when it is new. `rungs`: what may be chosen instead.

    The caller leaves out of `rungs` what is above the requested model, unless that is allowed.
    """
    record: dict[str, Any] = {"score": round(evidence.score, 3), "signals": _rounded(evidence)}
    if _is_over(state, evidence, cluster):
        calm = State(times=state.times, cluster=cluster, tasks=evidence.tasks)
        return Verdict(state=calm, reason="deescalated", record=record)
    stays = Verdict(state=state, to=state.to, record=record, reason=_stays(state))
    if current is None or evidence.score < LEAST_SCORE:
        return stays
    fails = failing(evidence, current.quality)
    record["fails"] = round(fails, 3)
    stronger = [rung for rung in rungs if _above(rung, current)]
    if not stronger:
        return replace(stays, reason="struggles_on_strongest") if fails > 0.5 else stays
    best = max(stronger, key=lambda rung: (_net(fails, current, rung, value_usd), rung.key))
    record |= _told(fails, current, best, value_usd)
    if state.times >= MOST or _net(fails, current, best, value_usd) <= 0:
        return stays
    moved = State(state.times + 1, best.key, cluster, evidence.tasks)
    return Verdict(state=moved, to=best.key, reason="escalated", record=record)


def saved(a: float, b: float) -> float:
    """P(a model of quality `b` succeeds | one of quality `a` fails)."""
    return _within(b - CORRELATION * sqrt(b * (1 - b)) * sqrt(a / (1 - a)))


def lost(a: float, b: float) -> float:
    """P(a model of quality `b` fails | one of quality `a` succeeds)."""
    return _within((1 - b) - CORRELATION * sqrt(b * (1 - b)) * sqrt((1 - a) / a))


def gain(fails: float, a: float, b: float) -> float:
    """Probability of success that a change from `a` to `b` wins, or loses."""
    a, b = _inner(a), _inner(b)
    return fails * saved(a, b) - (1 - fails) * lost(a, b)


def _net(fails: float, current: Rung, rung: Rung, value_usd: float) -> float:
    """USD that going on with `rung` is worth. What only saves money is the economics' business."""
    won = gain(fails, current.quality, rung.quality) * value_usd
    return won - max(rung.rest_usd - current.rest_usd, 0.0)


def _above(rung: Rung, current: Rung) -> bool:
    """Another model; the same one elsewhere would do as it did."""
    return rung.model != current.model and (rung.home or rung.quality > current.quality)


def _is_over(state: State, evidence: Evidence, cluster: int) -> bool:
    """People asked for something new, of another class."""
    return state.to is not None and evidence.tasks > state.tasks and cluster != state.cluster


def _stays(state: State) -> str:
    return "stays_escalated" if state.to else ""


def _told(fails: float, current: Rung, best: Rung, value_usd: float) -> dict[str, Any]:
    return {
        "stronger": f"{best.provider}/{best.model}",
        "gain": round(gain(fails, current.quality, best.quality), 4),
        "value_usd": round(value_usd, 4),
        "extra_usd": round(best.rest_usd - current.rest_usd, 4),
    }


def _rounded(evidence: Evidence) -> dict[str, float]:
    return {name: round(load, 3) for name, load in evidence.loads.items()}


def _within(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _inner(quality: float) -> float:
    return min(max(quality, 0.01), 0.99)
