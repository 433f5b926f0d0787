"""Wires the parts once, and takes one request down the road.

    recognise ─ read ─ features ─ embed ─ score ─ plan ─ translate ─▶ (relay) ─ account ─ log

Whatever goes wrong on the way there: `plan` answers Untouched with the reason, and never raises.
"""

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
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
from turnout.route import text
from turnout.route.plan import Choice, choose
from turnout.route.score import Scored
from turnout.session.identity import identify
from turnout.session.kind import kind
from turnout.session.pins import Pins
from turnout.spoken import by_provider
from turnout.stages import Stages
from turnout.store import Store
from turnout.trip import Arrival, Plan, Untouched
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
UNPINNED = frozenset({"title", "probe", "classifier", "compaction"})


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
        self.pins = Pins(clock)
        self._environ = environ
        self.books = Books(store, self.stages)
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
        return cls(
            config,
            store=Store.open(store_path(config)),
            environ=os.environ if environ is None else environ,
            artifacts=artifacts_dir(),
        )

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
        plan = await self._planned(Draft(arrival, dialect, self._clock))
        self.counts["routed" if isinstance(plan, Plan) else "untouched"] += 1
        if isinstance(plan, Plan) and plan.pin:
            self.pins.keep(
                plan.pin, plan.decision.provider, plan.decision.model, plan.ask.cache_ttl
            )
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
        rules = options.rules(draft.header("profile"), draft.header("model"))
        if requested is None and not rules.force:
            return None
        scored = await self._scored(draft, brain, forced=bool(rules.force))
        with self.stages("plan"):
            choice = choose(
                ask,
                requested,
                options.available(draft.arrival),
                by_provider(self.config.providers, draft.arrival, ask.dialect),
                scored,
                rules,
                self._pinned(draft),
                at=datetime.fromtimestamp(draft.at, UTC),
            )
        draft.chosen(choice, rules)
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

    def _pinned(self, draft: Draft) -> tuple[str, str] | None:
        if draft.kind in UNPINNED:
            return None
        pin = self.pins.get(draft.pin_key)
        return (pin.provider, pin.model) if pin else None

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
        pin = "" if draft.kind in UNPINNED else draft.pin_key
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
        return (await self._planned(Draft(arrival, name, self._clock))).decision

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
            "warnings": [warning for warning in (self.broken, self.store.warning) if warning],
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
