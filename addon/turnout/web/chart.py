"""Charts as plain geometry: a template draws them as SVG, a table beside them tells the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from turnout import figures
from turnout.web.summary import HOUR, Sums, plus

BAR = 10  # units of the drawing, the gap beside it included
LINES = 4  # of the scale, above 0
STEPS = (1, 2, 2.5, 4, 5, 6, 8, 10)  # a scale's lines are at these, times a power of ten


@dataclass(slots=True)
class Bar:
    """Of some hours: what it cost, what was asked for would have cost on the same tokens, and what
    it is believed to have cost with its own (low to high). USD; None is unknown."""

    at: int
    label: str
    actions: int = 0
    cost: float | None = None
    asked: float | None = None
    saved: float | None = None
    saved_low: float | None = None
    saved_high: float | None = None

    @property
    def alone(self) -> tuple[float, float]:
        """What it would have cost, low and high; zeros where that is not known."""
        if self.saved_low is None or self.saved_high is None:
            return 0.0, 0.0
        cost = self.cost or 0.0
        return max(cost + self.saved_low, 0.0), max(cost + self.saved_high, 0.0)

    def add(self, one: Sums) -> None:
        self.actions += one.actions
        self.cost = plus(self.cost, one.cost_usd)
        self.asked = plus(self.asked, one.comparable_usd)
        self.saved = plus(self.saved, one.saved_usd)
        if one.of_usd is not None:
            self.saved_low = plus(self.saved_low, (one.low_usd or 0.0) - one.of_usd)
            self.saved_high = plus(self.saved_high, (one.high_usd or 0.0) - one.of_usd)


def bars(sums: Iterable[Sums], first: int, hours: int, step: int) -> list[Bar]:
    """`step` hours each, from the hour `first` (since 1970) on."""
    found = [Bar(at, _label(at, step)) for at in range(first, first + hours, step)]
    for one in sums:
        if 0 <= (place := (one.hour - first) // step) < len(found):
            found[place].add(one)
    return found


def _label(hour: int, step: int) -> str:
    at = datetime.fromtimestamp(hour * HOUR, UTC)
    return f"{at:%b %d}" if step >= 24 else f"{at:%b %d %H:00}" if step > 1 else f"{at:%H:00}"


@dataclass(frozen=True, slots=True)
class Shape:
    """A bar as drawn: heights of 100. `asked`: what was asked for, on the same tokens; `alone`: the
    same with its own tokens and cache, low and high. None when it is not known."""

    x: float
    spent: float
    asked: float | None
    alone: tuple[float, float] | None
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of a width of `BAR` each on a height of 100; `lines` of the scale from the top down,
    `ticks` below, evenly."""

    shapes: list[Shape]
    width: int
    lines: list[str]
    ticks: list[str]


def drawn(found: Sequence[Bar]) -> Chart:
    most = max((max(bar.cost or 0.0, bar.asked or 0.0, bar.alone[1]) for bar in found), default=0.0)
    top = rounded(most)
    shapes = [_shape(bar, n * BAR, 100 / top) for n, bar in enumerate(found)]
    lines = [figures.usd(top * n / LINES) if most else "" for n in range(LINES, -1, -1)]
    every = next(n for n in (4, 5, 3, 2, 1) if len(found) % n == 0)
    return Chart(shapes, BAR * len(found), lines, [bar.label for bar in found[::every]])


def _shape(bar: Bar, x: float, scale: float) -> Shape:
    low, high = bar.alone
    said = f"{bar.label}: {figures.usd(bar.cost)} spent, {figures.usd(bar.asked)} as asked"
    return Shape(
        x=x,
        spent=round(scale * (bar.cost or 0.0), 2),
        asked=None if bar.asked is None else round(scale * bar.asked, 2),
        alone=(round(scale * low, 2), round(scale * high, 2)) if high else None,
        title=f"{said}, {bar.actions} actions",
    )


def rounded(value: float) -> float:
    """The next round number above."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (len(str(int(value))) - 1) if value >= 1 else 10.0 ** -_zeros(value)
    return next(step * power for step in STEPS if step * power >= value * 0.999_999)


def _zeros(value: float) -> int:
    """0.02 -> 2: the place of its first digit."""
    places = 0
    while value < 1:
        value *= 10
        places += 1
    return places
