"""Rows of the log for tests, with nothing left to chance."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from turnout import record
from turnout.record import Decision, Outcome, Tried
from turnout.route.plan import Candidate
from turnout.trip import Arrival, Attempt, Plan
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Usage
from turnout.wire.request import Change

AT = 1_783_252_800.0  # 2026-07-05 12:00:00 UTC


CANDIDATES = (
    Candidate(
        provider="anthropic",
        model="claude-haiku-4-5",
        quality=0.871,
        se=0.012,
        evidence=40.0,
        cost_usd=0.0123,
        score=0.31,
    ),
    Candidate(
        provider="anthropic",
        model="claude-opus-4-5",
        quality=0.88,
        se=0.0,
        evidence=52.0,
        cost_usd=0.0615,
        score=1.0,
        lost="score",
    ),
    Candidate(
        provider="deepseek",
        model="deepseek-v3.2",
        quality=0.79,
        se=0.02,
        evidence=31.0,
        lost="below_parity",
    ),
)


def decision(**facts: Any) -> Decision:
    return Decision(
        **{
            "id": "01abcdefghjkmn",
            "at": AT,
            "session": "s1",
            "kind": "main",
            "client": "claude-code",
            "project": "turnout",
            "dialect": "anthropic",
            "requested_model": "claude-opus-4-5",
            "model": "claude-haiku-4-5",
            "provider": "anthropic",
            "reason": "cheapest_at_parity",
            "bundle": "2026-07",
            "cluster": 7,
            "cluster_label": "small edits",
            "quality": 0.871,
            "quality_requested": 0.88,
            "candidates": CANDIDATES,
            "evidence": {"epsilon": 0.02},
            "changes": (Change("model", "routed"),),
            "route_ms": 1.25,
        }
        | facts
    )


def outcome(**facts: Any) -> Outcome:
    return Outcome(
        **{
            "attempts": (
                Tried(provider="anthropic", model="claude-haiku-4-5", status=200, ms=320.0),
            ),
            "status": 200,
            "stop_reason": "end",
            "usage": Usage(1200, 20_000, 300, 40, 500, 100),
            "cost_usd": Decimal("0.006155"),
            "requested_same_tokens_usd": Decimal("0.030775"),
            "ttft_ms": 340.5,
            "total_ms": 2310.0,
        }
        | facts
    )


def row(
    *, of_decision: Mapping[str, Any] | None = None, of_outcome: Mapping[str, Any] | None = None
) -> dict[str, record.Plain]:
    return record.row(decision(**(of_decision or {})), outcome(**(of_outcome or {})))


def numbered(n: int, **of_decision: Any) -> dict[str, record.Plain]:
    return row(of_decision={"id": f"id{n:08}", "at": AT + n} | of_decision)


def plan(**of_decision: Any) -> Plan:
    """A routed arrival whose attempts are nobody's business."""
    dialect = DIALECTS["anthropic"]
    arrival = Arrival(
        method="POST", url="https://a/v1/messages", path="/v1/messages", headers=(), raw=b"{}"
    )
    home = Attempt(
        provider="anthropic", model="", url=arrival.url, headers=(), body=b"{}", dialect=dialect
    )
    body = b'{"model": "claude-opus-4-5", "max_tokens": 1, "messages": []}'
    return Plan(
        decision=decision(**of_decision),
        arrival=arrival,
        ask=dialect.peek(body, arrival.path),
        dialect=dialect,
        body=body,
        attempts=iter(()),
        home=home,
        request=lambda: dialect.read_request(body, arrival.path),
    )
