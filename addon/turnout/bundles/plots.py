"""Three plots as SVG, drawn by hand: no library is needed to look at a report.

A plot is a frame with axes, and marks put on it in units of the data.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil
from typing import Any

type Row = Mapping[str, Any]
type Point = tuple[float, float]

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 54, 52
INK, PALE, GRID = "#222222", "#8a8a8a", "#e4e4e4"
COLOURS = {"strict": "#1b6ca8", "parity": "#c8553d", "thrift": "#5b8c5a", "knn": "#8e6bbf"}


@dataclass(slots=True)
class Frame:
    """`x`, `y`: least and greatest value shown."""

    title: str
    x: Point
    y: Point
    across: str
    up: str
    parts: list[str] = field(default_factory=list)

    def at(self, x: float, y: float) -> Point:
        """Data -> pixels."""
        wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        part = (x - self.x[0]) / (self.x[1] - self.x[0]), (y - self.y[0]) / (self.y[1] - self.y[0])
        return LEFT + part[0] * wide, HEIGHT - BOTTOM - part[1] * high

    def line(
        self, points: Iterable[Point], colour: str, *, dash: str = "", width: float = 1.6
    ) -> None:
        where = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*point) for point in points))
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<polyline points="{where}" fill="none" stroke="{colour}" '
            f'stroke-width="{width}"{dashed}/>'
        )

    def dot(self, x: float, y: float, colour: str, radius: float = 4.0, hint: str = "") -> None:
        left, top = self.at(x, y)
        self.parts.append(
            f'<circle cx="{left:.1f}" cy="{top:.1f}" r="{radius:.1f}" fill="{colour}" '
            f'fill-opacity="0.8"><title>{escape(hint)}</title></circle>'
        )

    def text(
        self, x: float, y: float, words: str, colour: str = INK, *, size: int = 12, off: float = 7
    ) -> None:
        """Kept inside: what would leave on the right is written to the left of its place, `off`
        pixels from it."""
        left, top = self.at(x, y)
        end = left + off + 0.56 * size * len(words) > WIDTH - 4
        anchor, shift = ("end", -off) if end else ("start", off)
        self.parts.append(
            f'<text x="{left + shift:.1f}" y="{top + 4:.1f}" font-size="{size}" fill="{colour}" '
            f'text-anchor="{anchor}">{escape(words)}</text>'
        )

    def legend(self, colours: Mapping[str, str]) -> None:
        """Above the frame, where no mark of the data is."""
        for place, (name, colour) in enumerate(colours.items()):
            left = LEFT + 90 * place
            self.parts.append(
                f'<circle cx="{left + 5}" cy="35" r="5" fill="{colour}"/><text x="{left + 14}" '
                f'y="39" font-size="12" fill="{colour}">{escape(name)}</text>'
            )

    def svg(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'font-family="sans-serif"><rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n'
            + "\n".join([*self._axes(), *self.parts])
            + "\n</svg>\n"
        )

    def _axes(self) -> list[str]:
        marks = [f'<text x="{LEFT}" y="24" font-size="15" fill="{INK}">{escape(self.title)}</text>']
        for share in range(5):
            x = self.x[0] + share / 4 * (self.x[1] - self.x[0])
            y = self.y[0] + share / 4 * (self.y[1] - self.y[0])
            (across, bottom), (left, up) = self.at(x, self.y[0]), self.at(self.x[0], y)
            marks += [
                f'<line x1="{left}" y1="{up:.1f}" x2="{WIDTH - RIGHT}" y2="{up:.1f}" '
                f'stroke="{GRID}"/>',
                _tick(left - 8, up + 4, y, "end"),
                _tick(across, bottom + 18, x, "middle"),
            ]
        middle = (LEFT + WIDTH - RIGHT) / 2
        half = (TOP + HEIGHT - BOTTOM) / 2
        return [
            *marks,
            f'<text x="{middle}" y="{HEIGHT - 10}" font-size="12" fill="{PALE}" '
            f'text-anchor="middle">{escape(self.across)}</text>',
            f'<text x="16" y="{half}" font-size="12" fill="{PALE}" text-anchor="middle" '
            f'transform="rotate(-90 16 {half})">{escape(self.up)}</text>',
        ]


def _tick(x: float, y: float, value: float, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="11" fill="{PALE}" '
        f'text-anchor="{anchor}">{value:.3g}</text>'
    )


def frontier(row: Row) -> str:
    """Cost against quality of one source: single models, their best mixes, the router."""
    singles = [(one["bill_percent"], one["quality"], one["model"]) for one in row["singles"]]
    routed = [
        (name, found["bill_percent"]["value"], found["quality"]["value"])
        for name, found in (*row["router"].items(), ("knn", row["knn"]))
    ]
    most = min(max(b for b, _, _ in singles), 160.0)
    levels = [q for b, q, _ in singles if b <= most] + [q for _, _, q in routed]
    low, high = min(levels), max(levels)
    room = max(high - low, 1.0) * 0.08
    title = f"{row['name']}: {row['requested']} requested, {row['prompts']} prompts"
    plot = Frame(
        title,
        (0.0, 40.0 * ceil(max(most, 110.0) / 40)),
        (low - room, high + room),
        f"bill, % of the requested model's ({row['bill']})",
        "mean score, %",
    )
    hull = _hull([(bill, quality) for bill, quality, _ in singles if bill <= plot.x[1]])
    plot.line(hull, PALE, dash="5 4")
    for bill, quality, model in singles:
        if bill <= plot.x[1]:
            plot.dot(bill, quality, PALE, 3.5, model)
            if (bill, quality) in hull:
                plot.text(bill, quality - room * 0.35, model, PALE, size=10)
    for name, bill, quality in routed:
        plot.dot(bill, quality, COLOURS.get(name, INK), 6, name)
    plot.legend({name: COLOURS.get(name, INK) for name, _, _ in routed})
    return plot.svg()


def _hull(points: Sequence[Point]) -> list[Point]:
    """The best quality for each bill: upper hull from the cheapest to the best (Andrew 1979)."""
    kept: list[Point] = []
    for point in sorted(points):
        if kept and point[1] <= max(y for _, y in kept):
            continue
        while len(kept) > 1 and _turns_left(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return kept


def _turns_left(a: Point, b: Point, c: Point) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) >= (b[1] - a[1]) * (c[0] - a[0])


def calibration(bins: Sequence[Row], split: str) -> str:
    plot = Frame(
        f"Predicted and measured parity (epsilon 0.02), split: {split}",
        (0.0, 1.0),
        (0.0, 1.0),
        "predicted probability of parity (figures: cases)",
        "measured share",
    )
    plot.line([(0, 0), (1, 1)], PALE, dash="5 4")
    plot.line([(one["predicted"], one["measured"]) for one in bins], COLOURS["parity"])
    for one in bins:
        radius = 3 + one["cases"] ** 0.5 / 2
        plot.dot(one["predicted"], one["measured"], COLOURS["parity"], radius)
        plot.text(one["predicted"], one["measured"], str(one["cases"]), size=10, off=radius + 4)
    return plot.svg()


def clusters(rows: Sequence[Row]) -> str:
    """A bar a cluster: how many prompts, and how many of the models have labels there."""
    high = TOP + 22 * len(rows) + 20
    most = max((row["prompts"] for row in rows), default=1)
    bars = []
    for place, row in enumerate(sorted(rows, key=lambda row: -row["prompts"])):
        top, wide = TOP + 22 * place, 220 * row["prompts"] / most
        bars.append(
            f'<text x="400" y="{top + 13}" font-size="11" fill="{INK}" text-anchor="end">'
            f"{escape(row['label'])}</text>"
            f'<rect x="410" y="{top + 3}" width="{wide:.1f}" height="13" '
            f'fill="{COLOURS["strict"]}" '
            f'fill-opacity="{0.35 + 0.6 * row["tools"]:.2f}"/>'
            f'<text x="{416 + wide:.1f}" y="{top + 13}" font-size="11" fill="{PALE}">'
            f"{row['prompts']:,}, {row['labelled_models']} models with labels</text>"
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 820 {high}" '
        'font-family="sans-serif">'
        f'<rect width="820" height="{high}" fill="white"/><text x="20" y="24" font-size="15" '
        f'fill="{INK}">Clusters: prompts behind each; darker = more of them with tools</text>\n'
        + "\n".join(bars)
        + "\n</svg>\n"
    )
