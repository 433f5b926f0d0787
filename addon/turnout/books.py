"""Account and log: what came of a request, priced and written down. It cannot hurt an answer."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

from turnout import account, record
from turnout.account import Meter
from turnout.content import Content, Form, Heard, content
from turnout.counterfactual import Counterfactual
from turnout.expenses import Find, Pricing, Spent, spent
from turnout.guard.hidden import redacted
from turnout.record import Decision, Outcome, Tried
from turnout.route.model import Price
from turnout.session.elsewhere import Guess
from turnout.stages import Stages
from turnout.store import Store
from turnout.trip import Attempt, Plan, Untouched
from turnout.wire.events import Usage
from turnout.wire.request import Change

log = logging.getLogger(__name__)

SOON_S = 0.001  # the loop needs a few turns for the last byte

type Row = Mapping[str, Any]
type Listener = Callable[[Row], None]
type Observe = Callable[[Decision, Outcome], None]
type Learn = Callable[[Plan | Untouched, "Passed"], None]


ALONE, ROUTED = "requested_counterfactual", "routed"
# what a subscription covers costs nothing more: it is valued at its marginal cost
_NOTHING = Decimal(0)
FREE = Price(
    input=_NOTHING,
    output=_NOTHING,
    cache_read=_NOTHING,
    cache_write_5m=_NOTHING,
    cache_write_1h=_NOTHING,
)


NO_BILL = account.Bill(cost_usd=_NOTHING, requested_same_tokens_usd=_NOTHING)
CLIENT_GONE = 499  # as nginx logs it


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What happened to a request on its way. `attempt`: the one whose answer went back, if any.

    `began`, `ended`: time.monotonic() of its dispatch, and of its end where that is not now.
    `mended`: what was put right in the answer. `malformed`: calls in it that no client can use.
    `limits`: the answer's headers that tell how much of a subscription is used.
    """

    meter: Meter
    began: float
    ended: float | None = None
    attempt: Attempt | None = None
    tried: tuple[Tried, ...] = ()
    status: int | None = None
    error: str = ""
    mended: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()
    limits: Mapping[str, str] = field(default_factory=dict)


