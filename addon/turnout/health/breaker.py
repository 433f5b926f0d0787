"""Circuit breakers: what has just failed is left alone for a while, then tried with one request.

    closed ── failures in a row, or one that names a time ──▶ open
    open ── its time is over ──▶ half_open ── one probe worked ──▶ closed
                                           ── it failed ──▶ open, for twice as long

A breaker that nobody wrote is closed. Times are epoch seconds, so that processes can share them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from turnout.health.faults import Fault
from turnout.state.memory import Memory
from turnout.state.protocol import State

MOST = 2000  # breakers that are remembered
WINDOW_S = 60.0  # failures further apart than this are no failures in a row; start value
BACK_S = 5.0  # a failure so far ahead of now was told by a clock that has been set back
PROBE_S = 120.0  # a probe that is not heard of for so long is given up

type Name = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """`failures`: in a row. `opened`: how often in a row, 0 when closed. `until`: open until then.

    `probe`: a probe is under way, and waited for until then. `at`, `error`: of the last failure.
    """

    failures: int = 0
    opened: int = 0
    until: float = 0.0
    probe: float = 0.0
    at: float = 0.0
    error: str = ""

    def by(self, now: float) -> "Breaker":
        """With a clock that was set back its times are, too: it would stay open until then."""
        ahead = self.at - now
        if ahead <= BACK_S:
            return self
        return replace(self, at=now, until=self.until - ahead, probe=0.0)

    def state(self, now: float) -> Name:
        if not self.opened:
            return "closed"
        return "open" if now < self.until else "half_open"

    def failed(self, fault: Fault, now: float) -> "Breaker":
        """Late news of requests that were under way does not make an open one wait longer."""
        recent = now - self.at <= WINDOW_S or self.opened
        seen = replace(
            self, failures=self.failures + 1 if recent else 1, at=now, probe=0.0, error=fault.error
        )
        if self.state(now) == "open":
            return replace(seen, until=max(self.until, now + fault.named))
        if not self.opened and seen.failures < fault.after and not fault.named:
            return seen
        wait = fault.named or min(fault.seconds * 2**self.opened, fault.most)
        return replace(seen, opened=self.opened + 1, until=now + wait)


class Breakers:
    """`state` may be memory or a server; two processes may then send two probes, not one."""

    def __init__(self, clock: Callable[[], float], state: State[Breaker] | None = None) -> None:
        self._clock = clock
        self._state: State[Breaker] = Memory(most=MOST) if state is None else state

    def blocks(self, key: str) -> Breaker | None:
        """The breaker that forbids to send now: open, or half-open with its probe under way."""
        breaker, now = self._known(key), self._clock()
        if breaker is None or breaker.state(now) == "closed":
            return None
        return breaker if now < max(breaker.until, breaker.probe) else None

    def _known(self, key: str) -> Breaker | None:
        breaker = self._state.get(key)
        if breaker and (moved := breaker.by(self._clock())) is not breaker:
            self._state.put(key, moved)
            return moved
        return breaker

    def begin(self, key: str) -> None:
        """Something is sent: through a half-open breaker that is its probe."""
        breaker, now = self._known(key), self._clock()
        if breaker and breaker.state(now) == "half_open":
            self._state.put(key, replace(breaker, probe=now + PROBE_S))

    def failed(self, key: str, fault: Fault) -> None:
        before = self._known(key) or Breaker()
        self._state.put(key, before.failed(fault, self._clock()))

    def worked(self, key: str, began: float, *, whole: bool = False) -> None:
        """It answers: closed. Failures in a row are forgotten when an answer was `whole`.

        What was sent before the last failure proves nothing.
        """
        breaker = self._known(key)
        if breaker is None or began < breaker.at:
            return
        if whole:
            self._state.drop(key)
        elif breaker.opened:
            self._state.put(key, replace(breaker, opened=0, failures=0, until=0.0, probe=0.0))

    def left(self, key: str) -> None:
        """Nobody waits for the probe any more: the next request is one."""
        breaker = self._state.get(key)
        if breaker and breaker.probe:
            self._state.put(key, replace(breaker, probe=0.0))

    def items(self) -> Iterator[tuple[str, Breaker, Name]]:
        now = self._clock()
        for key, breaker in self._state.items():
            yield key, breaker.by(now), breaker.by(now).state(now)
