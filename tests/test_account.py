"""What an answer used, and the bill for it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from turnout.account import Bill, Meter, bill
from turnout.route.model import OffPeak, Price, Window
from turnout.wire.events import (
    Event,
    Failed,
    Finished,
    Redacted,
    Signature,
    Started,
    Text,
    Thinking,
    ToolCall,
    ToolInput,
    Usage,
)

START = Started("id", "served")

# events -> what the meter knows; its clock says 0, 1, 2, ... each time it is asked
WATCHED: dict[str, tuple[list[Event], dict[str, Any]]] = {
    "nothing": ([], {"usage": None, "stop_reason": None, "error": "", "model": "", "first": None}),
    "a whole answer": (
        [START, Text("a"), Usage(5, output=1), Finished("end")],
        {"usage": Usage(5, output=1), "stop_reason": "end", "model": "served", "first": 0.0},
    ),
    "the last usage holds": (
        [START, Usage(5, output=1), Text("a"), Usage(5, cache_read=3, output=9), Finished("end")],
        {"usage": Usage(5, cache_read=3, output=9)},
    ),
    "c5 usage before a cut is kept": (
        [START, Usage(5, output=1), Text("a"), Failed("cut", 502)],
        {"usage": Usage(5, output=1), "stop_reason": None, "error": "cut"},
    ),
    "a failure without words is one": ([Failed("")], {"error": "failed"}),
    "no usage is unknown": ([START, Text("a"), Finished("end")], {"usage": None}),
    "the first content is timed once": ([Text("a"), Text("b"), Text("c")], {"first": 0.0}),
    "empty text is no content": (
        [START, Text(""), Thinking(""), ToolInput(0, "")],
        {"first": None},
    ),
    "nor is a signature, nor usage": ([Signature("s"), Usage(1)], {"first": None}),
    "thinking is content": ([Thinking("a")], {"first": 0.0}),
    "redacted thinking is": ([Redacted("x")], {"first": 0.0}),
    "a call is": ([ToolCall(0, "id", "Bash")], {"first": 0.0}),
    "tool input is": ([ToolInput(0, "{")], {"first": 0.0}),
    "why it stopped": ([Finished("tools")], {"stop_reason": "tools"}),
}


@pytest.mark.parametrize(("events", "known"), WATCHED.values(), ids=WATCHED)
def test_meter(events: Sequence[Event], known: dict[str, Any]) -> None:
    ticks = count()
    meter = Meter(lambda: float(next(ticks)))
    for event in events:
        meter.watch(event)
    assert {name: getattr(meter, name) for name in known} == known


def dollars(input: str, output: str, **rates: Any) -> Price:
    return Price(input=Decimal(input), output=Decimal(output), **rates)


CHEAP, DEAR = dollars("1", "2"), dollars("10", "20", cache_read=Decimal(1))
USED = Usage(fresh_input=1000, output=500)
CACHED = Usage(fresh_input=1000, cache_read=1000, output=500)

BILLS: dict[str, tuple[Usage | None, Price | None, Price | None, Bill]] = {
    "actual and requested": (
        USED,
        CHEAP,
        DEAR,
        Bill(cost_usd=Decimal("0.002"), requested_same_tokens_usd=Decimal("0.02")),
    ),
    "no usage, nothing known": (None, CHEAP, DEAR, Bill()),
    "no price of what served it": (
        USED,
        None,
        DEAR,
        Bill(requested_same_tokens_usd=Decimal("0.02")),
    ),
    "no price of what was asked for": (USED, CHEAP, None, Bill(cost_usd=Decimal("0.002"))),
    "an unknown cache rate": (
        CACHED,
        CHEAP,
        DEAR,
        Bill(requested_same_tokens_usd=Decimal("0.021")),
    ),
    "nothing used is 0, not unknown": (
        Usage(),
        CHEAP,
        DEAR,
        Bill(cost_usd=Decimal(0), requested_same_tokens_usd=Decimal(0)),
    ),
}


@pytest.mark.parametrize(("usage", "served", "requested", "due"), BILLS.values(), ids=BILLS)
def test_bill(
    usage: Usage | None, served: Price | None, requested: Price | None, due: Bill
) -> None:
    assert bill(usage, served, requested) == due


def test_the_hour_is_on_the_bill() -> None:
    window = Window(weekdays=(7,), minutes=((0, 60),))
    night = OffPeak(input=Decimal("0.5"), output=Decimal(1), windows=(window,))
    owl = dollars("1", "2", off_peak=night)
    sunday = datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
    assert bill(USED, owl, None, at=sunday).cost_usd == Decimal("0.001")
    assert bill(USED, owl, None).cost_usd == Decimal("0.002")
