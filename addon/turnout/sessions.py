"""Conversations: what is known before a request is planned, what is learned from its answer.

    place ─▶ outlook ─▶ (choose) ─▶ keep        before anything is sent
    learn                                       when the answer is settled

Nothing in here can hurt a request: what fails means that there is no pin.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

from turnout import history
from turnout.books import Passed
from turnout.errors import TurnoutError
from turnout.record import MALFORMED, Tried
from turnout.route.model import Binding
from turnout.session import horizon, pin_rows
from turnout.session import place as places
from turnout.session.board import Board
from turnout.session.cache_state import Cached, credible
from turnout.session.horizon import Horizon, Lived
from turnout.session.identity import Who
from turnout.session.learned import Answer, Learned
from turnout.session.outlook import Outlook
from turnout.session.pins import MOST, Observed, Pin, Pins
from turnout.session.place import Place
from turnout.state.lasting import Lasting
from turnout.store import Store
from turnout.trip import Plan, Untouched
from turnout.wire.request import Ask

log = logging.getLogger(__name__)

UNPINNED = frozenset({"title", "probe", "classifier"})
SINGLE = UNPINNED | {"compaction"}  # no step of theirs follows; a compaction only looks at the pin
STUDIED_S = 30 * 86_400.0  # seconds of the log that survival curves are learned from
OVERLOADED = frozenset({429, 503, 529})
REFUSED = frozenset({400, 413, 415, 422})

type Find = Callable[[str, str], Binding | None]


class Sessions:
    """`find`: (provider, model) -> the binding, None when the catalogue has none."""

    def __init__(self, store: Store, clock: Callable[[], float], find: Find) -> None:
        self._clock, self._find, self._path = clock, find, store.path
        before = list(_before(store.path, clock()))
        state: Lasting[Pin] = Lasting(store, "pins", pin_rows.row, most=MOST, before=before)
        self.pins = Pins(clock, state)
        self.pins.sweep()
        self.horizon, self.learned, self._board = Horizon(), Learned(), Board()

    def study(self) -> Thread:
        """Learns from the log, beside everything else: survival curves, and what models do."""
        thread = Thread(target=self._study, name="turnout-study", daemon=True)
        thread.start()
        return thread

    def _study(self) -> None:
        now = self._clock()
        try:
            with history.read(self._path) as log_file:
                rows = list(log_file.lived(now - STUDIED_S))
                answers = list(log_file.answers(now - STUDIED_S))
            self.horizon = horizon.learned((Lived(**one) for one in rows), now)
            known = Learned()
            known.recall(filter(None, map(self._answer, reversed(answers))))
            self.learned = known
        except (TurnoutError, TypeError) as e:
            log.debug("the guesses stay: %s", e)

    def _answer(self, row: Mapping[str, Any]) -> Answer | None:
        """A row of the log as what it tells of its model."""
        if (found := self._find(row["provider"], row["model"])) is None:
            return None
        return Answer(
            provider=row["provider"],
            model=row["model"],
            label=row["cluster_label"] or "",
            kind=row["kind"],
            output=row["output_tokens"] / found.model.token_ratio,
            first_s=_seconds(row["ttft_ms"]),
            total_s=_seconds(row["total_ms"]),
        )

    def place(self, ask: Ask, who: Who, kind: str) -> Place:
        return self.refreshed(places.place(ask, who.session, who.agent), kind)

    def refreshed(self, place: Place, kind: str) -> Place:
        """With the pin as it is now: a parallel action may have made one in the meantime."""
        return place if kind in UNPINNED else replace(place, pin=self.pins.get(place.key))

    def outlook(
        self,
        ask: Ask,
        place: Place,
        client: str,
        kind: str,
        at: float,
        covered: tuple[str, float] = ("", 1.0),
    ) -> Outlook:
        """`covered`: what a subscription of the client takes off, see Outlook."""
        steps = 1.0 if kind in SINGLE else self.horizon.left(client, kind, place.step)
        pinned = self._find(*place.pin.binding) if place.pin else None
        when = datetime.fromtimestamp(at, UTC)
        return Outlook(
            ask,
            place,
            steps,
            at,
            when,
            pinned=pinned,
            tariffs=self._board,
            learned=self.learned,
            covered=covered,
        )

    def keep(self, plan: Plan) -> None:
        """The session goes on where this plan goes."""
        if plan.place and plan.pin:
            decision = plan.decision
            pin = plan.place.pinned_to(decision.provider, decision.model, at=decision.at)
            self.pins.keep(plan.pin, pin)

    def listed(self) -> list[dict[str, Any]]:
        """Every pin, the latest used first. `cached_tokens`: of its last answer."""
        now = self._clock()
        return [_listed(pin, now) for _, pin in self.pins.items()]

    def learn(self, plan: Plan | Untouched, passed: Passed) -> None:
        if not isinstance(plan, Plan) or plan.place is None or not plan.pin:
            return
        decision = plan.decision
        planned = (decision.provider, decision.model)
        seen = self._seen(plan, plan.place, passed)
        if seen:
            self._tell(plan, passed, seen)
        asked = (plan.arrival.home, decision.requested_model)
        self.pins.observe(
            plan.pin,
            Observed(
                planned=planned,
                served=served(plan, passed),
                seen=seen,
                overloaded=(*_overloaded(passed.tried, asked), *_malformed(passed, asked)),
                refused=planned != asked and _refused(passed.tried, planned),
            ),
        )

    def _tell(self, plan: Plan, passed: Passed, seen: Cached) -> None:
        """Times only where nothing else was tried before."""
        meter, binding = passed.meter, self._find(seen.provider, seen.model)
        timed = meter.first is not None and len(passed.tried) < 2
        self.learned.tell(
            Answer(
                provider=seen.provider,
                model=seen.model,
                label=plan.decision.cluster_label,
                kind=plan.decision.kind,
                output=seen.output / (binding.model.token_ratio if binding else 1.0),
                first_s=meter.first - passed.began if timed and meter.first else None,
                total_s=time.monotonic() - passed.began if timed else None,
                expected=seen.expected,
                read=seen.read,
            )
        )

    def _seen(self, plan: Plan, place: Place, passed: Passed) -> Cached | None:
        """What the answer's usage says about the cache of whoever served it."""
        by, usage = served(plan, passed), passed.meter.usage
        binding = self._find(*by) if by else None
        if binding is None or usage is None or by is None:
            return None
        if not credible(usage, binding.model.context_window):
            return None
        at, now = plan.decision.at, self._clock()
        held = place.pin.holds(*by, place.prefix, at) if place.pin else 0.0
        return Cached.seen(
            by,
            place.prefix,
            usage,
            asked_at=at,
            at=now,
            ttl=place.marks(binding),
            marked=binding.model.cache == "explicit",
            expected=round(held),
        )


