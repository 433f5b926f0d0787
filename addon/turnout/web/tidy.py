"""Rows for pages: what is damaged is unknown, so that one cell does not cost a page."""

from collections.abc import Iterable
from typing import Any

from turnout.record import JSON_COLUMNS
from turnout.web.shapes import KINDS

type Row = dict[str, Any]


def tidy(row: Row) -> Row:
    """What holds no number in place of one is unknown; what is no text in place of one is told."""
    return {name: _tidied(name, value) for name, value in row.items()}


def tidied(rows: Iterable[Row]) -> list[Row]:
    return [tidy(row) for row in rows]


def _tidied(name: str, value: Any) -> Any:
    if name in JSON_COLUMNS or KINDS.get(name) is None:
        return value
    if KINDS[name] == "TEXT":
        return value if value is None else str(value)
    if isinstance(value, int | float):
        return value
    return 0.0 if name == "at" else None
