"""c89: what providers say about when they may be asked again, header by header."""

import pytest

from turnout.health.faults import LONGEST
from turnout.health.limits import asked_for, spent

NOW = 1_764_000_000.0  # 2025-11-24T16:00:00Z
SOON = "2025-11-24T16:00:30Z"

# fmt: off
WAITS = {
    "seconds":                ({"retry-after": "3"}, 3.0),
    "a fraction":             ({"Retry-After": "0.5"}, 0.5),
    "milliseconds first":     ({"retry-after": "3", "retry-after-ms": "1500"}, 1.5),
    "a date":                 ({"retry-after": "Mon, 24 Nov 2025 16:00:20 GMT"}, 20.0),
    "a date that is past":    ({"retry-after": "Mon, 24 Nov 2025 15:00:00 GMT"}, 0.0),
    "a day":                  ({"retry-after": "86400"}, LONGEST),
    "nonsense":               ({"retry-after": "soon"}, 0.0),
    "infinity":               ({"retry-after": "1e999"}, LONGEST),
    "not a number":           ({"retry-after-ms": "nan"}, 0.0),
    "nothing":                ({}, 0.0),
    "anthropic, used up":     ({"anthropic-ratelimit-tokens-remaining": "0",
                                "anthropic-ratelimit-tokens-reset": SOON}, 30.0),
    "anthropic, some left":   ({"anthropic-ratelimit-tokens-remaining": "9",
                                "anthropic-ratelimit-tokens-reset": SOON}, 0.0),
    "openai, minutes":        ({"x-ratelimit-remaining-requests": "0",
                                "x-ratelimit-reset-requests": "6m0s"}, 360.0),
    "openai, milliseconds":   ({"x-ratelimit-remaining-tokens": "0",
                                "x-ratelimit-reset-tokens": "20ms"}, 0.02),
    "openai, the other one":  ({"x-ratelimit-remaining-tokens": "0",
                                "x-ratelimit-reset-requests": "6m0s"}, 0.0),
    "the longest of two":     ({"x-ratelimit-remaining-tokens": "0",
                                "x-ratelimit-reset-tokens": "7.66s",
                                "x-ratelimit-remaining-requests": "0",
                                "x-ratelimit-reset-requests": "1m"}, 60.0),
    "openrouter, epoch ms":   ({"x-ratelimit-remaining": "0",
                                "x-ratelimit-reset": "1764000012000"}, 12.0),
    "seconds of the draft":   ({"ratelimit-remaining": "0", "ratelimit-reset": "9"}, 9.0),
}
# fmt: on


@pytest.mark.parametrize(("headers", "seconds"), WAITS.values(), ids=WAITS)
def test_headers(headers: dict[str, str], seconds: float) -> None:
    assert asked_for(headers.items(), NOW) == pytest.approx(seconds)


def test_google_says_it_in_the_body() -> None:
    body = b'{"error": {"details": [{"@type": "x/google.rpc.RetryInfo", "retryDelay": "34.5s"}]}}'
    assert asked_for([], NOW, body) == 34.5


def test_an_answer_may_use_up_a_limit() -> None:
    used = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "8.64s"}
    assert spent(used.items(), NOW) == pytest.approx(8.64)
    assert spent([("retry-after", "9")], NOW) == 0.0, "only limits that are used up"
