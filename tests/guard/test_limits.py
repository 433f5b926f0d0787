"""Limits: sliding windows, whom they count for, what they say, and what they do when they break."""

from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.config.settings import Limit
from turnout.guard.limits import Asked, Beyond, Limits
from turnout.guard.window import MINUTE, Window
from turnout.store import Store

START = 1_000_000.0


class Clock:
    now = START

    def __call__(self) -> float:
        return self.now


def limits(*rows: Limit, **rest: Any) -> Limits:
    return Limits(rows, lambda name: (name, "company") if name else (), Clock(), **rest)


def row(
    id: str, cost: float | None = 0.0, tokens: int | None = None, **facts: Any
) -> dict[str, Any]:
    names = ("cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens")
    plain = {"at": START, "client": "", "project": "", "tenant": "", "requested_model": ""}
    more = {"reason": "cheapest_at_parity", "status": 200, "input_tokens": tokens, "cost_usd": cost}
    return {"id": id, **plain, **dict.fromkeys(names), **more, **facts}


def test_requests_in_a_window_that_slides() -> None:
    found = limits(Limit(requests_per_minute=2))
    assert found.ask("1", Asked(at=START)) is None
    assert found.ask("2", Asked(at=START + 30)) is None
    beyond = found.ask("3", Asked(at=START + 40))
    assert beyond == Beyond("refuse", "2 requests a minute are used up", 21)
    assert found.ask("4", Asked(at=START + 40 + beyond.retry_after - 2)) is not None
    assert found.ask("5", Asked(at=START + 40 + beyond.retry_after)) is None, "as it was promised"
    assert found.ask("6", Asked(at=START + 62)) is not None


def test_a_clock_that_is_set_back_neither_blocks_for_long_nor_forgets() -> None:
    window = Window(MINUTE)
    window.add(START, 5.0)
    back = START - 3600
    assert window.used(back) == 5.0
    window.add(back + 10, 2.0)
    assert window.used(back + 10) == 7.0
    assert window.used(back + 65) == 2.0 and window.free_in(back + 10, 0.0) <= 62
    assert window.used(back + 75) == 0.0


def test_tokens_count_as_estimated_then_as_they_were() -> None:
    found = limits(Limit(tokens_per_minute=1000))
    assert found.ask("1", Asked(at=START, tokens=600)) is None
    assert found.ask("2", Asked(at=START, tokens=600)) is not None
    found.settled(row("1", tokens=100))
    assert found.ask("3", Asked(at=START, tokens=600)) is None
    found.settled(row("3", tokens=None))
    assert found.ask("4", Asked(at=START, tokens=301)) is not None, "unknown is not nothing"
    assert found.ask("5", Asked(at=START, tokens=300)) is None


def test_dollars_of_a_day() -> None:
    found = limits(Limit(usd_per_day=Decimal("0.50"), then="cheaper"))
    for n in range(2):
        assert found.ask(f"{n}", Asked(at=START)) is None
        found.settled(row(f"{n}", cost=0.25, tokens=1))
    beyond = found.ask("2", Asked(at=START + 3600))
    assert beyond and beyond.then == "cheaper" and 82_000 < beyond.retry_after < 85_000
    assert found.ask("3", Asked(at=START + 86_400 + 1800)) is None
    assert list(found.warnings()) == []
    found.settled(row("2", cost=None, tokens=5))
    assert "1 requests of unknown price" in next(found.warnings())


SCOPES = {
    "another client": (Limit(client="codex", requests_per_minute=1), {"client": "aider"}, False),
    "a client": (Limit(client="cod*", requests_per_minute=1), {"client": "codex"}, True),
    "a project": (Limit(project="x", requests_per_minute=1), {"project": "x"}, True),
    "a model": (Limit(model="*opus*", requests_per_minute=1), {"model": "claude-opus-5"}, True),
    "another model": (Limit(model="*opus*", requests_per_minute=1), {"model": "gpt-5"}, False),
    "a tenant": (Limit(tenant="ann", requests_per_minute=1), {"tenants": ("ann", "company")}, True),
    "its parent": (
        Limit(tenant="company", requests_per_minute=1),
        {"tenants": ("ann", "company")},
        True,
    ),
    "nobody": (Limit(tenant="ann", requests_per_minute=1), {}, False),
}


