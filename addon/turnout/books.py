"""Account and log: what came of a request, priced and written down. It cannot hurt an answer."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from turnout import account, record
from turnout.account import Meter
from turnout.record import Decision, Outcome, Tried
from turnout.route.model import Price
from turnout.stages import Stages
from turnout.store import Store
from turnout.trip import Attempt, Plan, Untouched
from turnout.wire.request import Change

log = logging.getLogger(__name__)

type Row = Mapping[str, Any]
type Listener = Callable[[Row], None]
type Learn = Callable[[Plan | Untouched, "Passed"], None]


# what a subscription covers costs nothing more: it is valued at its marginal cost
_NOTHING = Decimal(0)
FREE = Price(
    input=_NOTHING,
    output=_NOTHING,
    cache_read=_NOTHING,
    cache_write_5m=_NOTHING,
    cache_write_1h=_NOTHING,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What happened to a request on its way. `attempt`: the one whose answer went back, if any.

    `began`: time.monotonic() of its dispatch. `mended`: what was put right in the answer.
    """

    meter: Meter
    began: float
    attempt: Attempt | None = None
    tried: tuple[Tried, ...] = ()
    status: int | None = None
    error: str = ""
    mended: tuple[str, ...] = ()


class Books:
    """`listeners` hear of each row as it is written, `learners` of what came of each request."""

    def __init__(self, store: Store, stages: Stages) -> None:
        self._store, self._stages = store, stages
        self.listeners: list[Listener] = []
        self.learners: list[Learn] = []

    def settle(self, plan: Plan | Untouched, passed: Passed) -> None:
        """Never raises: the answer is already the client's."""
        try:
            with self._stages("account"):
                outcome = _outcome(plan, passed)
        except Exception as e:  # noqa: BLE001  do no harm
            log.warning("%s", e)
            outcome = Outcome(attempts=passed.tried, status=passed.status, error=str(e))
        try:
            with self._stages("log"):
                self._write(record.row(_with_mends(plan.decision, passed.mended), outcome))
        except Exception as e:  # noqa: BLE001  do no harm
            log.warning("%s", e)

        for learn in self.learners:
            try:
                learn(plan, passed)
            except Exception as e:
                log.exception("learn: %r", e)

    def record(self, decision: Decision, outcome: Outcome) -> None:
        """The row of a request that nobody was asked. Never raises."""
        try:
            with self._stages("log"):
                self._write(record.row(decision, outcome))
        except Exception as e:  # noqa: BLE001  do no harm
            log.warning("%s", e)

    def _write(self, row: Row) -> None:
        self._store.add(row)
        for listen in self.listeners:
            listen(row)


def _outcome(plan: Plan | Untouched, passed: Passed) -> Outcome:
    decision, meter = plan.decision, passed.meter
    provider, model, price = _server(plan, passed.attempt)
    at = datetime.fromtimestamp(decision.at, UTC)
    covered = plan.plan_token and (passed.attempt is None or passed.attempt.clients_key)
    price, asked = (FREE, FREE) if covered else (price, plan.requested_price)
    bill = account.bill(meter.usage, price, asked, at=at)
    return Outcome(
        attempts=passed.tried,
        status=passed.status,
        stop_reason=meter.stop_reason,
        error="; ".join(filter(None, (passed.error, meter.error))),
        provider=provider,
        model=model,
        usage=meter.usage,
        cost_usd=bill.cost_usd,
        requested_same_tokens_usd=bill.requested_same_tokens_usd,
        requested_counterfactual_usd=bill.requested_counterfactual_usd,
        requested_counterfactual_low_usd=bill.requested_counterfactual_low_usd,
        requested_counterfactual_high_usd=bill.requested_counterfactual_high_usd,
        ttft_ms=None if meter.first is None else (meter.first - passed.began) * 1000,
        total_ms=(time.monotonic() - passed.began) * 1000,
        stream=bool(plan.ask and plan.ask.stream),
    )


def _server(plan: Plan | Untouched, attempt: Attempt | None) -> tuple[str, str, Price | None]:
    """Who answered: provider, model and its price."""
    decision = plan.decision
    if attempt is None and isinstance(plan, Plan):
        return decision.provider, decision.model, None  # nobody did; this one was meant to
    if attempt is None or not attempt.model:  # the client's own request, as it came
        provider = attempt.provider if attempt else decision.provider
        return provider, decision.requested_model, plan.requested_price
    return attempt.provider, attempt.model, attempt.price


def _with_mends(decision: Decision, mended: tuple[str, ...]) -> Decision:
    """What was mended on the way back belongs to the changes."""
    changes = tuple(Change(what, "answer mended") for what in mended)
    return replace(decision, changes=(*decision.changes, *changes)) if changes else decision
