"""What a request is said to have cost, in every way that it may end."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decided import decision
from test_sessions import ASK, BIG, KNOWN, WHO, attempt, find
from turnout.account import Meter
from turnout.books import Books, Passed
from turnout.record import Tried
from turnout.session.place import place
from turnout.stages import Stages
from turnout.store import Store
from turnout.trip import Arrival, Attempt, Plan, Untouched
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Usage

USAGE = Usage(fresh_input=1000, output=100)
SMALL = KNOWN["q", "small"]
GAVE = replace(attempt("q", "small"), price=SMALL.price)
COST = (1000 * 0.3 + 100 * 1.5) / 1e6
BIG_COST = (1000 * 5 + 100 * 25) / 1e6
PLACE = place(ASK, WHO.session, WHO.agent)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    with Store.open(tmp_path / "turnout.db") as store:
        yield Books(store, Stages(), find)


def routed(**facts: Any) -> Plan:
    made: dict[str, Any] = {
        "decision": decision(provider="q", model="small", requested_model="big"),
        "arrival": Arrival(method="POST", url="", path="", headers=(), raw=b"", home="a"),
        "ask": ASK,
        "dialect": DIALECTS["anthropic"],
        "body": b"",
        "attempts": iter(()),
        "home": attempt(model=""),
        "request": lambda: pytest.fail("nobody asks"),
        "place": PLACE,
        "requested_price": BIG.price,
    }
    return Plan(**made | facts)


def watched(reason: str = "shadow", **facts: Any) -> Untouched:
    made = decision(provider="a", model="big", requested_model="big", fresh_model="q/small")
    price = {"requested_price": BIG.price, "place": PLACE, "ask": ASK}
    return Untouched(decision=replace(made, reason=reason), **price | facts)  # type: ignore[arg-type]


def settled(
    books: Books, plan: Plan | Untouched, usage: Usage | None, gave: Attempt | None, **facts: Any
) -> dict[str, Any]:
    """Its row."""
    rows: list[Any] = []
    books.listeners = [rows.append]
    meter = Meter()
    meter.usage = usage
    books.settle(plan, Passed(meter=meter, began=0.0, attempt=gave, **{"status": 200, **facts}))
    (row,) = rows
    return dict(row)


TRIED = Tried(provider="q", model="small", status=529, error="status 529")
HUNG = Tried(provider="q", model="small", error="given up")

# plan, usage, whose answer, what else: cost, cost as asked, cost of attempts
type Case = tuple[Any, Usage | None, Attempt | None, dict[str, Any], tuple[Any, Any, Any]]
ENDS: dict[str, Case] = {
    "an answer": (routed, USAGE, GAVE, {}, (COST, BIG_COST, None)),
    "without usage": (routed, None, GAVE, {}, (None, None, None)),
    "after a failover": (routed, USAGE, GAVE, {"tried": (TRIED,)}, (COST, BIG_COST, 0)),
    "nobody answered": (routed, None, None, {"status": 502, "tried": (TRIED,)}, (0, 0, 0)),
    "refused": (routed, None, GAVE, {"status": 400}, (0, 0, None)),
    "left before an answer": (routed, None, None, {"status": 499}, (0, 0, None)),
    "left in mid-stream, usage told": (
        routed, USAGE, GAVE, {"status": 499}, (COST, BIG_COST, None)),
    "left in mid-stream, usage to come": (
        routed, None, GAVE, {"status": 499}, (None, None, None)),
    "home, untouched": (watched, USAGE, None, {}, (BIG_COST, BIG_COST, None)),
    "home, refused": (watched, None, None, {"status": 429}, (0, 0, None)),
    "home, no answer": (watched, None, None, {"status": None}, (None, None, None)),
}  # fmt: skip


@pytest.mark.parametrize(("plan", "usage", "gave", "facts", "usd"), ENDS.values(), ids=ENDS)
def test_ends(
    books: Books,
    plan: Any,
    usage: Usage | None,
    gave: Attempt | None,
    facts: dict[str, Any],
    usd: tuple[Any, Any, Any],
) -> None:
    row = settled(books, plan(), usage, gave, **facts)
    found = (row["cost_usd"], row["requested_same_tokens_usd"], row["attempts_usd"])
    assert found == tuple(pytest.approx(one) if one else one for one in usd)


def test_an_attempt_that_we_gave_up_is_an_estimate_in_the_cost(books: Books) -> None:
    row = settled(books, routed(), USAGE, GAVE, tried=(HUNG,))
    assert row["estimated"] == 1
    assert row["cost_usd"] == pytest.approx(COST + row["attempts_usd"])
    assert row["attempts_usd"] > 0


def test_in_shadow_both_sides_are_told(books: Books) -> None:
    row = settled(books, watched(), USAGE, None)
    alone = [row[f"requested_counterfactual{end}_usd"] for end in ("", "_low", "_high")]
    assert alone == [pytest.approx(BIG_COST)] * 3
    assert row["routed_low_usd"] < row["routed_usd"] < row["routed_high_usd"] < BIG_COST
    refused = settled(books, watched(), None, None, status=500)
    assert (refused["routed_usd"], refused["requested_counterfactual_usd"]) == (0, 0)


def test_only_shadow_says_what_routing_would_cost(books: Books) -> None:
    assert settled(books, watched("native_only"), USAGE, None)["routed_usd"] is None


def test_a_subscription_pays(books: Books) -> None:
    """What it covers costs nothing more; what we pay beside it saves nothing."""
    covered = settled(books, watched("subscription", plan_token=True), USAGE, None)
    assert (covered["cost_usd"], covered["requested_same_tokens_usd"]) == (0, 0)
    beside = settled(books, routed(plan_token=True), USAGE, GAVE)
    assert beside["cost_usd"] == pytest.approx(COST)
    assert beside["requested_same_tokens_usd"] == beside["requested_counterfactual_high_usd"] == 0


async def test_an_account_that_waits_is_settled_before_the_next_plan(books: Books) -> None:
    """`Engine.plan` and the end of the process call `finish`: nothing is told twice or never."""
    told: list[str] = []
    books.learners.append(lambda plan, _: told.append(plan.decision.id))

    def soon(name: str) -> None:
        made = decision(id=name, provider="q", model="small", requested_model="big")
        books.settle_soon(routed(decision=made), Passed(meter=Meter(), began=0.0))

    soon("a")
    soon("b")
    assert told == []
    books.finish()
    assert told == ["a", "b"]
    await asyncio.sleep(0.01)  # their own time comes, and finds nothing
    assert told == ["a", "b"]
    soon("c")
    while len(told) < 3:  # noqa: ASYNC110  the loop itself is what is waited for
        await asyncio.sleep(0)
    assert told[-1] == "c"
