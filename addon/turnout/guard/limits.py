"""LIMITS: what may be used in a minute and in a day, and what becomes of a request beyond it.

    ask       before it is routed: counts the request and its estimated input
    settled   as its row is written: what it really took
    recall    at the start: the last day, from the log

A limiter that fails lets pass, with a warning, unless the limit is strict.
"""

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any, Literal

from turnout import history
from turnout.config.settings import Limit
from turnout.errors import TurnoutError
from turnout.guard.window import DAY, MINUTE, Span, Window
from turnout.state.memory import Memory
from turnout.state.protocol import State

log = logging.getLogger(__name__)

type Then = Literal["refuse", "home", "cheaper"]
type Row = Mapping[str, Any]

KEYS = 10_000  # windows that are kept: limits x values of `per`
UNDER_WAY = 10_000  # requests whose end is awaited
SEVERITY: Mapping[str, int] = {"refuse": 2, "home": 1, "cheaper": 0}
# field of Limit -> its window, and what it is called
QUANTITIES: Mapping[str, tuple[Span, str]] = {
    "requests_per_minute": (MINUTE, "requests a minute"),
    "tokens_per_minute": (MINUTE, "tokens a minute"),
    "usd_per_day": (DAY, "dollars a day"),
}
TOKENS = (
    *("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"),
    "output_tokens",
)
BROKEN_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`tenants`: the one that asks and those above it. `tokens`: estimated input."""

    at: float
    client: str = ""
    project: str = ""
    tenants: tuple[str, ...] = ()
    model: str = ""
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Beyond:
    """A limit that is reached. `retry_after`: seconds."""

    then: Then
    words: str
    retry_after: int


class Limits:
    """`line`: a tenant's name -> it and those above it."""

    def __init__(
        self,
        limits: Sequence[Limit],
        line: Callable[[str], tuple[str, ...]],
        clock: Callable[[], float],
        state: State[Window] | None = None,
    ) -> None:
        self._limits, self._line, self._clock = limits, line, clock
        self._state: State[Window] = Memory(most=KEYS) if state is None else state
        self._under_way: OrderedDict[str, Asked] = OrderedDict()
        self._failed, self._unpriced = "", 0

    def __bool__(self) -> bool:
        return bool(self._limits)

    def again(self, limits: Sequence[Limit]) -> None:
        """The configuration was read again; what was used stays used."""
        self._limits = limits

    def ask(self, id: str, asked: Asked) -> Beyond | None:
        """None: go on. What is refused is not counted."""
        if not self._limits:
            return None
        reached = [beyond for limit in self._limits if (beyond := self._reached(limit, asked))]
        worst = max(reached, key=lambda one: SEVERITY[one.then], default=None)
        if worst is None or worst.then != "refuse":
            self._count(asked, {"requests_per_minute": 1, "tokens_per_minute": asked.tokens})
            self._under_way[id] = asked
            if len(self._under_way) > UNDER_WAY:
                self._under_way.popitem(last=False)
        return worst

    def settled(self, row: Row) -> None:
        """Its estimate becomes what it was."""
        if asked := self._under_way.pop(str(row["id"]), None):
            self._count(asked, self._took(row, asked.tokens))

    def recall(self, path: Path) -> None:
        """A log that cannot be read is one that knows nothing."""
        if not self._limits:
            return
        try:
            with history.read(path) as found:
                for row in found.since(self._clock() - DAY.slots * DAY.slot_s):
                    if row["reason"] != "limit" or row["status"] != 429:
                        self._count(self._asked(row), {"requests_per_minute": 1, **self._took(row)})
        except (TurnoutError, LookupError, TypeError) as e:
            log.debug("nothing was used yet: %s", e)

    def warnings(self) -> Iterator[str]:
        if self._failed:
            yield f"the limiter fails ({self._failed}): only strict limits hold"
        if self._unpriced and any(one.usd_per_day is not None for one in self._limits):
            yield f"{self._unpriced} requests of unknown price are in no budget"

    def _asked(self, row: Row) -> Asked:
        return Asked(
            at=row["at"],
            client=row["client"] or "",
            project=row["project"] or "",
            tenants=self._line(row["tenant"] or ""),
            model=row["requested_model"] or "",
        )

    def _took(self, row: Row, estimated: int = 0) -> dict[str, float]:
        tokens = [row[name] for name in TOKENS if row[name] is not None]
        cost = row["cost_usd"]
        self._unpriced += cost is None and bool(tokens)
        return {
            "tokens_per_minute": sum(tokens) - estimated if tokens else 0,
            "usd_per_day": 0.0 if cost is None else float(cost),
        }

    # -- windows

    def _reached(self, limit: Limit, asked: Asked) -> Beyond | None:
        try:
            found = [
                beyond
                for name, most in _amounts(limit)
                for who, key in _keys(limit, name, asked)
                if (beyond := self._beyond(limit, name, most, (who, key), asked))
            ]
        except Exception as e:  # noqa: BLE001  do no harm
            return self._broken(limit, e)
        return max(found, key=lambda one: one.retry_after, default=None)

    def _beyond(
        self, limit: Limit, name: str, most: float, where: tuple[str, str], asked: Asked
    ) -> Beyond | None:
        who, key = where
        window = self._state.get(key) or Window(QUANTITIES[name][0])
        need = {"requests_per_minute": 1.0, "tokens_per_minute": float(asked.tokens)}.get(name, 0.0)
        used = window.used(asked.at)
        full = used >= most if name == "usd_per_day" else used + need > most
        if not full:
            return None
        told = f"{most:g} {QUANTITIES[name][1]}{f' for {who}' if who else ''} are used up"
        return Beyond(limit.then, told, window.free_in(asked.at, max(most - need, 0.0)))

    def _count(self, asked: Asked, amounts: Mapping[str, float]) -> None:
        done: set[str] = set()
        for limit in self._limits:
            for name, _ in _amounts(limit):
                if amount := amounts.get(name):
                    self._add(limit, name, asked, amount, done)

    def _add(self, limit: Limit, name: str, asked: Asked, amount: float, done: set[str]) -> None:
        """`done`: windows that were added to; limits of the same requests share one."""
        try:
            for key in {key for _, key in _keys(limit, name, asked)} - done:
                done.add(key)
                window = self._state.get(key) or Window(QUANTITIES[name][0])
                window.add(asked.at, amount)
                self._state.put(key, window)
        except Exception as e:  # noqa: BLE001  do no harm
            self._broken(limit, e)

    def _broken(self, limit: Limit, error: Exception) -> Beyond | None:
        self._failed = type(error).__name__
        log.warning("the limiter fails: %r", error)
        return Beyond("refuse", "the limiter is out of order", BROKEN_S) if limit.strict else None


def _amounts(limit: Limit) -> Iterator[tuple[str, float]]:
    for name in QUANTITIES:
        if (most := getattr(limit, name)) is not None:
            yield name, float(most)


def _keys(limit: Limit, name: str, asked: Asked) -> Iterator[tuple[str, str]]:
    """(who, key) of each window that this request counts in; none when the limit is not its own."""
    facts: Mapping[str, tuple[str, ...]] = {
        "client": (asked.client,),
        "project": (asked.project,),
        "tenant": asked.tenants or ("",),
        "model": (asked.model,),
    }
    mine: dict[str, list[str]] = {}
    for fact, values in facts.items():
        glob = getattr(limit, fact)
        mine[fact] = [one for one in values if not glob or fnmatchcase(one, glob)]
        if not mine[fact]:
            return
    for values in product(*(mine[fact] for fact in limit.per)):
        who = ", ".join(f"{fact} {value}" for fact, value in zip(limit.per, values, strict=True))
        whose = (*(getattr(limit, fact) for fact in facts), ",".join(limit.per))
        yield who, json.dumps((name, *whose, *values))