class Books:
    """`listeners` hear of each row as it is written, `learners` of what came of each request.

    `observers` hear of each record.
    """

    def __init__(
        self,
        store: Store,
        stages: Stages,
        find: Find,
        clock: Callable[[], float] = time.time,
        bodies: Form = "none",
    ) -> None:
        self._store, self._stages, self._find, self._bodies = store, stages, find, bodies
        self.elsewhere = Counterfactual(find, clock)
        self.listeners: list[Listener] = []
        self.observers: list[Observe] = []
        self.learners: list[Learn] = []
        self.hide: Callable[[str], str] = redacted
        self._soon: dict[int, Callable[[], None]] = {}
        self._numbers = count()

    def meter(self, *, keep: bool = False) -> Meter:
        """For one answer. `keep`: its events, too."""
        return Meter(time.monotonic, None if self._bodies == "none" else Heard(), keep=keep)

    def replayed(self, plan: Plan, decision: Decision, passed: Passed) -> None:
        """An answer of the past: no tokens, no money, nothing to learn. Never raises."""
        try:
            outcome = replace(self._outcome(plan, passed), usage=Usage())
            if plan.place is None:
                usd = outcome.requested_same_tokens_usd
                alone: dict[str, Any] = dict.fromkeys(_columns(ALONE, None, None, None), usd)
                outcome = replace(outcome, **alone)
            with self._stages("log"):
                self._write(record.row(decision, outcome))
            for observe in self.observers:
                observe(decision, outcome)
        except Exception as e:  # noqa: BLE001  do no harm
            log.warning("%s", e)

    def settle_soon(self, plan: Plan, passed: Passed) -> None:
        """After the last byte has had its turn on the loop: no client waits for its account."""
        number = next(self._numbers)
        self._soon[number] = partial(self.settle, plan, passed)
        asyncio.get_running_loop().call_later(SOON_S, self._now, number)

    def _now(self, number: int) -> None:
        if settle := self._soon.pop(number, None):
            settle()

    def finish(self) -> None:
        """Whatever has not had its turn yet: before the next request is planned, and at the end."""
        for number in list(self._soon):
            self._now(number)

    def settle(self, plan: Plan | Untouched, passed: Passed) -> None:
        """Never raises: the answer is already the client's."""
        try:
            with self._stages("account"):
                outcome = self._outcome(plan, passed)
        except Exception as e:  # noqa: BLE001  do no harm
            log.warning("%s", e)
            outcome = Outcome(attempts=passed.tried, status=passed.status, error=str(e))
        try:
            decision, outcome = self._hidden(plan.decision, outcome)
        except Exception as e:
            log.exception("hide: %r", e)
            return  # nothing is written or told that may hold a key
        try:
            with self._stages("log"):
                self._write(record.row(_with_changes(decision, passed), outcome))
                self._keep(decision, outcome.content)
        except Exception as e:  # noqa: BLE001  do no harm
            log.warning("%s", e)
        for observe in self.observers:
            try:
                observe(decision, outcome)
            except Exception as e:
                log.exception("observe: %r", e)
        for learn in self.learners:
            try:
                learn(plan, passed)
            except Exception as e:
                log.exception("learn: %r", e)

    def _hidden(self, decision: Decision, outcome: Outcome) -> tuple[Decision, Outcome]:
        """What peers and clients say in an error may hold a key."""
        tried = tuple(replace(one, error=self.hide(one.error)) for one in outcome.attempts)
        return (
            replace(decision, error=self.hide(decision.error)),
            replace(outcome, error=self.hide(outcome.error), attempts=tried),
        )

    def _outcome(self, plan: Plan | Untouched, passed: Passed) -> Outcome:
        decision, meter = plan.decision, passed.meter
        provider, model, price = _server(plan, passed.attempt)
        at = datetime.fromtimestamp(decision.at, UTC)
        covered = plan.plan_token and (passed.attempt is None or passed.attempt.clients_key)
        price = FREE if covered else price
        asked = FREE if plan.plan_token else plan.requested_price
        bill = NO_BILL if _refused(passed) else account.bill(meter.usage, price, asked, at=at)
        others = self._spent(plan, passed, at)
        return Outcome(
            attempts=others.attempts,
            status=passed.status,
            stop_reason=meter.stop_reason,
            error="; ".join(filter(None, (passed.error, meter.error))),
            provider=provider,
            model=model,
            usage=meter.usage,
            cost_usd=_added(bill.cost_usd, others.total),
            attempts_usd=others.total if others.attempts else None,
            hedge_usd=others.hedges if any(one.hedge for one in others.attempts) else None,
            estimated=others.estimated,
            requested_same_tokens_usd=bill.requested_same_tokens_usd,
            **self._would_have(plan, (provider, model), passed, bill.cost_usd),
            ttft_ms=None if meter.first is None else (meter.first - passed.began) * 1000,
            total_ms=((passed.ended or time.monotonic()) - passed.began) * 1000,
            stream=bool(plan.ask and plan.ask.stream),
            content=content(self._bodies, plan.body, meter.heard),
        )

    def _spent(self, plan: Plan | Untouched, passed: Passed, at: datetime) -> Spent:
        home = self._find(_home(plan), plan.decision.requested_model)
        pricing = Pricing(find=self._find, ask=plan.ask, home=home, at=at, covered=plan.plan_token)
        return spent(passed.tried, passed.attempt, pricing)

    def _would_have(
        self, plan: Plan | Untouched, served: tuple[str, str], passed: Passed, usd: Decimal | None
    ) -> dict[str, Decimal | None]:
        """The requested model left alone; in shadow, the chosen one, too."""
        decision, usage = plan.decision, passed.meter.usage
        asked = (_home(plan), decision.requested_model)
        if plan.plan_token or _refused(passed):
            return NONE_ALONE | (NONE_ROUTED if decision.reason == "shadow" else {})
        if plan.place is None and served == asked:
            return _columns(ALONE, usd, usd, usd)
        if plan.place is None or usage is None:
            return {}
        action = self.elsewhere.action(decision, plan.place, served, usage)
        if action is None:
            return {}
        found = _guessed(ALONE, self.elsewhere.alone(decision, action, asked[0]))
        if decision.reason == "shadow":
            found |= _guessed(ROUTED, self.elsewhere.routed(decision, action))
        return found

    def _write(self, row: Row) -> None:
        self._store.add(row)
        for listen in self.listeners:
            listen(row)

    def _keep(self, decision: Decision, said: Content | None) -> None:
        if said:
            self._store.add({"id": decision.id, "at": decision.at, **asdict(said)}, "bodies")


def _home(plan: Plan | Untouched) -> str:
    """The provider that the client asked."""
    return plan.arrival.home if isinstance(plan, Plan) else plan.decision.provider


def _refused(passed: Passed) -> bool:
    """An error instead of an answer: nobody bills it. What a client left behind may be billed."""
    if passed.meter.usage is not None or passed.status is None:
        return False
    left = passed.status == CLIENT_GONE and passed.attempt is not None
    return passed.status >= 400 and not left


def _guessed(name: str, found: Guess | None) -> dict[str, Decimal | None]:
    return _columns(name, found.usd, found.low, found.high) if found else {}


def _columns(
    name: str, usd: Decimal | None, low: Decimal | None, high: Decimal | None
) -> dict[str, Decimal | None]:
    return {f"{name}_usd": usd, f"{name}_low_usd": low, f"{name}_high_usd": high}


NONE_ALONE = _columns(ALONE, _NOTHING, _NOTHING, _NOTHING)
NONE_ROUTED = _columns(ROUTED, _NOTHING, _NOTHING, _NOTHING)


def _added(*costs: Decimal | None) -> Decimal | None:
    known = [usd for usd in costs if usd is not None]
    return sum(known, _NOTHING) if len(known) == len(costs) else None


def _server(plan: Plan | Untouched, attempt: Attempt | None) -> tuple[str, str, Price | None]:
    """Who answered: provider, model and its price."""
    decision = plan.decision
    if attempt is None and isinstance(plan, Plan):
        return decision.provider, decision.model, None  # nobody did; this one was meant to
    if attempt is None or not attempt.model:  # the client's own request, as it came
        provider = attempt.provider if attempt else decision.provider
        return provider, decision.requested_model, plan.requested_price
    return attempt.provider, attempt.model, attempt.price


def _with_changes(decision: Decision, passed: Passed) -> Decision:
    """Of the request that was answered, which may be a later one; and what was mended in that."""
    made = passed.attempt.changes if passed.attempt else decision.changes
    mended = tuple(Change(what, "answer mended") for what in passed.mended)
    return replace(decision, changes=(*made, *mended))
