"""Which model a conversation is on, and what was seen of it there. For one thread.

    plan    get ─▶ Pin as it is ─▶ keep(what was chosen)
    settle  observe(what came of it): caches, strikes, who really served it

A state that fails means that there is no pin: never an error.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from turnout.session.cache_state import BACK, Cached, Prefix
from turnout.state.memory import Memory
from turnout.state.protocol import State

log = logging.getLogger(__name__)

MOST = 10_000
SECONDS = 6 * 3600.0  # a pin outlives its last use by so long, start value; a cold cache is priced
CACHES = 4  # beginnings at bindings that are remembered of one pin
MOST_STRIKES = 16  # that are remembered
# actions that end in overload before a provider is left out for the session (c60); or in tool calls
# that no client can use, before a binding is
STRIKES = 2
EVERYONE = "*"  # the session of a pin made by hand for all sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """`last_used`: epoch seconds. `forced`: a person made it; it never expires.

    `session`, `agent`, `asked`: whose it is, and the model that was asked for. `steps`: actions
    that were planned on it. `strikes`: providers that were overloaded, once for each action.
    `evidence`: what else is known of the session, for whoever wrote it.
    """

    provider: str
    model: str
    last_used: float
    forced: bool = False
    session: str = ""
    agent: str = ""
    asked: str = ""
    steps: int = 0
    caches: tuple[Cached, ...] = ()
    strikes: tuple[str, ...] = ()
    evidence: str = ""

    @property
    def binding(self) -> tuple[str, str]:
        return self.provider, self.model

    @property
    def disabled(self) -> frozenset[str]:
        """Providers and bindings that are left out for the rest of the session."""
        return frozenset(one for one in self.strikes if self.strikes.count(one) >= STRIKES)

    def cached(self, provider: str, model: str, digest: str) -> Cached | None:
        wanted = (provider, model, digest)
        found = (c for c in self.caches if (c.provider, c.model, c.prefix.digest) == wanted)
        return next(found, None)

    def holds(self, provider: str, model: str, prefix: Prefix, now: float) -> float:
        """Tokens that this binding would read from its cache."""
        found = self.cached(provider, model, prefix.digest)
        return found.holds(prefix, now) if found else 0.0

    def with_cached(self, seen: Cached) -> "Pin":
        """Those not asked for the longest time go first."""
        others = [one for one in self.caches if not one.same(seen)]
        merged = next((one.merged(seen) for one in self.caches if one.same(seen)), seen)
        kept = sorted([*others, merged], key=lambda one: (one.asked_at, one.provider, one.model))
        return replace(self, caches=tuple(kept[-CACHES:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What came of one action. `planned`: the binding that was meant; `seen`: what was learned.

    `served`: who really answered, None when nobody did. `overloaded`: providers whose tries ended
    in overload, and bindings that made malformed tool calls. `refused`: the pinned model could not
    take it, as in a schema it does not know.
    """

    planned: tuple[str, str]
    served: tuple[str, str] | None = None
    seen: Cached | None = None
    overloaded: tuple[str, ...] = ()
    refused: bool = False


class Pins:
    """Keys name a conversation, its agent and the model asked for, so tiers are pinned apart."""

    def __init__(
        self, clock: Callable[[], float], state: State[Pin] | None = None, *, most: int = MOST
    ) -> None:
        self._clock = clock
        self._state: State[Pin] = Memory(most=most) if state is None else state

    def __len__(self) -> int:
        return self._safely(lambda: len(self._state)) or 0

    def get(self, key: str) -> Pin | None:
        """None when there is none, or when it has not been used for too long."""
        pin = self._safely(lambda: self._state.get(key))
        if pin is None or not self._over(pin):
            return pin
        self.drop(key)
        return None

    def keep(self, key: str, pin: Pin) -> None:
        """One more action is planned on it. What was seen until now stays known."""
        before = self.get(key)
        if before:
            pin = replace(
                before, provider=pin.provider, model=pin.model, forced=pin.forced or before.forced
            )
        self._put(key, replace(pin, last_used=self._clock(), steps=pin.steps + 1))

    def observe(self, key: str, found: Observed) -> None:
        """Parallel actions may come in any order; a pin that was moved since is not moved back."""
        pin = self.get(key)
        if pin is None:
            return
        if found.refused and pin.binding == found.planned and not pin.forced:
            self.drop(key)  # c59
            return
        if found.seen:
            pin = pin.with_cached(found.seen)
        if found.served and pin.binding == found.planned and not pin.forced:
            pin = replace(pin, provider=found.served[0], model=found.served[1])
        strikes = sorted((*pin.strikes, *found.overloaded))[-MOST_STRIKES:]
        self._put(key, replace(pin, strikes=tuple(strikes), last_used=self._clock()))

    def note(self, key: str, evidence: str) -> None:
        """Keeps something with a pin, when there is one."""
        if pin := self.get(key):
            self._put(key, replace(pin, evidence=evidence))

    def drop(self, key: str) -> None:
        self._safely(lambda: self._state.drop(key))

    def clear(self, session: str = "") -> int:
        """Drops the pins of a session, or all; says how many."""
        keys = [key for key, pin in self.items() if session in ("", pin.session)]
        for key in keys:
            self.drop(key)
        return len(keys)

    def items(self) -> Iterator[tuple[str, Pin]]:
        """Those that are alive, the latest used first."""
        found = self._safely(lambda: list(self._state.items())) or []
        yield from ((key, pin) for key, pin in reversed(found) if not self._over(pin))

    def sweep(self) -> None:
        """Drops those that have not been used for too long."""
        found = self._safely(lambda: list(self._state.items())) or []
        for key, pin in found:
            if self._over(pin):
                self.drop(key)

    # -- by hand

    def by_hand(self, session: str) -> Pin | None:
        """What a person pinned this session to, or all of them."""
        return self.get(_hand(session)) or self.get(_hand(EVERYONE))

    def force(self, session: str, provider: str, model: str) -> None:
        """`session`: "" is every one."""
        whose = session or EVERYONE
        pin = Pin(
            provider=provider, model=model, last_used=self._clock(), forced=True, session=whose
        )
        self._put(_hand(whose), pin)

    def _put(self, key: str, pin: Pin) -> None:
        self._safely(lambda: self._state.put(key, pin))

    def _over(self, pin: Pin) -> bool:
        """A clock that was set back a long way cannot say how old it is."""
        age = self._clock() - pin.last_used
        return not pin.forced and not -BACK <= age <= SECONDS

    def _safely[T](self, do: Callable[[], T]) -> T | None:
        try:
            return do()
        except Exception as e:  # noqa: BLE001  do no harm: without its pin a request is routed anew
            log.warning("pins: %r", e)
            return None


def _hand(session: str) -> str:
    return f"{session}|by hand"
