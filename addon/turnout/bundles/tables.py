"""Parquet files of a stated schema -> columns; every way in which they can be wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from turnout.errors import ConfigError

type Table = dict[str, NDArray[Any]]

LABELS = {"source": "", "prompt_id": "", "model": "", "score": np.nan}
LABELS_MAY = {"model_raw": "", "agent": "", "cost_usd": np.nan, "output_chars": np.nan}
NUMBERS = ("score", "cost_usd", "output_chars")


class DataError(ConfigError):
    """Labels or prompts that cannot be used: the place and the mend."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """What was left out: how many rows of it, and why."""

    what: str
    rows: int
    why: str


def refuse(path: Path, what: str, excluded: Sequence[Excluded] = ()) -> NoReturn:
    also = "".join(f"; {one.rows:,} rows of {one.what}: {one.why}" for one in excluded[:5])
    raise DataError(f"{path}: {what}{also}")


def read_table(
    folder: Path, name: str, needs: Mapping[str, object], may: Mapping[str, object]
) -> Table:
    """The columns of `needs`, and those of `may` or their defaults."""
    path = folder / name
    if not path.is_file():
        refuse(path, "there is no such file; --data names a folder with labels and prompts")
    found = _columns(path)
    if missing := [column for column in needs if column not in found]:
        refuse(path, f"has no column {', '.join(missing)}; it has {', '.join(sorted(found))}")
    size = len(next(iter(found.values()), ()))
    return {
        column: found.get(column, np.full(size, default, object))
        for column, default in (*needs.items(), *may.items())
    }


def _columns(path: Path) -> Table:
    try:
        import pyarrow.parquet as parquet
    except ImportError as e:
        raise DataError(
            "reading parquet needs pyarrow: install turnout with its extra `train`"
        ) from e
    try:
        table = parquet.read_table(path)
        return {name: table[name].to_numpy() for name in table.column_names}
    except (OSError, ValueError, RuntimeError) as e:  # pyarrow's errors are subclasses of these
        refuse(path, f"cannot be read as parquet: {str(e).splitlines()[0]}")


def texts(column: NDArray[Any]) -> list[str]:
    """Nothing is ""."""
    return ["" if value is None or value != value else str(value) for value in column.tolist()]


def labels_of(folder: Path, excluded: list[Excluded], *, strict: bool) -> Table:
    path = folder / "labels.parquet"
    table = read_table(folder, path.name, LABELS, LABELS_MAY)
    words = {name: np.array(texts(table[name]), object) for name in table if name not in NUMBERS}
    table = words | {name: _numbers(path, name, table[name]) for name in NUMBERS}
    table["cost_usd"] = np.where(table["cost_usd"] >= 0, table["cost_usd"], np.nan)
    table = _without(table, np.isnan(table["score"]), "labels", "no score", excluded)
    return _in_range(path, table, excluded, strict=strict)


def _numbers(path: Path, name: str, column: NDArray[Any]) -> NDArray[np.float64]:
    try:
        return np.array([np.nan if v is None else v for v in column.tolist()], np.float64)
    except (TypeError, ValueError) as e:
        refuse(path, f"column {name} holds something that is no number: {e}")


def _without(
    table: Table, rows: NDArray[np.bool_], what: str, why: str, excluded: list[Excluded]
) -> Table:
    if rows.any():
        excluded.append(Excluded(what, int(rows.sum()), why))
    return {name: column[~rows] for name, column in table.items()}


def _in_range(path: Path, table: Table, excluded: list[Excluded], *, strict: bool) -> Table:
    """A source on another scale is no source: half of it would be taken for failures."""
    score = table["score"]
    wrong = ~((score >= 0) & (score <= 1))
    for source in sorted(set(table["source"][wrong].tolist())):
        rows = table["source"] == source
        bad = f"{int((rows & wrong).sum()):,} of its scores are not from 0 to 1"
        if strict:
            refuse(path, f"source {source!r}: {bad}; divide them by the greatest possible score")
        excluded.append(Excluded(f"source {source}", int(rows.sum()), f"{bad}: all of it"))
    bad_sources = set(table["source"][wrong].tolist())
    fine = np.array([source not in bad_sources for source in table["source"].tolist()], bool)
    return {name: column[fine] for name, column in table.items()}
