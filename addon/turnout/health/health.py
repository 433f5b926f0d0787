"""How bindings are doing, for whoever plans, sends or shows. Nothing in here can hurt a request.

    plan      why_not(binding)                      open breaker, learned refusal
    send      admits, then worked / failed / left   breakers, limits, pace
    settle    learn(plan, passed)                   refusals that another model then accepted

The client's own request, as it came, is never judged: it goes home whatever happened there.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, Protocol

from turnout.books import Passed
from turnout.config.settings import Hedge
from turnout.health import faults, limits
from turnout.health.account import account
from turnout.health.breaker import Breakers
from turnout.health.faults import ACCOUNTS, BAD_KEY, BUSY, TROUBLES, Fault, Trouble
from turnout.health.hedging import Hedging
from turnout.health.learned import REFUSALS, Learned
from turnout.health.pace import Pace
from turnout.record import Tried
from turnout.route.model import Binding
from turnout.trip import Arrival, Attempt, Headers, Plan, Untouched
from turnout.wire.request import Ask

log = logging.getLogger(__name__)


class Marks(Protocol):
    """guard.keys.Keys: what became of our keys. `sent`: when, epoch seconds."""

    def mark(self, provider: str, why: str, *, sent: float) -> None: ...

    def clear(self, provider: str) -> None: ...


class Guard(Protocol):
    def __call__[**P, R](self, method: Callable[P, R], /) -> Callable[P, R]: ...


def harmless(otherwise: Any) -> Guard:
    """What breaks in here answers `otherwise`, and the request goes on."""

    def guarded[**P, R](method: Callable[P, R], /) -> Callable[P, R]:
        @wraps(method)
        def safely(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return method(*args, **kwargs)
            except Exception as e:  # noqa: BLE001  do no harm
                log.warning("health: %r", e)
                return otherwise

        return safely

    return guarded


class Health:
    """One per process. `keys()`: told which of ours are refused, and which are taken."""

    def __init__(
        self,
        hedge: Hedge | None = None,
        *,
        clock: Callable[[], float] = time.time,
        keys: Callable[[], Marks] | None = None,
    ) -> None:
        self._clock, self._keys = clock, keys
        self.breakers = Breakers(clock)
        self.learned = Learned(clock)
        self.pace = Pace()
        self.hedging = Hedging(hedge or Hedge(), self.pace, clock)

    # -- planning

    @harmless("")
    def why_not(self, binding: Binding, arrival: Arrival, ask: Ask, *, own: bool) -> str:
        """Why nothing should be sent there now, "" when it may. `own`: with the client's key."""
        name = f"{binding.provider}/{binding.model.id}"
        whose = account(arrival.headers, arrival.url) if own else ""
        if any(map(self.breakers.blocks, _keys(binding.provider, name, whose))):
            return "breaker_open"
        feature = self.learned.why_not(name, ask)
        return f"refused_before: {feature}" if feature else ""

    # -- sending

    @harmless(True)
    def admits(self, attempt: Attempt) -> bool:
        """Asked just before it is sent. A half-open breaker lets one probe through."""
        if attempt.untouched:
            return True
        keys = _of(attempt)
        if any(map(self.breakers.blocks, keys)):
            return False
        for key in keys:
            self.breakers.begin(key)
        return True

    @harmless(None)
    def worked(self, attempt: Attempt, headers: Headers, began: float) -> None:
        """It has begun to answer. `began`: by the clock of this object. A limit may be used up."""
        if attempt.untouched:
            return
        for key in _of(attempt):
            self.breakers.worked(key, began)
        if self._keys and not attempt.clients_key:
            self._keys().clear(attempt.provider)
        if wait := limits.spent(headers, self._clock()):
            self._failed(attempt, replace(BUSY, named=wait, error="rate limit used up"), 429)

    @harmless(None)
    def finished(self, attempt: Attempt, began: float) -> None:
        """Its answer has come to its end."""
        if not attempt.untouched:
            for key in _of(attempt):
                self.breakers.worked(key, began, whole=True)

    @harmless(None)
    def refused(
        self, attempt: Attempt, status: int, headers: Headers, body: bytes = b"", *, began: float
    ) -> None:
        """An error status, or an error as the first event that stands for one."""
        fault = faults.of_status(status)
        if attempt.untouched or fault is None:
            self.left(attempt)  # a probe that got a plain 400 is over: the provider is there
            return
        if status == 401 and attempt.clients_key:
            return
        wait = limits.asked_for(headers, self._clock(), body) if status in (429, 503, 529) else 0.0
        self._failed(attempt, replace(fault, named=wait, error=f"status {status}"), status)
        if self._keys and status in BAD_KEY and not attempt.clients_key:
            self._keys().mark(attempt.provider, f"{attempt.provider} answered {status}", sent=began)

    @harmless(None)
    def failed(self, attempt: Attempt, trouble: Trouble, error: str) -> None:
        """No answer came, or it broke off."""
        if not attempt.untouched:
            self._failed(attempt, replace(TROUBLES[trouble], error=error))

    @harmless(None)
    def left(self, attempt: Attempt) -> None:
        """Nobody waits for it any more."""
        if not attempt.untouched:
            for key in _of(attempt):
                self.breakers.left(key)

    @harmless(None)
    def took(self, attempt: Attempt, seconds: float, *, streamed: bool) -> None:
        """To its first event, or until it was given up."""
        if streamed and not attempt.untouched:
            self.pace.saw(f"{attempt.provider}/{attempt.model}", seconds)

    @harmless(None)
    def hedge_after(self, plan: Plan, attempt: Attempt) -> float | None:
        """Seconds after which it is slow; None: it is not hedged."""
        return self.hedging.after(plan, attempt)

    @harmless(False)
    def may_hedge(self, plan: Plan, attempt: Attempt) -> bool:
        return self.hedging.spend(plan, attempt)

    @property
    def now(self) -> float:
        return self._clock()

    def _failed(self, attempt: Attempt, fault: Fault, status: int = 0) -> None:
        name = f"{attempt.provider}/{attempt.model}"
        if fault.scope == "door":
            key = _door(attempt.provider)
        elif attempt.clients_key and status in ACCOUNTS:
            key = f"{name}#{account(attempt.headers, attempt.url)}"
        else:
            key = name
        for other in _of(attempt):
            self.breakers.left(other)
        self.breakers.failed(key, fault)

    # -- afterwards

    @harmless(None)
    def learn(self, plan: Plan | Untouched, passed: Passed) -> None:
        """A refusal counts when somebody else then took the same request."""
        self.hedging.asked()
        if plan.ask is None or passed.status is None or passed.status >= 300:
            return
        for one in passed.tried:
            if one.status in REFUSALS and one.model and (feature := _feature(one)):
                self.learned.learn(f"{one.provider}/{one.model}", feature, plan.ask)

    # -- showing

    @harmless({})
    def status(self) -> dict[str, Any]:
        """For `turnout status --json` and the dashboard. Times are epoch seconds."""
        return {
            "breakers": [
                {
                    "binding": key.partition("#")[0],
                    "state": state,
                    "until": round(one.until, 1),
                    "error": one.error,
                }
                for key, one, state in self.breakers.items()
                if one.opened
            ],
            "refused_before": [
                {"binding": key.partition("|")[0], "feature": key.partition("|")[2]}
                | {"until": round(one.until, 1)}
                | ({"tokens": one.tokens} if key.endswith("|length") else {})
                for key, one in self.learned.items()
            ],
            "hedges": {"today": self.hedging.hedges, "usd": float(self.hedging.usd)},
        }


def _door(provider: str) -> str:
    return f"{provider}/*"


def _keys(provider: str, name: str, whose: str) -> list[str]:
    return [_door(provider), name, *([f"{name}#{whose}"] if whose else [])]


def _of(attempt: Attempt) -> list[str]:
    whose = account(attempt.headers, attempt.url) if attempt.clients_key else ""
    return _keys(attempt.provider, f"{attempt.provider}/{attempt.model}", whose)


def _feature(one: Tried) -> str:
    """As `named` wrote it."""
    return one.error.partition(" (")[2].removesuffix(")") if one.error.startswith("status") else ""


def named(status: int, feature: str) -> str:
    """What the record says of a refusal: never the words of its body, which may quote a prompt."""
    return f"status {status} ({feature})" if feature else f"status {status}"
