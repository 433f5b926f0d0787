import pytest

from turnout.wire.effort import LADDER, from_budget, lowest, nearest, to_budget
from turnout.wire.request import Effort

# wanted, known -> asked for
NEAREST: dict[str, tuple[Effort, tuple[Effort, ...], Effort]] = {
    "known levels stay": ("medium", ("low", "medium", "high"), "medium"),
    "the nearest below": ("xhigh", ("low", "medium", "high"), "high"),
    "a gap": ("high", ("low", "max"), "low"),
    "none below: the lowest": ("minimal", ("low", "high"), "low"),
    "minimal where none exists": ("minimal", ("none", "low"), "none"),
    "max to xhigh": ("max", ("high", "xhigh"), "xhigh"),
    "levels unknown: the usual three": ("max", (), "high"),
    "the order of the list does not matter": ("medium", ("high", "low"), "low"),
}


@pytest.mark.parametrize(("wanted", "known", "asked"), NEAREST.values(), ids=NEAREST)
def test_nearest(wanted: Effort, known: tuple[Effort, ...], asked: Effort) -> None:
    assert nearest(wanted, known) == asked


def test_xhigh_is_max_where_only_max_exists() -> None:
    assert nearest("xhigh", ("high", "max"), xhigh_is_max=True) == "max"
    assert nearest("xhigh", ("high", "xhigh", "max"), xhigh_is_max=True) == "xhigh"
    assert nearest("xhigh", ("low", "high"), xhigh_is_max=True) == "high"


def test_lowest() -> None:
    assert lowest(("high", "minimal", "low")) == "minimal"


@pytest.mark.parametrize(
    ("tokens", "effort"),
    [
        (0, "low"),
        (4096, "low"),
        (4097, "medium"),
        (16384, "medium"),
        (16385, "high"),
        (32000, "high"),
    ],
)
def test_budget_to_effort(tokens: int, effort: Effort) -> None:
    assert from_budget(tokens) == effort


@pytest.mark.parametrize("effort", ["low", "medium", "high"])
def test_there_and_back(effort: Effort) -> None:
    assert from_budget(to_budget(effort)) == effort


def test_more_effort_is_never_fewer_tokens() -> None:
    budgets = [to_budget(effort) for effort in LADDER]
    assert budgets == sorted(budgets)
