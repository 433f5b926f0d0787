"""What attempts cost that were not given back."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from route.models import binding
from turnout.expenses import Pricing, spent
from turnout.record import Tried
from turnout.trip import Attempt
from turnout.wire.dialects import DIALECTS
from turnout.wire.events import Usage
from turnout.wire.request import Ask

ASK = Ask(dialect="openai_chat", model="big", input_tokens=1000, max_tokens=100)
KNOWN = {("q", "small"): binding("small", "q"), ("z", "free"): binding("free", "z", dollars=None)}
PRICING = Pricing(
    find=lambda provider, model: KNOWN.get((provider, model)),
    ask=ASK,
    home=binding("big", "a", dollars="10"),
    at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
)
SMALL = Tried(provider="q", model="small")
GIVEN = Attempt(
    provider="a", model="big", url="", headers=(), body=b"", dialect=DIALECTS["anthropic"]
)
BACK = Tried(provider="a", model="big", status=200)
ESTIMATE = Decimal("0.0015")  # 1,000 tokens of input at $1 and 100 of output at $5 a million

# attempt: (USD, is that an estimate)
COSTS: dict[str, tuple[Tried, str | None, bool]] = {
    "refused": (replace(SMALL, status=529, error="status 529"), "0", False),
    "refused in its first event": (replace(SMALL, status=200, error="529: busy"), "0", False),
    "redirected": (replace(SMALL, status=302, error="status 302"), "0", False),
    "nobody there": (replace(SMALL, error="ClientConnectorError: refused"), "0", False),
    "reset before it answered": (replace(SMALL, error="ClientOSError: reset"), "0", False),
    "we hung up": (replace(SMALL, error="no headers within 30 s"), str(ESTIMATE), True),
    "broke after it began": (replace(SMALL, status=200, error="broke"), str(ESTIMATE), True),
    "nothing came for too long": (
        replace(SMALL, error="no event within 60 s of the headers"),
        str(ESTIMATE),
        True,
    ),
    "c90 a hedge that lost": (replace(SMALL, hedge=True), str(ESTIMATE), True),
    "c90 its usage was seen": (
        replace(SMALL, hedge=True, usage=Usage(fresh_input=2000, output=10)),
        "0.00205",
        False,
    ),
    "whoever made it knows": (replace(SMALL, status=200, cost_usd=0.5), "0.5", True),
    "of unknown price": (replace(SMALL, provider="z", model="free", hedge=True), None, False),
    "of a model nobody knows": (replace(SMALL, model="mystery", hedge=True), None, False),
    "unknown, but refused": (replace(SMALL, model="mystery", status=429), "0", False),
    "home, cut": (Tried(provider="a", model="", status=200, error="broke"), "0.015", True),
}


@pytest.mark.parametrize(("tried", "usd", "estimated"), COSTS.values(), ids=COSTS)
def test_one_attempt(tried: Tried, usd: str | None, estimated: bool) -> None:
    found = spent((tried, BACK), GIVEN, PRICING)
    assert found.total == (None if usd is None else Decimal(usd))
    assert found.estimated is estimated
    first, given = found.attempts
    assert first.cost_usd == found.total
    assert given == BACK, "what went back is on the bill itself"
    assert found.hedges == (found.total if tried.hedge else 0)


def test_all_failed() -> None:
    """The answer that went back was an error: it is one of the attempts, and costs nothing."""
    two = (replace(SMALL, status=500, error="status 500"), replace(BACK, status=503))
    assert spent(two, GIVEN, PRICING).total == 0
    assert spent(two, None, PRICING).total == 0
    assert spent((), None, PRICING).total == 0


def test_the_same_model_twice() -> None:
    """The later one went back: an earlier one that broke is paid for all the same."""
    twice = (replace(BACK, error="no headers within 30 s"), BACK)
    assert spent(twice, GIVEN, PRICING).total is None  # nobody knows its price here
    known = replace(PRICING, find=lambda *_: binding("big", "a"))
    assert spent(twice, GIVEN, known).total == ESTIMATE


def test_what_a_subscription_covers_costs_nothing() -> None:
    home = Tried(provider="a", model="", status=200, error="broke")
    assert spent((home, BACK), GIVEN, replace(PRICING, covered=True)).total == 0


def test_c90_a_hedge_that_won() -> None:
    """The first request lost the race: that is what hedging cost."""
    lost = replace(SMALL, error="lost: another was faster", usage=Usage(fresh_input=2000))
    found = spent((lost, replace(BACK, hedge=True)), GIVEN, PRICING)
    assert found.hedges == found.total == Decimal("0.002")
