"""Does a real client's conversation stay one? What the log and the pins say, nothing being forced.

    clients_sessions.py TURNOUT_DB KIND...

Every KIND was seen. The steps of the main agent are one session on one model, which changes at a
compaction at most, and then for a reason; a sub-agent is of that session and has a pin of its own;
titles have none. Prints one line, or what is wrong and exits with 1.
"""

import json
import sqlite3
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

type Json = dict[str, Any]

STEPS = {"main", "tool_result"}
UNPINNED = {"title", "probe", "classifier"}
# why a session goes elsewhere; a compaction is read by its own vendor alone
MOVES = {
    "pin_inferior",
    "pin_unavailable",
    "tier_upgrade",
    "ev_positive",
    "cold_cache",
    "cheapest_at_parity",
}
ROUTED = {"anthropic", "openai_chat", "openai_responses", "gemini"}


def read(path: str) -> tuple[list[Json], list[Json]]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        db.row_factory = sqlite3.Row
        rows = [dict(row) for row in db.execute("SELECT * FROM decisions ORDER BY at")]
        pins = [dict(row) for row in db.execute("SELECT * FROM pins")]
    return [row for row in rows if row["dialect"] in ROUTED], pins


def wrong(rows: list[Json], pins: list[Json], kinds: set[str]) -> Iterator[str]:
    """What is not as it should be."""
    yield from (f"no {kind} was seen" for kind in sorted(kinds - {row["kind"] for row in rows}))
    for row in rows:
        if row["status"] != 200 or row["error"]:
            yield f"{row['kind']}: {row['status']} {row['error']}"
    steps = [row for row in rows if row["kind"] in STEPS]
    if len(steps) < 2:
        yield f"{len(steps)} steps of the main agent"
    if len(found := {row["session"] for row in steps}) > 1:
        yield f"the main agent has more than one session: {', '.join(sorted(found))}"
    yield from _moves([row for row in rows if row["kind"] in STEPS | {"compaction"}])
    yield from _agents(rows, pins, {row["session"] for row in steps})
    for row in rows:
        if row["kind"] in UNPINNED and not _is_cheapest(row):
            yield f"{row['kind']}: {row['model']} is not the cheapest that could"
    asked = {row["asked"] for row in _with_names(pins)}
    steady = {row["requested_model"] for row in rows if row["kind"] not in UNPINNED}
    for row in rows:
        if row["kind"] in UNPINNED and row["requested_model"] in asked - steady:
            yield f"{row['kind']} has a pin"


def _moves(steps: list[Json]) -> Iterator[str]:
    """Changes of model with no compaction next to them, or without a reason."""
    for before, after in pairwise(steps):
        at, to = ((one["provider"], one["model"]) for one in (before, after))
        compacted = "compaction" in (before["kind"], after["kind"])
        if at != to and not (compacted and after["reason"] in MOVES):
            told = f"{'/'.join(at)} to {'/'.join(to)} ({after['reason']})"
            yield f"the main agent was moved from {told}"


def _agents(rows: list[Json], pins: list[Json], main: set[str]) -> Iterator[str]:
    theirs = [row for row in rows if row["kind"] == "sub_agent"]
    if not theirs:
        return
    if not {row["session"] for row in theirs} <= main:
        yield "a sub-agent is another session"
    if not any(pin["agent"] for pin in pins):
        yield "a sub-agent has no pin of its own"
    if not any(not pin["agent"] and pin["session"] in main for pin in pins):
        yield "the main agent has no pin"


def _is_cheapest(row: Json) -> bool:
    """Of those that were at parity and could; an untouched one was not chosen."""
    told = json.loads(row["candidates"] or "[]")
    fits = [one for one in told if one["lost"] in ("", "score", "tie") and one["score"] is not None]
    return not fits or fits[0]["score"] == min(one["score"] for one in fits)


def _with_names(pins: list[Json]) -> list[Json]:
    return [pin for pin in pins if pin["asked"]]


def main(db: str, *kinds: str) -> int:
    rows, pins = read(db)
    faults = list(wrong(rows, pins, set(kinds)))
    for fault in faults:
        print(fault)
    if not faults:
        told = [f"{row['kind']} {row['provider']}/{row['model']} ({row['reason']})" for row in rows]
        print("; ".join(dict.fromkeys(told)))
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
