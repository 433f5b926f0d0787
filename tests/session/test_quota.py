"""How much of a subscription is used, as its provider's headers tell (conformance 42, 81)."""

import pytest

from turnout.session import quota

NOW = 1_790_000_000.0
LATER, BEFORE = str(NOW + 60), str(NOW - 60)
FIVE, WEEK = "anthropic-ratelimit-unified-5h", "anthropic-ratelimit-unified-7d"
CODEX = "x-codex-primary"

# fmt: off
SHARES: dict[str, tuple[dict[str, str], float | None]] = {
    "c42 nothing is said":       ({"content-type": "text/plain"},                       None),
    "c81 one window":            ({f"{FIVE}-utilization": "0.42", f"{FIVE}-reset": LATER}, 0.42),
    "c81 the fullest":           ({f"{FIVE}-utilization": "0", f"{WEEK}-utilization": "1"}, 1),
    "c81 what began anew is over": ({f"{FIVE}-utilization": "1", f"{FIVE}-reset": BEFORE}, None),
    "c81 no end is told":        ({f"{FIVE}-utilization": "0.5"},                       0.5),
    "more than all":             ({f"{FIVE}-utilization": "1.7"},                       1.0),
    "what is bought besides is no window":
        ({"anthropic-ratelimit-unified-overage-utilization": "1"},                      None),
    "c81 codex, in percent":     ({f"{CODEX}-used-percent": "42.5",
                                   f"{CODEX}-reset-after-seconds": "60"},               0.425),
    "codex, by the clock": ({f"{CODEX}-used-percent": "4", f"{CODEX}-reset-at": BEFORE}, None),
    "no number":                 ({f"{FIVE}-utilization": "much"},                      None),
    "not finite":                ({f"{FIVE}-utilization": "nan"},                       None),
    "negative":                  ({f"{FIVE}-utilization": "-1"},                        None),
}
# fmt: on


@pytest.mark.parametrize(("headers", "share"), SHARES.values(), ids=SHARES)
def test_used(headers: dict[str, str], share: float | None) -> None:
    assert quota.used(quota.windows(headers, NOW), NOW) == share


def test_only_what_speaks_of_it_is_kept() -> None:
    headers = [("Set-Cookie", "s"), ("Anthropic-RateLimit-Unified-5h-Utilization", "0.5")]
    assert quota.told(headers) == {f"{FIVE}-utilization": "0.5"}


def test_a_window_that_nobody_ends_is_not_believed_for_ever() -> None:
    known = quota.windows({f"{FIVE}-utilization": "0.5"}, NOW)
    assert quota.used(known, NOW + quota.BLIND_S - 1) == 0.5
    assert quota.used(known, NOW + quota.BLIND_S) is None


def test_a_refusal_holds_for_as_long_as_it_says() -> None:
    known = quota.refused({"retry-after": "30"}, NOW)
    assert (quota.used(known, NOW + 29), quota.used(known, NOW + 30)) == (1.0, None)
    assert quota.used(quota.refused({"retry-after": "soon"}, NOW), NOW + 59) == 1.0


FACTORS = {0.0: 0.0, 0.94: 0.0, 0.95: 0.0, 0.975: 0.5, 1.0: 1.0, 7.0: 1.0}


@pytest.mark.parametrize(("share", "factor"), FACTORS.items())
def test_c81_usage_moves_the_factor(share: float, factor: float) -> None:
    assert quota.factor(share) == pytest.approx(factor)
