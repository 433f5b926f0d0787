"""Decisions by what they are about, the newest first, page by page.

A page ends with a cursor: the time and id of its last row. The next one goes on from there, also
while new rows come in.
"""

import re
import struct
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

from turnout.errors import ConfigError
from turnout.history import Reader

PAGE, MOST = 100, 1000  # rows
SPANS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}  # seconds

type Row = dict[str, Any]
_SPAN = r"[0-9]{1,6}[mhdw]"
_SECONDS = r"[0-9]{1,11}(\.[0-9]{1,6})?"
_DATE = r"[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
Moment = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^({_SPAN}|{_SECONDS}|{_DATE})$",
        description="A span before now (30m, 24h), epoch seconds, or a day in UTC (2026-07-01).",
    ),
]
Text = Annotated[str, msgspec.Meta(max_length=500)]
Cursor = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9a-f]{16}-.{0,200}$", description="`next` of the page before.")
]
Status = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(ok|error|[1-5][0-9]{2})$", description="ok, error, or an HTTP status."
    ),
]


def plainly(e: Exception) -> str:
    """What was expected in words, in place of a regular expression."""
    text = str(e)
    for kind in (Moment, Cursor, Status):
        _, meta = get_args(kind)
        words = meta.description[0].lower() + meta.description[1:].rstrip(".")
        text = text.replace(f"Expected `str` matching regex {meta.pattern!r}", f"Expected {words}")
    return text


class Wanted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which decisions. `model`: asked for or served, with or without its provider."""

    since: Moment | UnsetType = UNSET
    until: Moment | UnsetType = UNSET
    model: Text | UnsetType = UNSET
    client: Text | UnsetType = UNSET
    session: Text | UnsetType = UNSET
    reason: Text | UnsetType = UNSET
    project: Text | UnsetType = UNSET
    cluster: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    cursor: Cursor | UnsetType = UNSET
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] | UnsetType = UNSET
    format: Literal["json", "ndjson"] | UnsetType = UNSET


# a field of Wanted: what a row must be; each ? is its value
CONDITIONS: dict[str, str] = {
    "since": "at >= ?",
    "until": "at < ?",
    "model": "? IN (model, requested_model, provider || '/' || model)",
    "client": "client = ?",
    "session": "session = ?",
    "reason": "reason = ?",
    "project": "project = ?",
    "cluster": "cluster = ?",
    "cursor": "(at, id) < (?, ?)",
}
FAILED = "(status IS NULL OR status >= 400 OR error <> '')"
STATES = {"ok": f"NOT {FAILED}", "error": FAILED}


def page(reader: Reader, wanted: Wanted, most: int) -> tuple[list[Row], str | None]:
    """At most `most` rows, and the cursor of the next page; None after the last one."""
    where, values = _where(wanted)
    sql = f"SELECT * FROM decisions{where} ORDER BY at DESC, id DESC LIMIT ?"  # noqa: S608  from the table
    rows = list(reader.select(sql, *values, most + 1))
    last = rows[most - 1] if len(rows) > most else None
    return rows[:most], cursor(last["at"], last["id"]) if last else None


def _where(wanted: Wanted) -> tuple[str, list[str | float]]:
    parts, values = [], list[str | float]()
    for name, condition in CONDITIONS.items():
        if (value := getattr(wanted, name)) is not UNSET:
            parts.append(condition)
            values += _values(name, value)
    if isinstance(wanted.status, str):
        parts.append(STATES.get(wanted.status, "status = ?"))
        values += [] if wanted.status in STATES else [int(wanted.status)]
    return (" WHERE " + " AND ".join(parts) if parts else ""), values


def _values(name: str, value: Any) -> Iterator[str | float]:
    if name in ("since", "until"):
        yield moment(value)
    elif name == "cursor":
        digits, _, last = value.partition("-")
        yield from (struct.unpack(">d", bytes.fromhex(digits))[0], last)
    else:
        yield value


def cursor(at: float, id: str) -> str:
    """Every bit of the time: what is rounded skips rows."""
    return f"{struct.pack('>d', at).hex()}-{id}"


def moment(text: str, now: float | None = None) -> float:
    """7d, epoch seconds, or a day in UTC -> epoch seconds. Raises ConfigError."""
    if span := re.fullmatch(r"([0-9]+)([mhdw])", text):
        return (time.time() if now is None else now) - int(span[1]) * SPANS[span[2]]
    if re.fullmatch(_SECONDS, text):
        return float(text)
    if re.fullmatch(_DATE, text):
        year, month, day = map(int, text.split("-"))
        return (datetime(year, month, 1, tzinfo=UTC) + timedelta(day - 1)).timestamp()
    raise ConfigError(f"{text!r} is neither a span (30m, 24h, 7d), epoch seconds nor a day")
