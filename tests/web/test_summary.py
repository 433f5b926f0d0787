"""Sums by the hour: right, whole in the end, and there at once however long they take."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import decided
from turnout.errors import ConfigError
from turnout.history import Reader
from turnout.store import Store
from turnout.web import chart, summary
from turnout.web.log import Log
from turnout.web.summary import HOUR, Summary

NOW = decided.AT + 60.0  # an hour and a minute have begun


class Slow(Log):
    """Questions wait until they are let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.go = asyncio.Event()
        self.asked = 0

    async def ask[T](self, question: Callable[[Reader], T]) -> T:
        self.asked += 1
        await self.go.wait()
        return await super().ask(question)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An action an hour over two days, the newest a second ago."""
    with Store.open(tmp_path / "log.db") as store:
        for n in range(48):
            store.add(decided.numbered(n, at=NOW - 1 - n * HOUR))
    return tmp_path / "log.db"


async def test_the_sums_are_the_logs(path: Path) -> None:
    found = await Summary(Log(path), clock=lambda: NOW).window(24, patience=60)
    total = summary.total(found.sums)
    assert (found.missing, total.actions, total.routed, total.errors) == (0, 24, 24, 0)
    assert total.cost_usd == pytest.approx(24 * 0.006155)
    assert total.saved_usd == pytest.approx(24 * (0.030775 - 0.006155))
    assert (total.saved_guess, total.saved_low) == (None, None)  # unknown, not 0
    assert total.cache_read_tokens == 24 * 20_000


async def test_it_answers_before_it_is_done(path: Path) -> None:
    """And goes on behind: the next look has more."""
    log = Slow(path)
    sums = Summary(log, clock=lambda: NOW)
    first = await sums.window(24, patience=0)
    assert (first.missing, first.sums) == (24, ())
    log.go.set()
    whole = await sums.window(24, patience=60)
    assert (whole.missing, summary.total(whole.sums).actions) == (0, 24)


async def test_an_hour_that_is_over_is_read_once(path: Path) -> None:
    now = NOW
    log = Slow(path)
    log.go.set()
    sums = Summary(log, clock=lambda: now)
    await sums.window(48, patience=60)
    asked = log.asked
    await sums.window(48, patience=60)
    assert log.asked == asked  # nothing is stale yet
    now += 60
    with Store.open(path) as store:
        store.add(decided.numbered(99, at=now - 1))
    whole = await sums.window(48, patience=60)
    assert asked < log.asked <= asked + 2  # the running hour, and the one before it
    assert summary.total(whole.sums).actions == 49


async def test_a_log_that_cannot_be_read(tmp_path: Path) -> None:
    sums = Summary(Log(tmp_path / "none.db"), clock=lambda: NOW)
    for _ in range(2):
        with pytest.raises(Exception, match="there is no log yet"):
            await sums.window(24, patience=60)


async def test_the_interval_of_what_is_saved(tmp_path: Path) -> None:
    """Over the actions that it is known of; the others' costs are not in it."""
    guess: dict[str, Any] = {
        "requested_counterfactual_usd": 0.05,
        "requested_counterfactual_low_usd": 0.04,
        "requested_counterfactual_high_usd": 0.07,
    }
    with Store.open(tmp_path / "log.db") as store:
        facts = {"at": NOW - 1}
        store.add(decided.row(of_decision=facts | {"id": "a"}, of_outcome=guess))
        store.add(decided.row(of_decision=facts | {"id": "b"}))
    found = await Summary(Log(tmp_path / "log.db"), clock=lambda: NOW).window(1, patience=60)
    total = summary.total(found.sums)
    ends = (total.saved_low, total.saved_guess, total.saved_high)
    assert ends == pytest.approx((0.04 - 0.006155, 0.05 - 0.006155, 0.07 - 0.006155))


async def test_a_question_that_takes_too_long(path: Path) -> None:
    """It ends, and its thread is there for others."""
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    with pytest.raises(ConfigError, match=r"longer than 0\.01 s; ask for less with since"):
        await Log(path, patience=0.01).ask(lambda reader: list(reader.select(endless)))


# greatest value: the scale's end
SCALES = {
    0.0: 1.0,
    0.0009: 0.001,
    0.02: 0.02,
    0.7: 0.8,
    1.0: 1.0,
    3.1: 4.0,
    20.4: 25.0,
    99.0: 100.0,
}


@pytest.mark.parametrize(("value", "end"), SCALES.items())
def test_scales_end_at_round_numbers(value: float, end: float) -> None:
    assert chart.rounded(value) == pytest.approx(end)


@pytest.mark.parametrize("hours", [24, 168, 720])
async def test_bars_hold_everything(path: Path, hours: int) -> None:
    found = await Summary(Log(path), clock=lambda: NOW).window(hours, patience=60)
    first = int(NOW // HOUR) - hours + 1
    bars = chart.bars(found.sums, first, hours, {24: 1, 168: 6, 720: 24}[hours])
    assert sum(bar.actions for bar in bars) == min(hours, 48)
    drawn = chart.drawn(bars)
    assert all(0 <= shape.spent <= (shape.asked or 100) <= 100 for shape in drawn.shapes)
    assert len(drawn.shapes) % len(drawn.ticks) == 0
