"""What actions added up to, hour by hour, however long the log is.

An hour that is over is summed once and kept; the newest are summed first, and a page shows what
is known so far. Sums count money only where it is known.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from turnout.errors import TurnoutError
from turnout.history import Reader
from turnout.web.log import Log

HOUR = 3600
CHUNK = 24  # hours in one query at most; the first has one, quick ones are followed by greater ones
QUICK_S = 0.05
LATE = 2  # hours: what comes later than that to the log is not seen until the next start
FRESH_S = 3.0  # seconds that the hours which still change are good for
PATIENCE_S = 0.3  # that a page waits for sums
KEPT = 24 * 31  # hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Of one hour (since 1970), asked-for and serving model. Money in USD, None where nothing is
    known. `saved_usd`, `comparable_usd`: where both prices are known. `guessed_usd` with `low_usd`
    and `high_usd`: what the requested model would have cost with its own tokens and cache; `of_usd`
    what those actions did cost."""

    hour: int
    asked: str
    served: str
    actions: int
    routed: int
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    cost_usd: float | None
    saved_usd: float | None
    comparable_usd: float | None
    guessed_usd: float | None
    low_usd: float | None
    high_usd: float | None
    of_usd: float | None
    unpriced: int
    errors: int


_SUMS = f"""
SELECT
    CAST(at / {HOUR} AS INTEGER) AS hour,
    coalesce(requested_model, '') AS asked,
    trim(coalesce(provider, '') || '/' || coalesce(model, ''), '/') AS served,
    count(*) AS actions,
    count(*) FILTER (WHERE model <> '' AND model <> requested_model) AS routed,
    coalesce(sum(input_tokens), 0) AS input_tokens,
    coalesce(sum(cache_read_tokens), 0) AS cache_read_tokens,
    coalesce(sum(cache_write_5m_tokens), 0) + coalesce(sum(cache_write_1h_tokens), 0)
        AS cache_write_tokens,
    coalesce(sum(output_tokens), 0) AS output_tokens,
    sum(cost_usd) AS cost_usd,
    sum(requested_same_tokens_usd - cost_usd) AS saved_usd,
    sum(requested_same_tokens_usd) FILTER (WHERE cost_usd IS NOT NULL) AS comparable_usd,
    sum(requested_counterfactual_usd) FILTER (WHERE cost_usd IS NOT NULL) AS guessed_usd,
    sum(requested_counterfactual_low_usd) FILTER (WHERE cost_usd IS NOT NULL) AS low_usd,
    sum(requested_counterfactual_high_usd) FILTER (WHERE cost_usd IS NOT NULL) AS high_usd,
    sum(cost_usd) FILTER (WHERE requested_counterfactual_usd IS NOT NULL) AS of_usd,
    count(*) - count(cost_usd) AS unpriced,
    count(*) FILTER (WHERE status IS NULL OR status >= 400 OR error <> '') AS errors
FROM decisions
WHERE at >= ? AND at < ?
GROUP BY 1, 2, 3
"""  # noqa: S608  a number of ours


@dataclass(frozen=True, slots=True)
class Window:
    """`missing`: hours that are not summed yet."""

    sums: tuple[Sums, ...]
    missing: int