def _before(path: Path, now: float) -> Iterator[tuple[str, Pin]]:
    """The pins of the last run, the least recently used first; none when they cannot be read."""
    try:
        with history.read(path) as log_file:
            rows = list(log_file.pins(MOST))
    except TurnoutError:
        return
    yield from pin_rows.pins(reversed(rows), now)


def _listed(pin: Pin, now: float) -> dict[str, Any]:
    mine = [one for one in pin.caches if (one.provider, one.model) == pin.binding]
    last = max(mine, key=lambda one: one.asked_at, default=None)
    return {
        "session": pin.session,
        "agent": pin.agent,
        "asked": pin.asked,
        "provider": pin.provider,
        "model": pin.model,
        "forced": pin.forced,
        "steps": pin.steps,
        "age_s": round(max(now - pin.last_used, 0.0), 1),
        "cached_tokens": round(last.holds(last.prefix, now)) if last else 0,
    }


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def served(plan: Plan, passed: Passed) -> tuple[str, str] | None:
    """Who answered; the client's own request is answered by what it asked for."""
    attempt = passed.attempt
    if attempt is None or passed.status is None or passed.status >= 300:
        return None
    return attempt.provider, attempt.model or plan.decision.requested_model


def _overloaded(tried: tuple[Tried, ...], asked: tuple[str, str]) -> tuple[str, ...]:
    """What was asked for, on its own upstream, does not count: nothing would replace it (c60)."""
    ours = (one for one in tried if one.model and (one.provider, one.model) != asked)
    failed = {one.provider for one in ours if one.error and _is_overload(one)}
    return tuple(sorted(failed))


def _malformed(passed: Passed, asked: tuple[str, str]) -> tuple[str, ...]:
    """Bindings whose tool calls no client can use, replaced or not. As above for what was asked."""
    found = {(t.provider, t.model) for t in passed.tried if t.error.startswith(MALFORMED)}
    if passed.malformed and passed.attempt:
        found.add((passed.attempt.provider, passed.attempt.model))
    return tuple(sorted(f"{p}/{model}" for p, model in found - {asked} if model))


def _is_overload(one: Tried) -> bool:
    return one.status in OVERLOADED or one.error.startswith(("429", "503", "529"))


def _refused(tried: tuple[Tried, ...], planned: tuple[str, str]) -> bool:
    return any(
        one.status in REFUSED and (one.provider, one.model) == planned and one.error
        for one in tried
    )
