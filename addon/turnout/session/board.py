"""Tariffs of many bindings as columns of numbers: most of them are the same at every step."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from math import nan

import numpy as np

from turnout.route.model import Binding, Rates
from turnout.session.economics import Tariff, Tariffs

MOST = 256
MOVES = 16  # ways in which the tiers and hours of one set stand

type Find = Callable[[Binding], Tariff | None]


@dataclass(frozen=True, slots=True)
class _Known:
    """`moving`: those whose prices have tiers or hours. `held`: so that an id stays that object's.

    `tariffs`: by the rates that hold of those that move.
    """

    held: tuple[Binding, ...]
    moving: tuple[Binding, ...]
    tariffs: dict[tuple[int, ...], Tariffs] = field(default_factory=dict)


class Board:
    """One for all sessions."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, _Known] = OrderedDict()

    def of(
        self,
        key: Hashable,
        bindings: tuple[Binding, ...],
        rates: Callable[[Binding], Rates | None],
        find: Find,
    ) -> Tariffs:
        """`key`: all that `find` hangs on, but for the `rates` of now. What is unknown is nan."""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Known(bindings, tuple(filter(_moves, bindings)))
        self._known.move_to_end(key)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        now = tuple([id(rates(one)) for one in known.moving])
        found = known.tariffs.get(now)
        if found is None:
            if len(known.tariffs) >= MOVES:
                known.tariffs.clear()
            found = known.tariffs[now] = _made(bindings, find)
        return found


def _moves(binding: Binding) -> bool:
    return bool(binding.price and (binding.price.tiers or binding.price.off_peak))


def _made(bindings: tuple[Binding, ...], find: Find) -> Tariffs:
    rows = [_row(one, find) for one in bindings]
    return Tariffs(*np.array(rows, dtype=np.float64).reshape(-1, 4).T)


def _row(binding: Binding, find: Find) -> tuple[float, float, float, float]:
    found, ratio = find(binding), binding.model.token_ratio
    if found is None:
        return nan, nan, nan, ratio
    return found.read, found.write, found.output, ratio
