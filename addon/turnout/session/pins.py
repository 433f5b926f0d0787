"""Which model a conversation is on. In memory, for one thread; the least recently used go first."""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace

from turnout.wire.request import CacheTtl

MOST = 10_000

# seconds a pin outlives its last use: as long as the provider keeps the prefix in its cache.
# Without marks providers cache by themselves, for five to ten minutes.
# https://platform.openai.com/docs/guides/prompt-caching
LIFETIMES: dict[CacheTtl | None, float] = {"5m": 300.0, "1h": 3600.0, None: 600.0}


@dataclass(frozen=True, slots=True)
class Pin:
    """`last_used`: seconds on the clock of Pins. `ttl`: seconds; infinite when forced."""

    provider: str
    model: str
    last_used: float
    ttl: float


class Pins:
    """Keys name a conversation, its agent and the model asked for, so tiers are pinned apart."""

    def __init__(self, clock: Callable[[], float], *, most: int = MOST) -> None:
        self._clock, self._most = clock, most
        self._pins: OrderedDict[str, Pin] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pins)

    def get(self, key: str) -> Pin | None:
        """Finding a pin is a use of it."""
        pin = self._pins.get(key)
        if pin is None:
            return None
        now = self._clock()
        if now - pin.last_used > pin.ttl:
            del self._pins[key]
            return None
        self._pins[key] = replace(pin, last_used=now)
        self._pins.move_to_end(key)
        return self._pins[key]

    def keep(
        self,
        key: str,
        provider: str,
        model: str,
        ttl: CacheTtl | None = None,
        *,
        forced: bool = False,
    ) -> None:
        seconds = math.inf if forced else LIFETIMES[ttl]
        self._pins[key] = Pin(provider, model, self._clock(), seconds)
        self._pins.move_to_end(key)
        while len(self._pins) > self._most:
            self._pins.popitem(last=False)

    def drop(self, key: str) -> None:
        self._pins.pop(key, None)
