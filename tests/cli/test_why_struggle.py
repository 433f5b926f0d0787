"""What `turnout why` says of the evidence."""

from typing import Any

import pytest

from decided import row
from turnout.why.struggle import struggle

SIGNALS = {"tests_failed": 1.115, "call_repeated": 1.48, "tests_passed": -0.9}
MOVED = {"fails": 0.746, "stronger": "a/big", "gain": 0.2441, "value_usd": 5.57, "extra_usd": 1.3}
SEEN = "call repeated +1.5, tests failed +1.1, tests passed -0.9"
WORTH = "a/big would succeed 24 points more often, worth $1.36; it costs $1.30 more"
# fmt: off
SAID: dict[str, tuple[Any, list[str]]] = {
    "escalated":     ({"signals": SIGNALS, **MOVED}, [f"{SEEN}: 75% to fail from here", WORTH]),
    "little":        ({"signals": SIGNALS}, [SEEN]),
    "cheaper":       ({"signals": {}, **MOVED, "extra_usd": -1.3}, [WORTH.replace("more", "less").replace("less often", "more often")]),  # noqa: E501
    "nothing":       ({"signals": {}}, []),
    "damaged":       ("{", []),
    "odd":           ({"signals": {"loop": "x"}, "gain": None}, []),
    "of old":        (None, []),
}
# fmt: on


@pytest.mark.parametrize(("found", "lines"), SAID.values(), ids=SAID)
def test_what_is_said(found: Any, lines: list[str]) -> None:
    one = row() | {"evidence": {"struggle": found}}
    said = [str(line) for line in struggle(one)]
    assert [line for line in lines if not any(line in other for other in said)] == []
    assert len(said) == len(lines)


@pytest.mark.parametrize("evidence", [None, "{", 3, [], {}])
def test_evidence_of_any_kind(evidence: Any) -> None:
    assert list(struggle(row() | {"evidence": evidence})) == []
