"""turnout's own log: prompts are not in it, so the class that was found then stands for them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from turnout import history
from turnout.providers import HOMES
from turnout.record import TOKENS
from turnout.replay.recorded import Read, Recorded, Skipped, Told, arrival, total
from turnout.wire.events import Usage
from turnout.wire.request import Ask, DialectName

ROW = 4000  # bytes of a row, about: for the progress


def read(path: Path, seen: Callable[[int], None]) -> Read:
    with history.read(path) as log:
        for row in log.since(-1.0):
            seen(ROW)
            yield _recorded(row)


def _recorded(row: dict[str, Any]) -> Recorded | Skipped:
    dialect = row["dialect"]
    if dialect not in get_args(DialectName) or not row["requested_model"]:
        return Skipped("not_a_completion")
    usage = _usage(row)
    if usage is None:
        return Skipped("no_usage")
    home = HOMES[dialect]
    return Recorded(
        arrival=arrival(home, row["at"]),
        dialect=dialect,
        usage=usage,
        ended=row["at"] + (row["total_ms"] or 0.0) / 1000,
        status=row["status"],
        served=(row["provider"] or home, row["model"] or row["requested_model"]),
        told=_told(row, dialect, usage),
    )


def _told(row: dict[str, Any], dialect: DialectName, usage: Usage) -> Told:
    """The log counts no messages: the growing input tells how a conversation goes on."""
    tokens = total(usage)
    step = row["evidence"].get("session", {}) if isinstance(row["evidence"], dict) else {}
    number = step.get("step", 1) if isinstance(step, dict) else 1
    ask = Ask(
        dialect=dialect,
        model=row["requested_model"],
        stream=True,
        first_human=row["session"] or row["id"],
        input_tokens=tokens,
        messages=2 * number,
        tools=("unknown",) if row["kind"] in ("main", "tool_result", "sub_agent") else (),
        cache_ttl="1h" if usage.cache_write_1h else "5m" if usage.cache_write_5m else None,
    )
    return Told(
        ask=ask,
        session=row["session"] or row["id"],
        client=row["client"] or "",
        kind=row["kind"] or "main",
        project=row["project"] or "",
        cluster=row["cluster"],
        bundle=row["bundle"] or "",
        label=str(row["cluster_label"] or ""),
    )


def _usage(row: dict[str, Any]) -> Usage | None:
    counts = {kind: row.get(column) for column, kind in TOKENS.items()}
    if all(tokens is None for tokens in counts.values()):
        return None
    return Usage(**{kind: tokens or 0 for kind, tokens in counts.items()})
