"""PLAN: from a request that has arrived to a plan, or to the reason why it goes home untouched.

    read ─ features ─ (hands off?) ─ embed ─ score ─ plan ─ translate the first attempt

A draft collects what becomes known; `plan` never raises.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Protocol

from turnout import aside, marks
from turnout.attempts import Composer, guarded
from turnout.brain import Brain
from turnout.config import Config
from turnout.config.settings import Mode
from turnout.draft import Draft
from turnout.errors import (
    ConfigError,
    NoTargetError,
    StageError,
    TurnoutError,
    UncleanError,
    WireError,
)
from turnout.guard.keys import Keys, has_credential
from turnout.guard.limits import Asked, Limits
from turnout.guard.tenants import Tenants
from turnout.health.health import Health
from turnout.options import Options
from turnout.quality import Quality
from turnout.route import text
from turnout.route.bundle import Bundle
from turnout.route.model import Binding
from turnout.route.plan import Choice, Memory, Rules, choose, directly
from turnout.route.score import Scored
from turnout.session.identity import identify
from turnout.session.kind import kind
from turnout.session.outlook import Outlook
from turnout.session.pins import Pin
from turnout.session.place import Place
from turnout.sessions import SINGLE, Sessions
from turnout.shadow import Shadow
from turnout.signers import Signers
from turnout.spoken import by_provider
from turnout.stages import Stages
from turnout.subscriptions import Subscriptions
from turnout.switches import Switches
from turnout.trip import Arrival, Plan, Refusal, Untouched
from turnout.watch import View, Watch
from turnout.wire import encoding
from turnout.wire.request import Ask

log = logging.getLogger(__name__)

# what a kind of error is called in the log
REASONS: tuple[tuple[type[Exception], str], ...] = (
    (NoTargetError, "no_target"),
    (UncleanError, "marked_history"),
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
    def tenants(self) -> Tenants: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def stages(self) -> Stages: ...
    @property
    def road(self) -> Road: ...
    @property
    def broken(self) -> str: ...
    @property
    def health(self) -> Health: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def signers(self) -> Signers: ...
    @property
    def quality(self) -> Quality: ...
    @property
    def switches(self) -> Switches: ...
    @property
    def watch(self) -> Watch: ...
    def traceparent(self, decision: str, arrival: Arrival) -> str: ...
    @property
    def shadow(self) -> Shadow: ...
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
        off = self._parts.mode == "off"
        if off or (draft.header("mode") == "off" and not self._parts.limits):
            return draft.untouched("off")
        if draft.dialect is None:
            return draft.untouched("dialect_not_routed")
        await self._read(draft)
        if beyond := self._beyond(draft):
            return beyond
        marks.check(draft)
        if reason := self._hands_off(draft):
            return draft.untouched(reason)
        choice = await self._choose(draft)
        if choice is None:
            return draft.untouched("unknown_model")
        return await self._compose(draft, choice)

    async def _read(self, draft: Draft) -> None:
        arrival = draft.arrival
        packed = aside.PACKED if arrival.header("content-encoding") else 1
        with self._parts.stages("read"):
            await aside.worked(packed * len(arrival.raw), self._peek, draft)
        assert draft.ask
        with self._parts.stages("features"):
            headers = arrival.folded()
            draft.who = identify(draft.ask, headers, arrival.tenant)
            draft.kind = kind(draft.ask, headers)
            draft.words = text.words(draft.ask)
            draft.place = self._parts.sessions.place(draft.ask, draft.who, draft.kind)
            if self._in_shadow(draft):
                draft.place = self._parts.shadow.refreshed(draft.place, draft.kind)
            else:
                draft.known = self._parts.watch.look(draft)
            marks.allow(draft)

    def _peek(self, draft: Draft) -> None:
        arrival = draft.arrival
        assert draft.dialect
        draft.body = encoding.decoded(arrival.raw, arrival.header("content-encoding"))
        marks.clean(draft, policy=self._parts.config.policy.mark)
        draft.ask = draft.dialect.peek(draft.body, arrival.path)

    def _in_shadow(self, draft: Draft) -> bool:
        return self._parts.mode == "shadow" or draft.header("mode") == "shadow"

    def _beyond(self, draft: Draft) -> Untouched | None:
        """Counts it, and what becomes of it when a limit is reached."""
        if not draft.real or not self._parts.limits:
            return None
        assert draft.ask and draft.who
        verdict = self._parts.limits.ask(
            draft.id,
            Asked(
                at=draft.at,
                client=draft.who.client,
                project=draft.project,
                tenants=self._parts.tenants.line(draft.arrival.tenant),
                model=self._asked_for(draft),
                tokens=draft.ask.input_tokens,
            ),
        )
        if verdict is None:
            return None
        draft.beyond = verdict.then
        draft.noted("limit", verdict.words)
        if verdict.then == "cheaper":
            return None
        refused = verdict.then == "refuse"
        refusal = Refusal(429, verdict.words, verdict.retry_after) if refused else None
        return draft.untouched("limit", verdict.words, refusal)

    def _asked_for(self, draft: Draft) -> str:
        """As the log calls it; as the client does where nothing can be looked up."""
        assert draft.ask
        if self._parts.broken:
            return draft.ask.model
        found = self._parts.road.options.requested(draft.arrival, draft.ask.model)
        return found.model.id if found else draft.ask.model

    def _hands_off(self, draft: Draft) -> str:
        """Whose request is not ours to route."""
        if draft.header("mode") == "off":
            return "off"  # a header lifts no limit: that was looked at before
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
        bundle = await brain.serving(draft.header("bundle"))
        rules = self._rules(draft, bundle)
        if requested is None and not rules.force:
            return None
        scored = await self._scored(draft, brain, bundle, forced=bool(rules.force))
        with self._parts.stages("plan"):
            place, outlook = self._looked_out(draft)
            may = self._available(draft, place)
            dialects = by_provider(self._parts.config.providers, draft.arrival, ask.dialect)
            version = bundle.version
            verdict = self._parts.watch.judge(
                draft, View(may, dialects, scored, rules, outlook, version)
            )
            forced = verdict.to if verdict else None
            chosen = partial(
                choose,
                requested=requested,
                options=may,
                dialects=dialects,
                scored=scored,
                rules=rules,
                pinned=forced or (place.pin.binding if place.pin and not draft.beyond else None),
                at=outlook.when,
                outlook=None if forced or draft.beyond else outlook,
                alarmed=self._parts.quality.alarmed(version, scored.cluster, scored.label),
                memory=self._memory,
            )
            choice = _natively(chosen, ask)
            if draft.direct and requested:
                choice = directly(choice, requested)
            draft.chosen(choice, rules)
            draft.judged(verdict, choice)
        return choice

    async def _scored(self, draft: Draft, brain: Brain, bundle: Bundle, *, forced: bool) -> Scored:
        """A forced model is no guess: it is served though nobody knows what is asked of it."""
        assert draft.ask
        try:
            scored = await brain.scored(
                draft.words, tools=bool(draft.ask.tools), bundle=bundle, timed=draft.embedded
            )
        except StageError as e:
            if not forced:
                raise
            draft.unscored(str(e))
            return brain.unfamiliar(bundle)
        draft.scored(scored, bundle.version)
        return scored

    def _rules(self, draft: Draft, bundle: Bundle) -> Rules:
        """The policy, the client's headers, and where a person pinned the session to."""
        options, profile, force = (
            self._parts.road.options,
            draft.header("profile"),
            draft.header("model"),
        )
        tighter = self._parts.tenants.tighter(draft.arrival.tenant, draft.project)
        cheapest = draft.beyond == "cheaper"
        pin = self._by_hand(draft) if not force else None
        if pin is None:
            return options.rules(profile, force, tighter, cheapest=cheapest, bundle=bundle)
        try:
            return options.rules(profile, "/".join(pin.binding), tighter, bundle=bundle)
        except ConfigError as e:
            log.info("a pin made by hand does not hold: %s", e)  # its key is gone, say
            return options.rules(profile, force, tighter, cheapest=cheapest, bundle=bundle)

    def _by_hand(self, draft: Draft) -> Pin | None:
        assert draft.who
        return (
            None if draft.kind in SINGLE else self._parts.sessions.pins.by_hand(draft.who.session)
        )

    def _looked_out(self, draft: Draft) -> tuple[Place, Outlook]:
        assert draft.ask and draft.who and draft.place
        pins = self._parts.shadow if self._in_shadow(draft) else self._parts.sessions
        draft.place = pins.refreshed(draft.place, draft.kind)
        draft.outlook = self._parts.sessions.outlook(
            draft.ask, draft.place, draft.who.client, draft.kind, draft.at, draft.covered()
        )
        return draft.place, draft.outlook

    def _available(self, draft: Draft, place: Place) -> Sequence[Binding]:
        """Without what was overloaded (c60) or made malformed calls again in this session."""
        asked = draft.requested
        stays = {draft.arrival.home, f"{asked.provider}/{asked.model.id}" if asked else ""}
        out = place.pin.disabled - stays if place.pin else frozenset[str]()
        options = self._parts.road.options.available(draft.arrival, out)
        return self._parts.switches.open(options, draft.requested)

    async def _compose(self, draft: Draft, choice: Choice) -> Plan | Untouched:
        assert draft.dialect and draft.ask
        arrival, ask, health = draft.arrival, draft.ask, self._parts.health
        composer = Composer(
            draft.arrival,
            draft.body,
            draft.dialect,
            draft.ask.stream,
            self._parts.config.providers,
            self._parts.keys,
            self._parts.stages,
            draft.ask,
            self._parts.traceparent(draft.id, draft.arrival),
            second_key=bool(draft.account) and not draft.forced,
            cleaned=draft.cleaned,
            target=partial(self._parts.signers.told, draft.requested),
            requested=draft.requested,
            # what a person forced has nothing that could stand in for it
            why_not=None
            if draft.forced
            else lambda b, own: health.why_not(b, arrival, ask, own=own),
        )
        await aside.worked(len(draft.body), composer.prepare, choice.order)
        ours = composer.attempts(choice.order)
        first = next(ours, None)
        draft.lost(composer.lost)
        if first is None:
            raise NoTargetError(
                "; ".join(f"{b.provider}/{b.id}: {why}" for b, why in composer.lost)
            )
        draft.first(first)
        if self._in_shadow(draft):
            return draft.untouched("shadow")
        attempts = guarded(
            chain((first,), ours),
            composer.home,
            forced=draft.forced,
            mended=composer.mended,
            bare=composer.bare,
        )
        pin = draft.place.key if draft.place and draft.kind not in SINGLE else ""
        if pin and self._parts.config.policy.break_loops and self._parts.watch.loops(draft):
            self._parts.sessions.pins.drop(pin)
            return draft.stopped(composer.home(), composer.request)
        return draft.plan(attempts, composer.home(), composer.request, pin)


def _natively(chosen: Callable[[Ask], Choice], ask: Ask) -> Choice:
    """A compaction in its vendor's own way; in words, where nobody may be asked for that (c65)."""
    try:
        return chosen(ask)
    except NoTargetError:
        if not ask.summable:
            raise
        return chosen(replace(ask, server_tools=False))


def _reason(error: TurnoutError) -> str:
    return next((name for kind, name in REASONS if isinstance(error, kind)), "router_unavailable")
