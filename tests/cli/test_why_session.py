"""What `turnout why` says of the rest of the session."""

from typing import Any

import pytest

from decided import row
from turnout.why.session import session

STAY = {"now": 0.02, "later": 0.3, "reads": 0.2, "writes": 0.07, "output": 0.05, "handover": 0.0}
DEAR = STAY | {"now": 0.43, "later": 0.24}
CHEAP = STAY | {"now": 0.01, "later": 0.1, "handover": 0.002}
FACTS = {"steps_expected": 4.2, "cached_tokens": 40_000, "prefix_tokens": 41_000}
FACTS |= {"new_tokens": 900, "margin_usd": 0.0064, "switched": False}


def told(evidence: Any, **facts: Any) -> list[str]:
    found = row(of_decision={"evidence": {}, "reason": "ev_negative", **facts}) | {
        "evidence": evidence
    }
    return [str(one) for one in session(found)]


def of(switch: dict[str, float], **facts: Any) -> dict[str, Any]:
    return {"session": FACTS | {"stay": STAY, "switch": switch} | facts}


LINES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "stayed": (
        of(DEAR),
        {},
        "stayed: switching would cost $0.4100 now and save $0.0600 over the 4 steps expected",
    ),
    "switched": (
        of(CHEAP, switched=True),
        {"reason": "cold_cache"},
        "switched: switching saves $0.0100 now and saves $0.2000 over the 4 steps expected",
    ),
    "the last step": (
        of(DEAR | {"later": 0.3}, steps_expected=1.0),
        {},
        "stayed: switching would cost $0.4100 now and cost $0 in the one step expected",
    ),
    "the same model": (
        of(STAY),
        {"reason": "same_model", "stay_usd": 0.32},
        "the fresh choice is where it is; $0.3200 expected over the 4 steps expected",
    ),
    "no pin": (
        {"session": FACTS},
        {"switch_usd": 0.5},
        "it begins here; $0.5000 expected over the 4 steps expected",
    ),
    "a price is missing": (
        {"session": FACTS | {"stay": STAY}},
        {"stay_usd": 0.32, "reason": "pricing_missing"},
        "the rest of it costs $0.3200 staying, unknown switching",
    ),
    "only the sums are known": (
        {},
        {"stay_usd": 0.32, "switch_usd": 0.4},
        "the rest of it costs $0.3200 staying, $0.4000 switching",
    ),
}


@pytest.mark.parametrize(("evidence", "facts", "line"), LINES.values(), ids=LINES)
def test_in_words(evidence: dict[str, Any], facts: dict[str, Any], line: str) -> None:
    assert told(evidence, **facts)[0].removeprefix("session").strip() == line


@pytest.mark.parametrize("evidence", [None, "damaged", {}, {"session": 5}], ids=str)
def test_nothing_known_says_nothing(evidence: Any) -> None:
    assert told(evidence) == []


def test_a_subscription() -> None:
    first, *_ = told({"subscription": {"used": 0.97, "factor": 0.4}} | of(DEAR))
    line = "97% of it is used: a token counts 40% of its list price"
    assert first.removeprefix("plan").strip() == line


def test_what_it_rests_on() -> None:
    assert "40,000 of 41,000 tokens before are in its cache; 900 are new" in told(of(DEAR))[1]
