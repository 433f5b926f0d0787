"""scripts/clients_sessions.py finds what is wrong, so that its "ok" means something."""

import json
from typing import Any

import pytest

from test_clients_check import load

MODEL = {"provider": "openrouter", "model": "m"}
PINS = [
    {"session": "s", "agent": "", "asked": "opus"},
    {"session": "s", "agent": "a1", "asked": "opus"},
]


def row(kind: str = "main", **more: Any) -> Any:
    told = [{"lost": "", "score": 0.2}, {"lost": "score", "score": 0.4}]
    usual = {"session": "s", "status": 200, "error": "", "reason": "same_model"}
    asked = {"requested_model": "opus", "candidates": json.dumps(told)}
    return {"kind": kind} | MODEL | usual | asked | more


STEPS = [row(), row("tool_result")]
AGENT = [*STEPS, row("sub_agent")]
MOVED = {"model": "n", "reason": "pin_unavailable"}
DEAR = json.dumps([{"lost": "", "score": 0.4}, {"lost": "score", "score": 0.2}])

# rows, pins, kinds -> a piece of what is wrong; "" when nothing is
CASES: dict[str, tuple[list[Any], list[Any], set[str], str]] = {
    "all is well": (AGENT, PINS, {"main", "tool_result", "sub_agent"}, ""),
    "a kind is missing": (STEPS, PINS, {"title"}, "no title was seen"),
    "one step": (STEPS[:1], PINS, set(), "1 steps"),
    "an error": ([*STEPS, row(status=502, error="cut")], PINS, set(), "502 cut"),
    "two sessions": ([*STEPS, row(session="t")], PINS, set(), "more than one session: s, t"),
    "moved": ([*STEPS, row(**MOVED)], PINS, set(), "moved from openrouter/m to openrouter/n"),
    "moved by a compaction": ([*STEPS, row("compaction", **MOVED), row(**MOVED)], PINS, set(), ""),
    "moved by a compaction for nothing":
        ([*STEPS, row("compaction", model="n")], PINS, set(), "(same_model)"),
    "a sub-agent elsewhere":
        ([*STEPS, row("sub_agent", session="t")], PINS, set(), "another session"),
    "a sub-agent without a pin": (AGENT, PINS[:1], set(), "no pin of its own"),
    "a dear title": ([*STEPS, row("title", candidates=DEAR)], PINS, set(), "not the cheapest"),
    "a pinned title": (
        [*STEPS, row("title", requested_model="haiku")],
        [*PINS, {"session": "s", "agent": "", "asked": "haiku"}],
        set(),
        "title has a pin",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "pins", "kinds", "piece"), CASES.values(), ids=CASES)
def test_wrong(rows: list[Any], pins: list[Any], kinds: set[str], piece: str) -> None:
    found = list(load("clients_sessions").wrong(rows, pins, kinds))
    assert bool(found) == bool(piece), found
    assert piece in "".join(found)
