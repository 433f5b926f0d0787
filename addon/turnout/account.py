"""What an answer used and what that costs, folded from its events.

Meter  events of one answer -> usage, stop reason, error, time of the first content
bill   usage -> dollars: actual, and what the requested model lists for the same tokens
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from turnout.content import Heard
from turnout.route.model import Price
from turnout.route.price import cost
from turnout.stages import unharmed
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


class Meter:
    """Watches one answer go by. `first`: the clock's time of its first content, None until then.

    `events`: how many there were, of any kind. `heard`: what is said, where it is to be kept.
    `kept`: with `keep` all of them, for the cache; None when they got too many. `also`: hears each.
    `carried`: events that may carry what only their maker reads.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        heard: Heard | None = None,
        *,
        keep: bool = False,
    ) -> None:
        self._clock, self.heard = clock, heard
        self.kept: list[Event] | None = [] if keep else None
        self.also: Callable[[Event], None] | None = None
        self._size = 0
        self.model = ""
        self.usage: Usage | None = None
        self.stop_reason: StopReason | None = None
        self.error = ""
        self.notes: tuple[str, ...] = ()
        self.first: float | None = None
        self.events = 0
        self.carried: list[Event] = []

    def watch(self, event: Event) -> None:
        self.events += 1
        if self.heard:
            with unharmed("content"):
                self.heard.hear(event)
        self._keep(event)
        if self.also:
            self.also(event)
        if self.first is None or not isinstance(event, SAID):
            self._note(event)

    def _note(self, event: Event) -> None:
        match event:
            case Started(model=model):
                self.model = model
            case Usage():
                self.usage = folded(self.usage, event)
            case Finished(reason=reason, notes=notes):
                self.stop_reason, self.notes = reason, notes
            case Failed(message=message):
                self.error = message or "failed"
            case Text(text="") | Thinking(text="") | ToolInput(json="") | Signature():
                pass  # no content
            case Text() | Thinking() | Redacted() | ToolCall() | ToolInput():
                self.first = self._clock() if self.first is None else self.first

    def _keep(self, event: Event) -> None:
        if isinstance(event, CARRIERS) and len(self.carried) < MOST_CARRIED:
            self.carried.append(event)
        if self.kept is None:
            return
        self.kept.append(event)
        self._size += 64 + len(getattr(event, "text", ""))
        if self._size > MOST_KEPT:
            self.kept = None


CARRIERS = (Signature, Redacted, ToolCall)
MOST_CARRIED = 1000  # of one answer
# what tells nothing but when the first of it came
SAID = (Text, Thinking, ToolInput, ToolCall, Signature, Redacted)
MOST_KEPT = 4 << 20  # characters, and 64 for each event


def folded(before: Usage | None, later: Usage) -> Usage:
    """Cumulative: the later one holds. But some say their input once, and 0 with the output."""
    if before is None:
        return later
    kept = {name: getattr(before, name) for name in INPUT} if not _input(later) else {}
    said = {name: getattr(before, name) for name in OUTPUT} if not later.output else {}
    return replace(later, **kept, **said, searches=max(before.searches, later.searches))


INPUT = ("fresh_input", "cache_read", "cache_write_5m", "cache_write_1h")
OUTPUT = ("output", "reasoning")


def _input(usage: Usage) -> int:
    return usage.fresh_input + usage.cache_read + usage.cache_write_5m + usage.cache_write_1h


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """USD at list price; None is unknown, never 0.

    `requested_same_tokens_usd`: the requested model's price for the very counts of this answer.
    """

    cost_usd: Decimal | None = None
    requested_same_tokens_usd: Decimal | None = None


def bill(
    usage: Usage | None,
    served: Price | None,
    requested: Price | None,
    *,
    at: datetime | None = None,
) -> Bill:
    if usage is None:
        return Bill()
    return Bill(
        cost_usd=cost(served, usage, at=at),
        requested_same_tokens_usd=cost(requested, usage, at=at),
    )
