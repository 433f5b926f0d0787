"""Wires the parts once, and takes one request down the road.

    recognise ─ read ─ features ─ embed ─ score ─ plan ─ translate ─▶ (relay) ─ account ─ log

Whatever goes wrong on the way there: `plan` answers Untouched with the reason, and never raises.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Self

from turnout import __version__, record, stages
from turnout.attempts import Composer, guarded
from turnout.books import Books
from turnout.brain import Brain
from turnout.config import Config, artifacts_dir, data_dir
from turnout.draft import Draft
from turnout.errors import (
    ArtifactError,
    ConfigError,
    NoTargetError,
    StageError,
    TurnoutError,
    WireError,
)
from turnout.guard.keys import Keys, has_credential, is_plan_token
from turnout.options import Options, imagined
from turnout.quality import Quality
from turnout.route import text
from turnout.route.model import Binding
from turnout.route.plan import Choice, Rules, choose
from turnout.route.score import Scored
from turnout.session.identity import identify, plain
from turnout.session.kind import kind
from turnout.session.outlook import Outlook
from turnout.session.pins import Pin
from turnout.session.place import Place
from turnout.sessions import SINGLE, Sessions
from turnout.spoken import by_provider
from turnout.stages import Stages
from turnout.store import Store
from turnout.trip import Arrival, Plan, Untouched
from turnout.watch import View, Watch
from turnout.wire import encoding
from turnout.wire.dialects import DIALECTS
from turnout.wire.recognise import guess, recognise
from turnout.wire.request import DialectName

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


class Engine:
    """One per process. Everything but the embedder runs on the event loop."""

    def __init__(
        self,
        config: Config,
        *,
        store: Store,
        environ: Mapping[str, str],
        artifacts: Path,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.config, self.store, self._clock = config, store, clock
        self.mode = config.mode
        self.store_path = store_path(config)
        self.stages = Stages(stages.parse(environ.get("TURNOUT_FAULT", "")))
        self.keys = Keys(config.providers.values(), environ)
        self._road, self.broken = self._load(artifacts)
        self.sessions = Sessions(store, clock, self._binding)
        self._environ = environ
        self._project = environ.get("TURNOUT_PROJECT", "")
        self.books = Books(store, self.stages)
        self.quality = Quality(store, clock)
        self.watch = Watch(self.sessions.pins, self.quality, clock)
        self.books.learners += [self.sessions.learn, self.watch.learn]
        self.counts = {"requests": 0, "routed": 0, "untouched": 0}
        self._started = clock()

    def _load(self, artifacts: Path) -> tuple["Road | None", str]:
        """A damaged artifact stops routing, not the traffic; a wrong policy stops the start."""
        try:
            brain = Brain(artifacts, self.stages)
            catalog = artifacts / "catalog.json"
            return Road(Options(self.config, self.keys, catalog, brain.bundle.profiles), brain), ""
        except ArtifactError as e:
            log.warning("nothing is routed: %s", e)
            return None, str(e)

    @property
    def road(self) -> "Road":
        """Catalogue and brain. Raises StageError while an artifact is damaged."""
        if self._road is None:
            raise StageError("plan", ArtifactError(self.broken))
        return self._road

    @classmethod
    def open(cls, config: Config, *, environ: Mapping[str, str] | None = None) -> Self:
        engine = cls(
            config,
            store=Store.open(store_path(config)),
            environ=os.environ if environ is None else environ,
            artifacts=artifacts_dir(),
        )
        engine.sessions.study()
        engine.quality.recall()
        return engine

    def _binding(self, provider: str, model: str) -> Binding | None:
        return self._road.options.binding(provider, model) if self._road else None

    def close(self) -> None:
        if self._road:
            self._road.brain.close()
        self.store.close()

    def opened(self) -> frozenset[str]:
        """The only hosts whose TLS may be opened."""
        return self.config.opened(self._environ)

    # -- the road there

    def recognise(self, method: str, path: str) -> DialectName | None:
        """The dialect of a completion request; None for everything that is none of our business."""
        try:
            with self.stages("recognise"):
                return recognise(method, path)
        except TurnoutError as e:
            log.warning("%s", e)
            return None

    async def plan(self, arrival: Arrival, dialect: DialectName) -> Plan | Untouched:
        self.counts["requests"] += 1
        draft = Draft(arrival, dialect, self._clock, self._project)
        plan = await self._planned(draft)
        self.counts["routed" if isinstance(plan, Plan) else "untouched"] += 1
        if isinstance(plan, Plan):
            self.sessions.keep(plan)
            self.watch.keep(plan, draft.known, draft.verdict)
        return plan

    async def _planned(self, draft: Draft) -> Plan | Untouched:
        try:
            return await self._plan(draft)
        except TurnoutError as e:
            return draft.untouched(_reason(e), str(e))
        except Exception as e:
            log.exception("plan")
            return draft.untouched("router_unavailable", repr(e))

    async def _plan(self, draft: Draft) -> Plan | Untouched:
        if self.mode == "off" or draft.header("mode") == "off":
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
        with self.stages("read"):
            draft.body = encoding.decoded(arrival.raw, arrival.header("content-encoding"))
            draft.ask = draft.dialect.peek(draft.body, arrival.path)
        with self.stages("features"):
            headers = arrival.folded()
            draft.who = identify(draft.ask, headers)
            draft.kind = kind(draft.ask, headers)
            draft.words = text.words(draft.ask)
            draft.place = self.sessions.place(draft.ask, draft.who, draft.kind)
            draft.known = self.watch.look(draft)

    def _hands_off(self, draft: Draft) -> str:
        """Whose request is not ours to route."""
        if not draft.arrival.is_text:
            return "unreadable"
        if not has_credential(draft.arrival):
            return "no_credential"  # whoever it is, it does not spend our keys
        if is_plan_token(draft.arrival) and self.config.policy.subscription == "direct":
            return "subscription"
        return "native_only" if draft.kind in NEVER_ROUTED else ""

    async def _choose(self, draft: Draft) -> Choice | None:
        ask, options, brain = draft.ask, self.road.options, self.road.brain
        assert ask
        requested = options.requested(draft.arrival, ask.model)
        draft.requested = requested
        rules = self._rules(draft)
        if requested is None and not rules.force:
            return None
        scored = await self._scored(draft, brain, forced=bool(rules.force))
        with self.stages("plan"):
            place, outlook = self._looked_out(draft)
            may = self._available(draft, place)
            dialects = by_provider(self.config.providers, draft.arrival, ask.dialect)
            version = brain.bundle.version
            verdict = self.watch.judge(draft, View(may, dialects, scored, rules, outlook, version))
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
                alarmed=self.quality.alarmed(version, scored.cluster),
            )
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
        options, profile, force = self.road.options, draft.header("profile"), draft.header("model")
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
        return None if draft.kind in SINGLE else self.sessions.pins.by_hand(draft.who.session)

    def _looked_out(self, draft: Draft) -> tuple[Place, Outlook]:
        assert draft.ask and draft.who and draft.place
        draft.place = self.sessions.refreshed(draft.place, draft.kind)
        draft.outlook = self.sessions.outlook(
            draft.ask, draft.place, draft.who.client, draft.kind, draft.at
        )
        return draft.place, draft.outlook

    def _available(self, draft: Draft, place: Place) -> Sequence[Binding]:
        """Without the providers that were overloaded again and again in this session (c60)."""
        options = self.road.options.available(draft.arrival)
        out = place.pin.disabled - {draft.arrival.home} if place.pin else frozenset[str]()
        return [one for one in options if one.provider not in out] if out else options

    def _compose(self, draft: Draft, choice: Choice) -> Plan | Untouched:
        assert draft.dialect and draft.ask
        composer = Composer(
            draft.arrival,
            draft.body,
            draft.dialect,
            draft.ask.stream,
            self.config.providers,
            self.keys,
            self.stages,
        )
        ours = composer.attempts(choice.order)
        first = next(ours, None)
        draft.lost(composer.lost)
        if first is None:
            raise NoTargetError(
                "; ".join(f"{b.provider}/{b.id}: {why}" for b, why in composer.lost)
            )
        draft.first(first)
        if self.mode == "shadow" or draft.header("mode") == "shadow":
            return draft.untouched("shadow")
        attempts = guarded(chain((first,), ours), composer.home, forced=draft.forced)
        pin = draft.place.key if draft.place and draft.kind not in SINGLE else ""
        return draft.plan(attempts, composer.home(), composer.request, pin)

    # -- what can be asked

    async def decide(
        self, body: bytes, dialect: DialectName | None, headers: Mapping[str, str], path: str
    ) -> record.Decision:
        """The decision on a body, without calling anyone. Raises WireError for unreadable bytes."""
        name = dialect or recognise("POST", path) or guess(body)
        arrival = imagined(self.config, body, name, headers, path)
        if spoken := DIALECTS.get(name):
            spoken.peek(encoding.decoded(body, arrival.header("content-encoding")), path)
        return (await self._planned(Draft(arrival, name, self._clock, self._project))).decision

    def pin(self, name: str, session: str) -> Binding:
        """By hand. `session`: "" is every one. Raises ConfigError, with near names."""
        binding = self.road.options.named(name)
        self.sessions.pins.force(plain(session), binding.provider, binding.model.id)
        return binding

    def status(self) -> dict[str, Any]:
        road = self._road
        return {
            "mode": self.mode,
            "profile": self.config.policy.profile,
            "version": __version__,
            "uptime_s": round(self._clock() - self._started, 1),
            "providers": road.options.names if road else [],
            "bundle": road.brain.bundle.version if road else "",
            **self.counts,
            "dropped_rows": self.store.dropped,
            "warnings": [
                *filter(None, (self.broken, self.store.warning)),
                *self.quality.warnings(),
            ],
            "destinations": self.destinations(),
            "db": str(self.store_path),
        }

    def destinations(self) -> str:
        """One line: where requests may go with these keys and rules."""
        return self._road.options.destinations() if self._road else "nothing is routed"

    def debug_headers(self, decision: record.Decision) -> tuple[tuple[str, str], ...]:
        """What `x-turnout-debug: 1` asks for."""
        facts = {
            "reason": decision.reason,
            "cluster": decision.cluster_label,
            "quality": decision.quality,
            "session": decision.session,
            "kind": decision.kind,
        }
        return tuple((f"x-turnout-{name}", str(fact)) for name, fact in facts.items())


def store_path(config: Config) -> Path:
    return Path(config.store.path).expanduser() if config.store.path else data_dir() / "turnout.db"


def _reason(error: TurnoutError) -> str:
    return next((name for kind, name in REASONS if isinstance(error, kind)), "router_unavailable")
