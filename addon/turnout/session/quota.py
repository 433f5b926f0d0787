"""How much of a subscription is used up, from the headers of its provider's answers. Pure.

Anthropic tells the used share of each window, and when it begins anew (epoch seconds):

    anthropic-ratelimit-unified-5h-utilization: 0.42     -5h-reset, -7d-utilization, ...

OpenAI tells percents to codex, and seconds until it begins anew:

    x-codex-primary-used-percent: 42.5                   x-codex-primary-reset-after-seconds, ...
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite

FULL = 0.95  # used share from which a subscription is spared (c81)
BLIND_S = 5 * 3600.0  # seconds that a share holds when nobody says when its window ends
REFUSED_S = 60.0  # seconds that a refusal holds when nobody says how long; start value

_SPEAKS = re.compile(r"anthropic-ratelimit-unified-|x-codex-(primary|secondary)-|retry-after\Z")
_ANTHROPIC = re.compile(r"anthropic-ratelimit-unified-([\w-]+)-utilization")
_CODEX = re.compile(r"x-codex-(primary|secondary)-used-percent")
_OVERAGE = "overage"  # what is bought besides: no window of the subscription

type Headers = Mapping[str, str]
type Windows = dict[str, "Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """`used`: 0 to 1. `until`: epoch seconds at which it begins anew."""

    used: float
    until: float


def told(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What of an answer's headers speaks of a subscription; names in lower case."""
    folded = ((name.lower(), value) for name, value in headers)
    return {name: value for name, value in folded if _SPEAKS.match(name)}


def windows(headers: Headers, now: float) -> Windows:
    """What cannot be read says nothing."""
    found: Windows = {}
    for name in headers:
        if (match := _ANTHROPIC.fullmatch(name)) and match[1] != _OVERAGE:
            until = _number(headers.get(f"anthropic-ratelimit-unified-{match[1]}-reset"))
            _put(found, match[1], _number(headers[name]), until, now)
        elif match := _CODEX.fullmatch(name):
            share, until = _number(headers[name]), _codex_until(headers, match[1], now)
            _put(found, match[1], None if share is None else share / 100, until, now)
    return found


def refused(headers: Headers, now: float) -> Windows:
    """After a 429: nothing is left, for as long as it says."""
    wait = _number(headers.get("retry-after"))
    return {"refused": Window(1.0, now + (REFUSED_S if wait is None else max(wait, 0.0)))}


def used(known: Windows, now: float) -> float | None:
    """Of the window that is fullest; None when nothing is known of now."""
    return max((one.used for one in known.values() if now < one.until), default=None)


def factor(share: float) -> float:
    """Of the list price, what a token of a subscription is worth while so much of it is used.

    Nothing as long as there is enough of it; the list price when nothing is left.
    """
    return min(max((share - FULL) / (1 - FULL), 0.0), 1.0)


def _put(found: Windows, name: str, share: float | None, until: float | None, now: float) -> None:
    if share is not None and share >= 0:
        found[name] = Window(min(share, 1.0), now + BLIND_S if until is None else until)


def _codex_until(headers: Headers, name: str, now: float) -> float | None:
    if (at := _number(headers.get(f"x-codex-{name}-reset-at"))) is not None:
        return at
    after = _number(headers.get(f"x-codex-{name}-reset-after-seconds"))
    return None if after is None else now + after


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if isfinite(value) else None
