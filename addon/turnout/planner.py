"""PLAN: from a request that has arrived to a plan, or to the reason why it goes home untouched.

    read ─ features ─ (hands off?) ─ embed ─ score ─ plan ─ translate the first attempt

A draft collects what becomes known; `plan` never raises.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from turnout.attempts import Composer, guarded
from turnout.brain import Brain
from turnout.config import Config
from turnout.config.settings import Mode
from turnout.draft import Draft
from turnout.errors import ConfigError, NoTargetError, StageError, TurnoutError, WireError
from turnout.guard.keys import Keys, has_credential
from turnout.options import Options
from turnout.quality import Quality
from turnout.route import text
from turnout.route.model import Binding
from turnout.route.plan import Choice, Memory, Rules, choose, directly
from turnout.route.score import Scored
from turnout.session.identity import identify
from turnout.session.kind import kind
from turnout.session.outlook import Outlook
from turnout.session.pins import Pin
from turnout.session.place import Place
from turnout.sessions import SINGLE, Sessions
from turnout.spoken import by_provider
from turnout.stages import Stages
from turnout.subscriptions import Subscriptions
from turnout.trip import Plan, Untouched
from turnout.watch import View, Watch
from turnout.wire import encoding

log = logging.getLogger(__name__)

# what a kind of error is called in the log
REASONS: tuple[tuple[type[Exception], str], ...] = (
    (NoTargetError, "no_target"),
    (WireError, "unreadable"),
    (StageError, "router_unavailable"),
    (ConfigError, "refused_header"),
)
NEVER_ROUTED = frozenset({"server_tool"})


@dataclass(frozen=True, slots=True)
class Road:
    """What is read from artifacts/."""

    options: Options
    brain: Brain


class Parts(Protocol):
    """What planning needs of the engine."""

    @property
    def config(self) -> Config: ...
    @property
    def mode(self) -> Mode: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def stages(self) -> Stages: ...
    @property
    def road(self) -> Road: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def quality(self) -> Quality: ...
    @property
    def watch(self) -> Watch: ...
    @property
    def subscriptions(self) -> Subscriptions: ...


class Planner:
    """One per engine. What it remembers makes it quicker and changes no decision."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._memory = parts, Memory()

    async def plan(self, draft: Draft) -> Plan | Untouched:
        """Never raises: Untouched says what went wrong."""
        try:
            return await self._plan(draft)
        except TurnoutError as e:
            return draft.untouched(_reason(e), str(e))
        except Exception as e:
            log.exception("plan")
            return draft.untouched("router_unavailable", repr(e))

    async def _plan(self, draft: Draft) -> Plan | Untouched:
        if self._parts.mode == "off" or draft.header("mode") == "off":
            return draft.untouched("off")
        if draft.dialect is None:
            return draft.untouched("dialect_not_routed")
        self._read(draft)
        if reason := self._hands_off(draft):
            return draft.untouched(reason)
        choice = await self._choose(draft)
        if choice is None:
            return draft.untouched("unknown_model")
        return self._compose(draft, choice)

    def _read(self, draft: Draft) -> None:
        arrival = draft.arrival
        assert draft.dialect
        with self._parts.stages("read"):
            draft.body = encoding.decoded(arrival.raw, arrival.header("content-encoding"))
            draft.ask = draft.dialect.peek(draft.body, arrival.path)
        with self._parts.stages("features"):
            headers = arrival.folded()
            draft.who = identify(draft.ask, headers)
            draft.kind = kind(draft.ask, headers)
            draft.words = text.words(draft.ask)
            draft.place = self._parts.sessions.place(draft.ask, draft.who, draft.kind)
            draft.known = self._parts.watch.look(draft)

    def _hands_off(self, draft: Draft) -> str:
        """Whose request is not ours to route."""
        if not draft.arrival.is_text:
            return "unreadable"
        if not has_credential(draft.arrival):
            return "no_credential"  # whoever it is, it does not spend our keys
        if reason := self._spared(draft):
            return reason
        return "native_only" if draft.kind in NEVER_ROUTED else ""

    def _spared(self, draft: Draft) -> str:
        """Why a plan token is none of our business; a person's force is above it."""
        known, policy = self._parts.subscriptions, self._parts.config.policy
        draft.account = known.account(draft.arrival)
        if not draft.account:
            return ""
        if policy.subscription == "direct":
            return "subscription"
        if draft.header("model") or policy.force or self._by_hand(draft):
            return ""
        draft.used = known.used(draft.account)
        return "subscription_unknown" if draft.used is None else ""

    async def _choose(self, draft: Draft) -> Choice | None:
        ask, options, brain = draft.ask, self._parts.road.options, self._parts.road.brain
        assert ask
        requested = options.requested(draft.arrival, ask.model)
        draft.requested = requested
        rules = self._rules(draft)
        if requested is None and not rules.force:
            return None
        scored = await self._scored(draft, brain, forced=bool(rules.force))
        with self._parts.stages("plan"):
            place, outlook = self._looked_out(draft)
            may = self._available(draft, place)
            dialects = by_provider(self._parts.config.providers, draft.arrival, ask.dialect)
            version = brain.bundle.version
            verdict = self._parts.watch.judge(
                draft, View(may, dialects, scored, rules, outlook, version)
            )
            forced = verdict.to if verdict else None
            choice = choose(
                ask,
                requested,
                may,
                dialects,
                scored,
                rules,
                forced or (place.pin.binding if place.pin else None),
                at=outlook.when,
                outlook=None if forced else outlook,
                alarmed=self._parts.quality.alarmed(version, scored.cluster),
                memory=self._memory,
            )
            if draft.direct and requested:
                choice = directly(choice, requested)
            draft.chosen(choice, rules)
            draft.judged(verdict, choice)
        return choice

    async def _scored(self, draft: Draft, brain: Brain, *, forced: bool) -> Scored:
        """A forced model is no guess: it is served though nobody knows what is asked of it."""
        assert draft.ask
        try:
            scored = await brain.scored(draft.words, tools=bool(draft.ask.tools))
        except StageError as e:
            if not forced:
                raise
            draft.unscored(str(e))
            return brain.unfamiliar()
        draft.scored(scored, brain.bundle.version)
        return scored

    def _rules(self, draft: Draft) -> Rules:
        """The policy, the client's headers, and where a person pinned the session to."""
        options, profile, force = (
            self._parts.road.options,
            draft.header("profile"),
            draft.header("model"),
        )
        pin = self._by_hand(draft) if not force else None
        if pin is None:
            return options.rules(profile, force)
        try:
            return options.rules(profile, "/".join(pin.binding))
        except ConfigError as e:
            log.info("a pin made by hand does not hold: %s", e)  # its key is gone, say
            return options.rules(profile, force)

    def _by_hand(self, draft: Draft) -> Pin | None:
        assert draft.who
        return (
            None if draft.kind in SINGLE else self._parts.sessions.pins.by_hand(draft.who.session)
        )

    def _looked_out(self, draft: Draft) -> tuple[Place, Outlook]:
        assert draft.ask and draft.who and draft.place
        draft.place = self._parts.sessions.refreshed(draft.place, draft.kind)
        draft.outlook = self._parts.sessions.outlook(
            draft.ask, draft.place, draft.who.client, draft.kind, draft.at, draft.covered()
        )
        return draft.place, draft.outlook

    def _available(self, draft: Draft, place: Place) -> Sequence[Binding]:
        """Without the providers that were overloaded again and again in this session (c60)."""
        out = place.pin.disabled - {draft.arrival.home} if place.pin else frozenset[str]()
        return self._parts.road.options.available(draft.arrival, out)

    def _compose(self, draft: Draft, choice: Choice) -> Plan | Untouched:
        assert draft.dialect and draft.ask
        composer = Composer(
            draft.arrival,
            draft.body,
            draft.dialect,
            draft.ask.stream,
            self._parts.config.providers,
            self._parts.keys,
            self._parts.stages,
            second_key=bool(draft.account) and not draft.forced,
        )
        ours = composer.attempts(choice.order)
        first = next(ours, None)
        draft.lost(composer.lost)
        if first is None:
            raise NoTargetError(
                "; ".join(f"{b.provider}/{b.id}: {why}" for b, why in composer.lost)
            )
        draft.first(first)
        if self._parts.mode == "shadow" or draft.header("mode") == "shadow":
            return draft.untouched("shadow")
        attempts = guarded(chain((first,), ours), composer.home, forced=draft.forced)
        pin = draft.place.key if draft.place and draft.kind not in SINGLE else ""
        if pin and self._parts.config.policy.break_loops and self._parts.watch.loops(draft):
            self._parts.sessions.pins.drop(pin)
            return draft.stopped(composer.home(), composer.request)
        return draft.plan(attempts, composer.home(), composer.request, pin)


def _reason(error: TurnoutError) -> str:
    return next((name for kind, name in REASONS if isinstance(error, kind)), "router_unavailable")
