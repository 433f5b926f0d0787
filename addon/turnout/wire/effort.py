"""The ladder of reasoning efforts, and its exchange with thinking budgets.

none < minimal < low < medium < high < xhigh < max
"""

from collections.abc import Collection
from typing import get_args

from turnout.wire.request import Effort

LADDER: tuple[Effort, ...] = get_args(Effort)
# what a model with efforts takes when its catalogue row does not list them
USUAL: tuple[Effort, ...] = ("low", "medium", "high")

# thinking budget in tokens, up to and including    effort
BY_BUDGET: tuple[tuple[int, Effort], ...] = ((4096, "low"), (16384, "medium"))
BUDGETS: dict[Effort, int] = {
    "none": 0,
    "minimal": 1024,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 32768,
    "max": 32768,
}


def nearest(wanted: Effort, known: Collection[Effort], *, xhigh_is_max: bool = False) -> Effort:
    """The level to ask for: the nearest at or below `wanted` that is known, else the lowest known.

    `xhigh_is_max`: Anthropic's models without xhigh have max in its place.
    """
    if xhigh_is_max and wanted == "xhigh" and "xhigh" not in known and "max" in known:
        return "max"
    ladder = [level for level in LADDER if level in (known or USUAL)]
    at_most = [level for level in ladder if LADDER.index(level) <= LADDER.index(wanted)]
    return at_most[-1] if at_most else ladder[0]


def lowest(known: Collection[Effort]) -> Effort:
    """The least reasoning of a model that cannot do without."""
    return nearest("none", known)


def from_budget(tokens: int) -> Effort:
    return next((effort for limit, effort in BY_BUDGET if tokens <= limit), "high")


def to_budget(effort: Effort) -> int:
    """Thinking tokens for a model that is told a budget."""
    return BUDGETS[effort]
