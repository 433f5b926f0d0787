"""Logs of users whose sessions went as told."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from turnout.store import Store

AT = 1_783_252_800.0


def outcomes(
    bundle: str, cluster: int, model: str, fine: int, troubled: int
) -> list[dict[str, Any]]:
    """Rows of `evidence`: each its own session."""
    return [
        {
            "session": f"{model}-{cluster}-{n}",
            "bundle": bundle,
            "cluster": cluster,
            "model": model,
            "quality": 0.8,
            "troubled": int(n >= fine),
        }
        for n in range(fine + troubled)
    ]


def write(path: Path, rows: Iterable[dict[str, Any]], table: str = "evidence") -> Path:
    with Store.open(path) as store:
        for n, row in enumerate(rows):
            store.add({"id": f"{table}{n:06}", "at": AT + n, **row}, table)
    return path
