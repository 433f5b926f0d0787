"""The page a command prints on: labelled lines and plain tables, for a terminal or a pipe."""

import os
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from turnout.cli.figures import clean

LABEL = 11  # columns
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
    return Text.assemble((label.ljust(LABEL), "bold"), clean(words))


def grid(*titles: str, numbers: int) -> Table:
    """A table whose first column is words and whose next `numbers` columns are numbers."""
    found = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for n, title in enumerate(titles):
        found.add_column(title, justify="right" if 1 <= n <= numbers else "left", overflow="fold")
    return found
