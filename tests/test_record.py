import json
import string
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import decided
from turnout.record import JSON_COLUMNS, TEXT_LIMIT, Decision, Outcome, Tried, new_id, row
from turnout.wire.events import Usage

# the contract's columns, in its order; `(+ low, high)` written out
CONTRACT = [
    *("id", "at", "session", "kind"),
    *("client", "tenant", "project", "dialect"),
    *("requested_model", "model", "provider", "reason"),
    *("bundle", "cluster", "cluster_label", "quality"),
    *("quality_requested", "candidates", "fresh_model", "stay_usd"),
    *("switch_usd", "evidence", "attempts", "status"),
    *("stop_reason", "error", "input_tokens", "cache_read_tokens"),
    *("cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens"),
    *(
        "cost_usd",
        "requested_same_tokens_usd",
        "requested_counterfactual_usd",
        "requested_counterfactual_low_usd",
    ),
    *("requested_counterfactual_high_usd", "route_ms", "ttft_ms", "total_ms"),
    "changes",
]
# beside them: what came later
LATER = [
    *("web_searches", "tries", "attempts_usd", "hedge_usd", "estimated"),
    *("routed_usd", "routed_low_usd", "routed_high_usd"),
]


def test_columns_are_the_contracts() -> None:
    assert sorted(decided.row()) == sorted([*CONTRACT, *LATER])


def test_a_full_row() -> None:
    full = decided.row()
    assert [full[name] for name in ("model", "provider", "cluster", "quality", "status")] == [
        "claude-haiku-4-5",
        "anthropic",
        7,
        0.871,
        200,
    ]
    assert [full[name] for name in CONTRACT if name.endswith("_tokens")] == [
        *(1200, 20_000, 300, 40, 500, 100)
    ]
    assert json.loads(str(full["candidates"]))[1] == {
        "provider": "anthropic",
        "model": "claude-opus-4-5",
        "quality": 0.88,
        "se": 0.0,
        "evidence": 52.0,
        "cost_usd": 0.0615,
        "score": 1.0,
        "lost": "score",
    }
    assert full["changes"] == '[{"what":"model","why":"routed"}]'
    assert full["evidence"] == '{"epsilon":0.02}'


def test_an_untouched_request_knows_little() -> None:
    bare = row(Decision(id="a", at=1.0), Outcome())
    unknown = {name for name, value in bare.items() if value is None}
    assert unknown == {
        *(name for name in CONTRACT if name.endswith(("_tokens", "_usd"))),
        *(name for name in LATER if name != "tries"),
        *(
            "cluster",
            "quality",
            "quality_requested",
            "status",
            "stop_reason",
            "ttft_ms",
            "total_ms",
        ),
    }
    assert {name: bare[name] for name in JSON_COLUMNS} == {
        "candidates": "[]",
        "evidence": "{}",
        "attempts": "[]",
        "changes": "[]",
    }


def test_no_tokens_is_not_unknown() -> None:
    nothing = decided.row(of_outcome={"usage": Usage(), "cost_usd": Decimal(0)})
    assert (nothing["output_tokens"], nothing["cost_usd"]) == (0, 0.0)


def test_who_really_served_it() -> None:
    after = decided.row(of_outcome={"model": "gpt-5.4", "provider": "openai"})
    assert (after["model"], after["provider"]) == ("gpt-5.4", "openai")


ERRORS = {
    "none": ("", "", ""),
    "a stage": ("embed: slow", "", "embed: slow"),
    "the upstream": ("", "overloaded", "overloaded"),
    "both": ("embed: slow", "overloaded", "embed: slow; overloaded"),
}


@pytest.mark.parametrize(("stage", "upstream", "told"), ERRORS.values(), ids=ERRORS)
def test_errors(stage: str, upstream: str, told: str) -> None:
    found = decided.row(of_decision={"error": stage}, of_outcome={"error": upstream})
    assert found["error"] == told


ODD: dict[str, tuple[dict[str, Any], str, Any]] = {
    "a session header of megabytes": (
        {"session": "x" * 5_000_000},
        "session",
        "x" * (TEXT_LIMIT - 1) + "…",
    ),
    "half a character from a header": ({"project": "a\udcff"}, "project", "a?"),
    "half a character in the evidence": (
        {"evidence": {"a": "\udcff"}},
        "evidence",
        "{\"unreadable\":\"{'a': '\\\\udcff'}\"}",
    ),
    "numpy in the evidence": ({"evidence": {"q": np.float32(0.5)}}, "evidence", '{"q":0.5}'),
    "not a number in the evidence": ({"evidence": {"q": float("nan")}}, "evidence", '{"q":null}'),
    "an object in the evidence": ({"evidence": {"q": ValueError("x")}}, "evidence", '{"q":"x"}'),
    "exact money": ({"stay_usd": Decimal("0.1")}, "stay_usd", 0.1),
    "text in other scripts": ({"cluster_label": "日本語"}, "cluster_label", "日本語"),
}


@pytest.mark.parametrize(("facts", "column", "value"), ODD.values(), ids=ODD)
def test_odd_facts(facts: dict[str, Any], column: str, value: Any) -> None:
    assert decided.row(of_decision=facts)[column] == value


def test_a_long_upstream_error_is_cut() -> None:
    tried = Tried(provider="p", model="m", status=500, error="x" * 10_000)
    found = decided.row(of_outcome={"attempts": (tried,), "error": "y" * 10_000})
    assert len(json.loads(str(found["attempts"]))[0]["error"]) == TEXT_LIMIT
    assert len(str(found["error"])) == TEXT_LIMIT


TIMES = {
    "before 1970": -5.0,
    "1970": 0.0,
    "a millisecond later": 0.001,
    "2026": decided.AT,
    "a second later": decided.AT + 1,
    "3000": 32_503_680_000.0,
}


def test_ids_sort_by_time() -> None:
    highest = {at: new_id(lambda at=at: at, lambda bits: (1 << bits) - 1) for at in TIMES.values()}
    lowest = {at: new_id(lambda at=at: at, lambda bits: 0) for at in TIMES.values()}
    assert list(highest.values()) == sorted(highest.values())
    assert highest[0.0] < lowest[0.001] < highest[0.001] < lowest[decided.AT]


@pytest.mark.parametrize("at", TIMES.values(), ids=TIMES)
def test_ids_are_short_and_printable(at: float) -> None:
    made = new_id(lambda: at)
    assert len(made) == 14
    assert set(made) <= set(string.ascii_lowercase + string.digits) - set("ilou")


def test_ids_differ_within_a_millisecond() -> None:
    ids = [new_id(lambda: decided.AT, lambda bits, n=n: n << bits - 8) for n in range(200)]
    assert ids == sorted(set(ids))
