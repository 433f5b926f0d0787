"""What is kept of the subscriptions that clients bring."""

from typing import Any

import pytest

from decided import decision
from session.test_pins import Clock
from turnout import subscriptions
from turnout.account import Meter
from turnout.books import Passed
from turnout.record import Tried
from turnout.subscriptions import Subscriptions
from turnout.trip import Arrival, Untouched

USED = "anthropic-ratelimit-unified-5h-utilization"


def arrival(token: str, home: str = "anthropic") -> Arrival:
    headers = (("authorization", f"Bearer sk-ant-oat01-{token}"),)
    return Arrival(method="POST", url="", path="", headers=headers, raw=b"", home=home)


@pytest.fixture
def known() -> Subscriptions:
    return Subscriptions(Clock())


def told(known: Subscriptions, account: str, share: str = "0.5", **facts: Any) -> None:
    plan = Untouched(decision=decision(), account=account)
    known.learn(plan, Passed(meter=Meter(), began=0.0, limits={USED: share}, **facts))


def test_c42_nothing_is_known_of_another_account(known: Subscriptions) -> None:
    mine, other = known.account(arrival("mine")), known.account(arrival("other"))
    told(known, mine)
    assert (known.used(mine), known.used(other)) == (0.5, None)
    assert known.account(arrival("mine", "elsewhere")) not in (mine, other)


def test_the_token_is_not_kept(known: Subscriptions) -> None:
    account = known.account(arrival("secret"))
    told(known, account)
    assert "secret" not in repr(vars(known))
    assert Subscriptions(Clock()).account(arrival("secret")) != account, "salted"


def test_a_key_is_no_subscription(known: Subscriptions) -> None:
    plain = Arrival(
        method="POST", url="", path="", headers=(("x-api-key", "sk-ant-api03"),), raw=b""
    )
    assert known.account(plain) == ""
    told(known, "")
    assert known.used("") is None


def test_c81_a_refusal_is_learned_whoever_answered_then(known: Subscriptions) -> None:
    account = known.account(arrival("mine"))
    tried = (Tried(provider="anthropic", model="", status=429), Tried(provider="q", model="m"))
    told(known, account, "0.2", tried=tried, status=200)
    assert known.used(account) == 1.0
    other = known.account(arrival("other"))
    told(known, other, "0.2", status=429)
    assert known.used(other) == 1.0


def test_ten_thousand_accounts_are_bounded(
    known: Subscriptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MOST", 50)
    for n in range(10_000):
        told(known, str(n))
    assert (known.used("9999"), known.used("0")) == (0.5, None)
    assert len(known._known) == 50
