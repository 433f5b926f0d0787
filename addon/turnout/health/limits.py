"""How long a provider wants to be left alone, from the headers and bodies of its answers.

retry-after, retry-after-ms          RFC 9110 section 10.2.3; the second is an SDK's custom
anthropic-ratelimit-*-reset          a date; https://docs.anthropic.com/en/api/rate-limits
x-ratelimit-reset-requests, -tokens  "6m0s"; https://platform.openai.com/docs/guides/rate-limits
x-ratelimit-reset                    epoch ms; https://openrouter.ai/docs/api-reference/limits
retryDelay in the body               "30s": google.rpc.RetryInfo; https://google.aip.dev/193
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from turnout.health.faults import LONGEST

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DELAY = re.compile(rb'"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"')
_PAIR = re.compile(r"(.*ratelimit.*?)(?:-(reset|remaining))(.*)")

type Headers = Iterable[tuple[str, str]]


def asked_for(headers: Headers, now: float, body: bytes = b"") -> float:
    """Seconds that a refusing answer asks to wait, 0 when it does not say."""
    told = {key.lower(): value.strip() for key, value in headers}
    waits = [
        _seconds(told.get("retry-after-ms", ""), lambda text: float(text) / 1000),
        _seconds(told.get("retry-after", ""), lambda text: _after(text, now)),
        spent(told.items(), now),
    ]
    if found := _DELAY.search(body):
        waits.append(float(found[1]))
    return next((wait for wait in waits if wait), waits[-1])


def spent(headers: Headers, now: float) -> float:
    """Seconds until a limit of which nothing remains is reset, 0 when all have something left."""
    told = {key.lower(): value.strip() for key, value in headers if "ratelimit" in key.lower()}
    waits = [
        _seconds(value, lambda text: _until(text, now))
        for key, value in told.items()
        if (pair := _PAIR.fullmatch(key)) and pair[2] == "reset"
        if told.get(f"{pair[1]}-remaining{pair[3]}") == "0"
    ]
    return max(waits, default=0.0)


def _seconds(text: str, read: Callable[[str], float]) -> float:
    try:
        found = read(text)
    except (ValueError, OverflowError):
        return 0.0
    return min(found, LONGEST) if found > 0 else 0.0  # also for NaN


def _after(text: str, now: float) -> float:
    return float(text) if text[:1].isdigit() else parsedate_to_datetime(text).timestamp() - now


def _until(text: str, now: float) -> float:
    """A span, a date, seconds, or epoch seconds or milliseconds."""
    if _SPAN.match(text) and not _SPAN.sub("", text):
        return sum(float(number) * _UNIT[unit] for number, unit in _SPAN.findall(text))
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now
    number = float(text)
    number = number / 1000 if number > 1e11 else number
    return number - now if number > 1e8 else number
