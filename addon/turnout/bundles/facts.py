"""Price and release date of every model in the catalogue, as numbers; gaps filled as said here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from turnout.route.catalog import Binding, Catalog, Model, Price

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
# No source gives their day: midway between their maker's models before and after them.
ABOUT = {
    "claude-opus-5": "2026-06-30",
    "claude-fable-5-2": "2026-09-10",
    "gpt-5.6-sol": "2026-06-28",
    "gpt-5.6-terra": "2026-06-28",
    "gpt-5.6-luna": "2026-06-28",
    "gemini-3.5-flash-lite": "2026-04-04",
    "gemini-3.6-flash": "2026-07-31",
    "gemini-3.7-flash": "2026-07-31",
    "gemini-3.8-flash": "2026-07-31",
    "kimi-k2.7-code": "2026-08-06",
    "kimi-k3": "2026-08-06",
    "kimi-k3.1-pro": "2026-08-06",
    "glm-5.3": "2026-09-02",
    "glm-5.3-flash": "2026-09-02",
    "qwen3-coder-next": "2025-08-22",
    "qwen3.8-max": "2026-08-21",
    "qwen3.8-flash": "2026-08-21",
    "qwen3.8-27b": "2026-08-21",
    "muse-spark-1.3": "2026-01-28",
    "muse-spark-1.2": "2026-01-28",
    "mistral-large-4": "2026-02-14",
    "minimax-m3.1-flash": "2026-08-27",
    "grok-4.5": "2026-08-04",
    "grok-4.6": "2026-08-04",
    "grok-4.7": "2026-08-04",
    "mimo-v2.6-pro": "2026-08-07",
    "mimo-v2.6-flash": "2026-08-07",
}
STRANGER = (np.log2(0.5), date(2024, 6, 1).toordinal())  # a small model of 2024


@dataclass(frozen=True, slots=True)
class Fact:
    """`dollars`: USD per million tokens, three of input to one of output; None when unknown.
    `released`: days (ordinal)."""

    id: str
    vendor: str
    dollars: float | None
    released: float


def facts(catalog: Catalog) -> list[Fact]:
    """One a model, in the order of the catalogue."""
    prices = list_prices(catalog)
    return [
        Fact(model.id, model.vendor, prices.get(model.id), _released(model, catalog))
        for model in catalog.models.values()
    ]


def list_prices(catalog: Catalog) -> dict[str, float]:
    """Model -> what its maker takes; where that is not known, the middle of what hosts take."""
    found: dict[str, float] = {}
    for model, bindings in _by_model(catalog.bindings).items():
        own = [one for one in bindings if one.provider == one.model.home]
        dollars = _blends(own)[:1] or sorted(_blends(bindings))
        if dollars:
            found[model] = dollars[(len(dollars) - 1) // 2]
    return found


def blended(price: Price | None) -> float | None:
    """USD per million tokens, three of input to one of output."""
    if price is None or price.input is None or price.output is None:
        return None
    return float(3 * price.input + price.output) / 4


def features(known: list[Fact], models: int) -> NDArray[np.float64]:
    """(models, 2): log4 of the blended price over $2 per million tokens, years since 2026-01-01.

    Free and unpriced models count as of the median price: nothing is known of them by it. Rows past
    the catalogue are models without facts: all get those of a small model of 2024."""
    middle = float(np.median([fact.dollars for fact in known if fact.dollars] or [2.0]))
    priced = [[np.log2(fact.dollars or middle), fact.released] for fact in known]
    rest = [list(STRANGER)] * (models - len(known))
    raw = np.array([*priced, *rest], np.float64).reshape(models, 2)
    return np.stack([(raw[:, 0] - 1) / 2, (raw[:, 1] - YEAR_2026) / 365], axis=1)


def _by_model(bindings: Iterable[Binding]) -> dict[str, list[Binding]]:
    found: dict[str, list[Binding]] = {}
    for binding in bindings:
        found.setdefault(binding.model.id, []).append(binding)
    return found


def _blends(bindings: Iterable[Binding]) -> list[float]:
    return [dollars for one in bindings if (dollars := blended(one.price)) is not None]


def _released(model: Model, catalog: Catalog) -> float:
    """A model of no known day is taken for one as old as the middle one of its maker."""
    day = _day(RELEASED.get(model.id) or model.released or ABOUT.get(model.id, ""))
    if day:
        return float(day)
    kin = [_day(m.released) for m in catalog.models.values() if m.vendor == model.vendor]
    return float(np.median([d for d in kin if d] or [YEAR_2026]))


def _day(text: str) -> int | None:
    match = re.match(r"(\d{4})-(\d\d)(?:-(\d\d))?", text)
    return date(*(int(part or 15) for part in match.groups())).toordinal() if match else None
