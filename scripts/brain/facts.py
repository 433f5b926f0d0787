"""Price and release date of every model in the catalogue, as numbers; gaps filled and said so."""

import re
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

TODAY = date(2026, 11, 22).toordinal()
YEAR_2026 = date(2026, 1, 1).toordinal()
# Where the catalogue has no date, or that of an older namesake: the makers' announcements.
RELEASED = {
    "deepseek-v3": "2024-12-26",
    "deepseek-r1": "2025-01-20",
    "deepseek-v3.1": "2025-08-21",
    "deepseek-v3.2": "2025-12-01",
    "gpt-oss-120b": "2025-08-05",
    "gpt-oss-20b": "2025-08-05",
    "qwen3-235b-a22b-2507": "2025-07-21",
    "qwen3-coder-480b-a35b": "2025-07-22",
    "grok-4": "2025-07-09",
    "grok-4-fast": "2025-09-19",
    "grok-4.1-fast": "2025-11-19",
    "grok-code-fast-1": "2025-08-28",
    "llama-3.3-70b": "2024-12-06",
    "llama-4-maverick": "2025-04-05",
    "llama-4-scout": "2025-04-05",
    "mistral-large-2512": "2025-12-02",
    "codestral-2508": "2025-08-01",
}
STRANGER = (np.log2(0.5), date(2024, 6, 1).toordinal())  # a small model of 2024


def features(facts: list[dict[str, Any]], models: int) -> NDArray[np.float64]:
    """(models, 2): log4 of the blended price over $2 per million tokens, years since 2026-01-01.

    Rows past the catalogue are models without facts: all get those of a small model of 2024."""
    known = np.stack([[np.log2(blended(fact)) for fact in facts], dates(facts)], axis=1)
    rest = np.tile(np.array(STRANGER, float), (models - len(facts), 1))
    raw = np.vstack([known, rest])
    return np.stack([(raw[:, 0] - 1) / 2, (raw[:, 1] - YEAR_2026) / 365], axis=1)


def blended(fact: dict[str, Any]) -> float:
    """USD per million tokens, three of input to one of output."""
    price = fact["price_usd_per_mtok"]
    return float(3 * price["input"] + price["output"]) / 4


def dates(facts: list[dict[str, Any]]) -> NDArray[np.float64]:
    """Days. The catalogue lists each maker's models in order: an unknown date lies midway between
    its neighbours', after the last one midway to today."""
    found = [_days(RELEASED.get(fact["id"]) or fact["release_date"]) for fact in facts]
    makers = [fact["vendor"] for fact in facts]
    return np.array([known or _between(found, makers, i) for i, known in enumerate(found)], float)


def _between(found: list[int | None], makers: list[str], place: int) -> float:
    own = [(i, day) for i, day in enumerate(found) if makers[i] == makers[place] and day]
    before = [day for i, day in own if i < place]
    after = [day for i, day in own if i > place]
    first = before[-1] if before else YEAR_2026
    last = after[0] if after else TODAY
    return (first + max(first, last)) / 2


def _days(text: str | None) -> int | None:
    match = re.match(r"(\d{4})-(\d\d)(?:-(\d\d))?", text or "")
    return date(*(int(part or 15) for part in match.groups())).toordinal() if match else None
