"""Tariffs of many bindings as columns of numbers: most of them are the same at every step."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import nan

import numpy as np

from turnout.route.model import Binding
from turnout.session.economics import Tariff, Tariffs

MOST = 256

type Find = Callable[[Binding], Tariff | None]


@dataclass(frozen=True, slots=True)
class _Known:
    """`moving`: the places of prices with tiers or hours. `held`: an id stays that object's."""

    held: tuple[Binding, ...]
    tariffs: Tariffs
    moving: tuple[int, ...]


class Board:
    """One for all sessions."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, _Known] = OrderedDict()

    def of(self, key: Hashable, bindings: tuple[Binding, ...], find: Find) -> Tariffs:
        """`key`: all that `find` hangs on, but for tiers and hours. What is unknown is nan."""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _made(bindings, find)
        self._known.move_to_end(key)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return _moved(known, find) if known.moving else known.tariffs


def _made(bindings: tuple[Binding, ...], find: Find) -> _Known:
    rows = np.array([_row(one, find) for one in bindings], dtype=np.float64).reshape(-1, 4).T
    prices = enumerate(one.price for one in bindings)
    moving = tuple(n for n, price in prices if price and (price.tiers or price.off_peak))
    return _Known(bindings, Tariffs(*rows), moving)


def _moved(known: _Known, find: Find) -> Tariffs:
    read, write, output = known.tariffs.read, known.tariffs.write, known.tariffs.output
    read, write, output = read.copy(), write.copy(), output.copy()
    for n in known.moving:
        read[n], write[n], output[n], _ = _row(known.held[n], find)
    return Tariffs(read, write, output, known.tariffs.ratio)


def _row(binding: Binding, find: Find) -> tuple[float, float, float, float]:
    found, ratio = find(binding), binding.model.token_ratio
    if found is None:
        return nan, nan, nan, ratio
    return found.read, found.write, found.output, ratio
