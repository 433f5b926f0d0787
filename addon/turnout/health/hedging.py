"""Whether a second attempt may be sent beside a slow first one, and what that may cost.

Hedging is opt-in. It never doubles what a subscription pays for, nor what a person forced; a
request whose price is unknown is not hedged, since a cap in dollars could not hold.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from turnout.config.settings import Hedge
from turnout.health.pace import Pace
from turnout.route.price import TYPICAL_OUTPUT, cost
from turnout.trip import Attempt, Plan
from turnout.wire.events import Usage


class Hedging:
    """One per process. Its counts begin anew every day, in UTC."""

    def __init__(self, settings: Hedge, pace: Pace, clock: Callable[[], float]) -> None:
        self._settings, self._pace, self._clock = settings, pace, clock
        self._day = ""
        self.requests = self.hedges = 0
        self.usd = Decimal(0)

    def after(self, plan: Plan, attempt: Attempt) -> float | None:
        """Seconds after which `attempt` is slow, for this request; None: it is not hedged."""
        settings = self._settings
        if not settings.enabled or not plan.ask.stream or plan.plan_token or plan.forced:
            return None
        if attempt.untouched or not self._affordable():
            return None
        return self._pace.quantile(f"{attempt.provider}/{attempt.model}", settings.quantile)

    def spend(self, plan: Plan, attempt: Attempt) -> bool:
        """Books a hedge before it is sent; False when it may not be."""
        dollars = _dollars(plan, attempt)
        if dollars is None or not self._affordable(dollars):
            return False
        self.hedges += 1
        self.usd += dollars
        return True

    def asked(self) -> None:
        """One more request, hedged or not."""
        self._count_from_midnight()
        self.requests += 1

    def _affordable(self, dollars: Decimal = Decimal(0)) -> bool:
        """One may always be sent: else a share of few requests could never begin."""
        settings = self._settings
        most = max(1.0, settings.budget_share * self.requests) if settings.budget_share else 0.0
        return self.hedges + 1 <= most and self.usd + dollars <= settings.usd_per_day

    def _count_from_midnight(self) -> None:
        day = datetime.fromtimestamp(self._clock(), UTC).date().isoformat()
        if day != self._day:
            self._day, self.requests, self.hedges, self.usd = day, 0, 0, Decimal(0)


def _dollars(plan: Plan, attempt: Attempt) -> Decimal | None:
    """Expected: its whole input fresh, and an answer as long as is usual."""
    price = plan.requested_price if attempt.untouched else attempt.price
    output = min(plan.ask.max_tokens or TYPICAL_OUTPUT, TYPICAL_OUTPUT)
    return cost(price, Usage(fresh_input=plan.ask.input_tokens, output=output))
