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
MOST_SETS = 64  # of bindings that are remembered


class Switches:
    """Asked for every request: in memory, written behind to the table `switches`."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._out: Lasting[float] = Lasting(
            store, "switches", _row, most=MOST, before=_before(store)
        )
        # what was asked about is held, so that an id stays that object's
        self._opened: dict[
            tuple[int, str, frozenset[str]], tuple[Sequence[Binding], tuple[Binding, ...]]
        ] = {}

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
        """Without those that are out; `asked` stays. The same object for the same."""
        if not (out := self.out):
            return bindings
        kept = _name(asked) if asked else ""
        key = (id(bindings), kept, out)
        if key not in self._opened:
            if len(self._opened) >= MOST_SETS:
                self._opened.clear()
            left = tuple(b for b in bindings if _name(b) == kept or _name(b) not in out)
            self._opened[key] = (bindings, left)
        return self._opened[key][1]


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
