"""The part of `turnout why` about the evidence: what a session shows of its model, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from turnout import figures
from turnout.why.page import Told, told

type Row = Mapping[str, Any]


def struggle(row: Row) -> Iterator[Told]:
    """Nothing where nothing has been seen."""
    evidence = row["evidence"]
    found = evidence.get("struggle") if isinstance(evidence, Mapping) else None
    if not isinstance(found, Mapping) or not isinstance(found.get("signals"), Mapping):
        return
    signals = [(name, load) for name, load in found["signals"].items() if _is_number(load)]
    if signals:
        yield told("evidence", seen(signals, found))
    if all(_is_number(found.get(name)) for name in ("gain", "value_usd", "extra_usd")):
        yield told("", stronger(found))


def seen(signals: list[tuple[str, float]], found: Row) -> str:
    """tests failed 1.1, call repeated 0.8: 75 % to fail from here"""
    ranked = sorted(signals, key=lambda signal: -abs(signal[1]))
    words = ", ".join(f"{name.replace('_', ' ')} {load:+.1f}" for name, load in ranked)
    fails = found.get("fails")
    return f"{words}: {fails:.0%} to fail from here" if _is_number(fails) else words


def stronger(found: Row) -> str:
    """a/big would succeed 24 points more often, worth $1.36; it costs $1.31 more"""
    worth = figures.usd(found["gain"] * found["value_usd"])
    extra = found["extra_usd"]
    more = "more" if extra >= 0 else "less"
    return (
        f"{found.get('stronger')} would succeed {100 * found['gain']:.0f} points more often,"
        f" worth {worth}; it costs {figures.usd(abs(extra))} {more}"
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)
