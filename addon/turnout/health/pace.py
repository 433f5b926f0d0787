"""How long bindings take to their first event, from what was seen lately."""

from collections import OrderedDict, deque
from math import ceil

KEPT = 200  # samples of one binding
ENOUGH = 20  # samples without which nothing is known
MOST = 500  # bindings


class Pace:
    """Seconds, for one thread. What was given up counts with the time it had taken until then."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def saw(self, binding: str, seconds: float) -> None:
        seen = self._seen.setdefault(binding, deque(maxlen=KEPT))
        self._seen.move_to_end(binding)
        seen.append(seconds)
        while len(self._seen) > MOST:
            self._seen.popitem(last=False)

    def quantile(self, binding: str, share: float) -> float | None:
        """None while too little was seen."""
        seen = self._seen.get(binding, ())
        if len(seen) < ENOUGH:
            return None
        return sorted(seen)[ceil(share * len(seen)) - 1]

    def items(self) -> dict[str, tuple[int, float | None]]:
        """Samples and 95th percentile of each binding."""
        return {key: (len(seen), self.quantile(key, 0.95)) for key, seen in self._seen.items()}
