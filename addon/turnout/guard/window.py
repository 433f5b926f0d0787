"""A sliding window: what was used in the last minute or day, in slots."""

from collections import deque
from dataclasses import dataclass, field
from math import ceil


@dataclass(frozen=True, slots=True)
class Span:
    """`slots` of `slot_s` seconds each; what is remembered is at most one slot too long."""

    slots: int
    slot_s: float


MINUTE = Span(60, 1.0)
DAY = Span(96, 900.0)


@dataclass(slots=True)
class Window:
    """Amounts by slot, the oldest first."""

    span: Span
    _used: deque[list[float]] = field(default_factory=deque)  # [number of the slot, amount]

    def add(self, at: float, amount: float) -> None:
        """`at`: epoch seconds; what is older than the window changes nothing."""
        slot = at // self.span.slot_s
        newest = self._used[-1][0] if self._used else slot
        if slot < newest - self.span.slots:
            return
        for one in reversed(self._used):
            if one[0] == slot:
                one[1] += amount
                return
            if one[0] < slot:
                break
        self._used.append([slot, amount])
        if slot < newest:
            self._used = deque(sorted(self._used))

    def used(self, at: float) -> float:
        """`at`: now. What a clock dated later, before it was set back, counts as of now."""
        now = at // self.span.slot_s
        ahead = 0.0
        while self._used and self._used[-1][0] > now + 1:  # parallel requests differ by one
            ahead += self._used.pop()[1]
        if ahead:
            self.add(at, ahead)
        oldest = now - self.span.slots
        while self._used and self._used[0][0] < oldest:
            self._used.popleft()
        return sum(amount for _, amount in self._used)

    def free_in(self, at: float, room: float) -> int:
        """Seconds, 1 or more, until no more than `room` is used; the whole span if never."""
        left = self.used(at)
        for slot, amount in self._used:
            left -= amount
            if left <= room:
                return max(1, ceil((slot + self.span.slots + 1) * self.span.slot_s - at))
        return ceil(self.span.slots * self.span.slot_s)