class Summary:
    def __init__(self, log: Log, clock: Callable[[], float] = time.time) -> None:
        self._log, self._clock = log, clock
        self._hours: dict[int, tuple[Sums, ...]] = {}
        self._changing_at = -FRESH_S
        self._work: asyncio.Task[None] | None = None
        self._first = 0

    async def window(self, hours: int, patience: float = PATIENCE_S) -> Window:
        """The last `hours`, the running one among them. Raises TurnoutError."""
        now = int(self._clock() // HOUR)
        wanted = range(now - hours + 1, now + 1)
        self._forget(now)
        if self._missing(wanted):
            self._first = wanted[0] if self._work is None else min(self._first, wanted[0])
            self._work = self._work or asyncio.create_task(self._fill(now))
            await asyncio.wait({self._work}, timeout=patience)
            self._settled()
        known = tuple(one for hour in wanted for one in self._hours.get(hour, ()))
        return Window(known, len(self._missing(wanted)))

    def close(self) -> None:
        if self._work:
            self._work.cancel()

    def _missing(self, wanted: range) -> list[int]:
        return [hour for hour in wanted if hour not in self._hours]

    def _forget(self, now: int) -> None:
        """What may have changed, and what nobody asks for any more."""
        stale = self._clock() - self._changing_at >= FRESH_S
        gone = [hour for hour in self._hours if hour <= now - KEPT or (stale and hour > now - LATE)]
        for hour in gone:
            del self._hours[hour]

    async def _fill(self, now: int) -> None:
        """The newest hours first; `_first` may move back while it runs."""
        chunk = 1
        while missing := self._missing(range(self._first, now + 1)):
            last, began = missing[-1], time.monotonic()
            hours = range(max(self._first, last - chunk + 1), last + 1)
            found = await self._log.ask(partial(_sums, hours=hours))
            quick = time.monotonic() - began < QUICK_S
            chunk = min(2 * chunk, CHUNK) if quick else max(chunk // 2, 1)
            self._hours |= dict.fromkeys(hours, ()) | found
            if last > now - LATE:
                self._changing_at = self._clock()

    def _settled(self) -> None:
        if self._work and self._work.done():
            done, self._work = self._work, None
            if (e := done.exception()) and isinstance(e, TurnoutError):
                raise e


def _sums(reader: Reader, hours: range) -> dict[int, tuple[Sums, ...]]:
    found: dict[int, tuple[Sums, ...]] = {}
    for row in reader.select(_SUMS, hours[0] * HOUR, (hours[-1] + 1) * HOUR):
        one = Sums(**row)
        found[one.hour] = (*found.get(one.hour, ()), one)
    return found


# -- how long things took


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles in milliseconds, of `count` actions."""

    name: str
    count: int
    p50: float
    p95: float
    p99: float


LATEST = 2000  # actions that percentiles are taken of
TIMES = {"deciding": "route_ms", "first byte": "ttft_ms", "last byte": "total_ms"}


def spreads(reader: Reader) -> list[Spread]:
    """Of the latest actions: of a year ago nobody waits any more."""
    sql = "SELECT route_ms, ttft_ms, total_ms FROM decisions ORDER BY at DESC LIMIT ?"
    rows = list(reader.select(sql, LATEST))
    return [
        one for name, column in TIMES.items() for one in _spread(name, [r[column] for r in rows])
    ]


def _spread(name: str, values: list[object]) -> Iterator[Spread]:
    known = sorted(float(value) for value in values if isinstance(value, int | float))
    if known:
        places = [known[min(len(known) - 1, int(len(known) * p))] for p in (0.5, 0.95, 0.99)]
        yield Spread(name, len(known), *places)


# -- sums of sums


@dataclass(slots=True)
class Total:
    """`saved_low`, `saved_high`: against what the requested models would have used themselves; of
    the actions that this is known of. USD; None is unknown."""

    name: str = ""
    actions: int = 0
    routed: int = 0
    errors: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    saved_usd: float | None = None
    comparable_usd: float | None = None
    saved_guess: float | None = None
    saved_low: float | None = None
    saved_high: float | None = None

    @property
    def prompt_tokens(self) -> int:
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens

    def add(self, one: Sums) -> None:
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(one, name))
        for name in _MONEY:
            setattr(self, name, plus(getattr(self, name), getattr(one, name)))
        if one.of_usd is not None:
            for name, value in (
                ("saved_guess", one.guessed_usd),
                ("saved_low", one.low_usd),
                ("saved_high", one.high_usd),
            ):
                difference = None if value is None else value - one.of_usd
                setattr(self, name, plus(getattr(self, name), difference))


_MONEY = ("cost_usd", "saved_usd", "comparable_usd")
_COUNTS = (
    *("actions", "routed", "errors", "unpriced"),
    *("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"),
)


def plus(sum: float | None, value: float | None) -> float | None:
    return sum if value is None else (sum or 0.0) + value


def total(sums: Iterable[Sums]) -> Total:
    found = Total()
    for one in sums:
        found.add(one)
    return found


def by_model(sums: Iterable[Sums]) -> list[Total]:
    """By what served, the most used first."""
    found: dict[str, Total] = {}
    for one in sums:
        found.setdefault(one.served, Total(one.served)).add(one)
    return sorted(found.values(), key=lambda total: -total.actions)
