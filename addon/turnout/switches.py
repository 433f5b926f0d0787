"""Models that a person took out: not routed to until they are let in again, also after a restart.

A client that asks for one by name still gets it: what is asked for is never taken away.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from turnout import history
from turnout.errors import TurnoutError
from turnout.route.model import Binding
from turnout.state.lasting import Lasting
from turnout.store import Store

log = logging.getLogger(__name__)

MOST = 10_000


class Switches:
    """Asked for every request: in memory, written behind to the table `switches`."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._out: Lasting[float] = Lasting(
            store, "switches", _row, most=MOST, before=_before(store)
        )

    @property
    def out(self) -> frozenset[str]:
        """provider/model"""
        return frozenset(name for name, _ in self._out.items())

    def put(self, binding: Binding, *, on: bool) -> None:
        if on:
            self._out.drop(_name(binding))
        else:
            self._out.put(_name(binding), self._clock())

    def open(self, bindings: Sequence[Binding], asked: Binding | None) -> Sequence[Binding]:
        """Without those that are out; `asked` stays."""
        if not (out := self.out):
            return bindings
        kept = _name(asked) if asked else ""
        return [one for one in bindings if _name(one) == kept or _name(one) not in out]


def _name(binding: Binding) -> str:
    return f"{binding.provider}/{binding.model.id}"


def _row(name: str, at: float) -> dict[str, Any]:
    return {"id": name, "at": at}


def _before(store: Store) -> list[tuple[str, float]]:
    """None when the log cannot be read: then every model is in."""
    try:
        with history.read(store.path) as reader:
            return [(row["id"], row["at"]) for row in reader.select("SELECT * FROM switches")]
    except TurnoutError as e:
        log.debug("no switches yet: %s", e)
        return []
