"""The page a command prints on: labelled lines and plain tables, for a terminal or a pipe."""

import os
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from turnout.figures import clean

LABEL = 11  # columns
GAP = 2  # columns between two columns
PIPED = 200  # columns when nobody looks: enough that nothing is folded


def console() -> Console:
    """Colours and folding for a terminal; plain and wide for a pipe."""
    seen = sys.stdout.isatty()
    return Console(
        width=None if seen or os.environ.get("COLUMNS") else PIPED,
        color_system="auto" if seen else None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def told(label: str, words: str) -> Text:
    return Text.assemble((label.ljust(LABEL - 1) + " ", "bold"), clean(words))


def grid(*titles: str, numbers: int) -> Table:
    """A table whose first column is words and whose next `numbers` columns are numbers."""
    found = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
    for n, title in enumerate(titles):
        found.add_column(title, justify="right" if 1 <= n <= numbers else "left", overflow="fold")
    return found


def show(table: Table) -> None:
    """Prints it; where it is too wide, columns of several words give way before a word is cut."""
    out = console()
    wide = [max(map(len, cells)) for cells in _cells(table)]
    least = [max(len(word) for cell in cells for word in cell.split()) for cells in _cells(table)]
    over = sum(wide) + GAP * len(wide) - out.width
    for n in sorted(range(len(wide)), key=lambda n: least[n] - wide[n]):
        give = max(0, min(over, wide[n] - least[n]))
        over -= give
        if give:
            table.columns[n].width = wide[n] - give
    out.print(table)


def _cells(table: Table) -> Iterator[list[str]]:
    for column in table.columns:
        yield [str(column.header), *map(str, column.cells)]