@pytest.mark.parametrize(("limit", "facts", "counts"), SCOPES.values(), ids=SCOPES)
def test_whom_a_limit_is_for(limit: Limit, facts: dict[str, Any], counts: bool) -> None:
    found = limits(limit)
    found.ask("1", Asked(at=START, **facts))
    assert (found.ask("2", Asked(at=START, **facts)) is not None) is counts


def test_apart_for_each_of_them_and_for_parents_together() -> None:
    found = limits(Limit(per=("tenant",), requests_per_minute=2))
    ann, bob = ("ann", "company"), ("bob", "company")
    assert found.ask("1", Asked(at=START, tenants=ann)) is None
    assert found.ask("2", Asked(at=START, tenants=bob)) is None
    beyond = found.ask("3", Asked(at=START, tenants=ann))
    assert beyond and beyond.words == "2 requests a minute for tenant company are used up"
    assert found.ask("4", Asked(at=START)) is None, "nobody's are apart"


def test_the_severest_answer_holds_and_the_refused_is_not_counted() -> None:
    found = limits(
        Limit(requests_per_minute=1, then="cheaper"),
        Limit(requests_per_minute=2, then="home"),
        Limit(requests_per_minute=3),
    )
    said = [found.ask(str(n), Asked(at=START)) for n in range(6)]
    assert [one and one.then for one in said] == [None, "cheaper", "home", *["refuse"] * 3]
    assert found.ask("7", Asked(at=START + 62)) is None


def test_what_was_used_stays_used_when_the_limits_are_read_again() -> None:
    """Two limits of the same requests share a window, and count each request once."""
    found = limits(Limit(requests_per_minute=3, then="cheaper"), Limit(requests_per_minute=4))
    said = [found.ask(f"{n}", Asked(at=START)) for n in range(5)]
    assert [one and one.then for one in said] == [None, None, None, "cheaper", "refuse"]
    found.again((Limit(requests_per_minute=5),))
    assert found.ask("5", Asked(at=START)) is None
    assert found.ask("6", Asked(at=START)) is not None


class Broken:
    def get(self, key: str) -> Window | None:
        raise ConnectionError("nobody there")

    put = drop = items = __len__ = get  # type: ignore[assignment]


def test_a_limiter_that_fails_lets_pass_unless_it_is_strict() -> None:
    broken: Any = Broken()
    assert limits(Limit(requests_per_minute=0), state=broken).ask("1", Asked(at=START)) is None
    found = limits(Limit(requests_per_minute=9, strict=True), state=broken)
    beyond = found.ask("1", Asked(at=START))
    assert beyond and beyond.then == "refuse" and "out of order" in beyond.words
    assert "ConnectionError" in next(found.warnings())


def test_the_last_day_is_remembered(tmp_path: Path) -> None:
    store = Store(tmp_path / "log.db")
    for n, at in enumerate((START - 90_000, START - 30_000, START - 10)):
        store.add(row(f"id{n}", cost=0.4, tokens=70, at=at, tenant="ann"))
    store.add(row("refused", cost=None, at=START - 5, tenant="ann", reason="limit", status=429))
    store.close()
    by_day, by_minute = (
        limits(Limit(tenant="company", usd_per_day=Decimal("0.8"))),
        limits(Limit(tenant="ann", requests_per_minute=1, tokens_per_minute=100)),
    )
    for found in (by_day, by_minute):
        found.recall(tmp_path / "log.db")
        assert found.ask("now", Asked(at=START, tenants=("ann", "company"))) is not None
    empty = limits(Limit(requests_per_minute=1))
    empty.recall(tmp_path / "nothing.db")
    assert empty.ask("now", Asked(at=START)) is None


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 9)), max_size=40), st.integers(1, 30))
def test_a_window_never_forgets_too_early_and_says_when(
    uses: list[tuple[int, int]], room: int
) -> None:
    window, before = Window(MINUTE), []
    for at, amount in sorted(uses):
        now = START + at
        window.add(now, amount)
        before.append((now, amount))
        assert window.used(now) >= sum(some for then, some in before if then > now - 60)
        wait = window.free_in(now, room)
        if window.used(now) > room:
            assert deepcopy(window).used(now + wait) <= room
