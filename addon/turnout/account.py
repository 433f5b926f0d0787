"""What an answer used and what that costs, folded from its events.

Meter  events of one answer -> usage, stop reason, error, time of the first content
bill   usage -> dollars: actual, and what the requested model lists for the same tokens
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from turnout.route.model import Price
from turnout.route.price import cost
from turnout.wire.events import (
    Event,
    Failed,
    Finished,
    Redacted,
    Signature,
    Started,
    StopReason,
    Text,
    Thinking,
    ToolCall,
    ToolInput,
    Usage,
)

MOST_KEPT = 4 << 20  # characters and events of one answer


class Meter:
    """Watches one answer go by. `first`: the clock's time of its first content, None until then.

    `heard`: with `keep` everything that was said, for the cache; None when it got too long.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, keep: bool = False) -> None:
        self._clock = clock
        self.heard: list[Event] | None = [] if keep else None
        self._size = 0
        self.model = ""
        self.usage: Usage | None = None
        self.stop_reason: StopReason | None = None
        self.error = ""
        self.notes: tuple[str, ...] = ()
        self.first: float | None = None

    def watch(self, event: Event) -> None:
        self._keep(event)
        match event:
            case Started(model=model):
                self.model = model
            case Usage():
                self.usage = event  # cumulative: the last one holds
            case Finished(reason=reason, notes=notes):
                self.stop_reason, self.notes = reason, notes
            case Failed(message=message):
                self.error = message or "failed"
            case Text(text="") | Thinking(text="") | ToolInput(json="") | Signature():
                pass  # no content
            case Text() | Thinking() | Redacted() | ToolCall() | ToolInput():
                self.first = self._clock() if self.first is None else self.first

    def _keep(self, event: Event) -> None:
        if self.heard is None:
            return
        self.heard.append(event)
        self._size += 64 + len(getattr(event, "text", ""))
        if self._size > MOST_KEPT:
            self.heard = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """USD at list price; None is unknown, never 0.

    `requested_same_tokens_usd`: the requested model's price for the very counts of this answer.
    `requested_counterfactual_usd`: what the requested model would have cost, with bounds.
    """

    cost_usd: Decimal | None = None
    requested_same_tokens_usd: Decimal | None = None
    requested_counterfactual_usd: Decimal | None = None
    requested_counterfactual_low_usd: Decimal | None = None
    requested_counterfactual_high_usd: Decimal | None = None


def bill(
    usage: Usage | None,
    served: Price | None,
    requested: Price | None,
    *,
    at: datetime | None = None,
    same_tokeniser: bool = False,
) -> Bill:
    """`same_tokeniser`: both models count text alike; without, the counterfactual is unknown."""
    if usage is None:
        return Bill()
    same_tokens = cost(requested, usage, at=at)
    return Bill(
        cost_usd=cost(served, usage, at=at),
        requested_same_tokens_usd=same_tokens,
        requested_counterfactual_usd=same_tokens if same_tokeniser else None,
    )
