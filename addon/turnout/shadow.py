"""Shadow: everything is decided and costed, nothing is touched. It keeps pins of its own.

    planner ─▶ refreshed   the place of an action, with where its conversation would be by now
    engine  ─▶ keep        it would go on where this action would have gone
    books   ─▶ learn       and that binding's cache would hold this much

So a conversation in shadow switches as often as one that is routed. What its traffic shows of the
model that really serves it says nothing of the one that does not: there are no escalations here.
"""

from collections.abc import Callable
from dataclasses import replace

from turnout.books import Passed
from turnout.counterfactual import Counterfactual
from turnout.session.cache_state import Cached
from turnout.session.pins import CACHES, MOST, Pin, Pins
from turnout.session.place import Place
from turnout.sessions import SINGLE, UNPINNED
from turnout.state.memory import Memory
from turnout.trip import Plan, Untouched

REASON = "shadow"


class Shadow:
    """One per process, in memory: what would have been is forgotten with it."""

    def __init__(self, elsewhere: Counterfactual, clock: Callable[[], float]) -> None:
        self._elsewhere = elsewhere
        self._state: Memory[Pin] = Memory(most=MOST)
        self._pins = Pins(clock, self._state)

    def refreshed(self, place: Place, kind: str) -> Place:
        return replace(place, pin=None if kind in UNPINNED else self._pins.get(place.key))

    def keep(self, plan: Plan | Untouched) -> None:
        place, decision = plan.place, plan.decision
        if decision.reason != REASON or place is None or decision.kind in SINGLE:
            return
        provider, _, model = decision.fresh_model.partition("/")
        self._pins.keep(place.key, place.pinned_to(provider, model, at=decision.at))

    def learn(self, plan: Plan | Untouched, passed: Passed) -> None:
        place = plan.place
        if plan.decision.reason != REASON or place is None:
            return
        pin = self._state.get(place.key)
        cached = self._elsewhere.cache(place, plan.decision.fresh_model)
        if pin and cached:
            self._state.put(place.key, _with(pin, cached))


def _with(pin: Pin, cached: Cached) -> Pin:
    """It is the sum of all its answers already."""
    others = tuple(one for one in pin.caches if not one.same(cached))
    return replace(pin, caches=(*others, cached)[-CACHES:])
