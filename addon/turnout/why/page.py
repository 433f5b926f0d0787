"""What a decision says of itself: labelled lines and plain tables, for a terminal or a page."""

from dataclasses import dataclass, field

from turnout.figures import clean


@dataclass(frozen=True, slots=True)
class Line:
    """`label` is "" where the line goes on with what the one before it says."""

    label: str
    words: str

    def __str__(self) -> str:
        return f"{self.label} {self.words}".strip()


@dataclass(frozen=True, slots=True)
class Grid:
    """A table whose first column is words and whose next `numbers` columns are numbers."""

    titles: tuple[str, ...]
    numbers: int
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add_row(self, *cells: str) -> None:
        self.rows.append(cells)


type Told = Line | Grid


def told(label: str, words: str) -> Line:
    return Line(label, clean(words))


def grid(*titles: str, numbers: int) -> Grid:
    return Grid(titles, numbers)
