"""Wires the parts once, and takes one request down the road.

recognise ─▶ planner.py ─▶ (relay) ─▶ books.py: account, log
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from turnout import __version__, record, stages
from turnout.answers.cache import Answers
from turnout.answers.semantic import Semantic
from turnout.books import Books
from turnout.brain import Brain
from turnout.config import Config, artifacts_dir, data_dir
from turnout.config.settings import Mode
from turnout.counting import Counter
from turnout.draft import Draft
from turnout.errors import ArtifactError, StageError, TurnoutError
from turnout.exchange import Exchange
from turnout.guard.keys import Keys
from turnout.guard.limits import Limits
from turnout.guard.tenants import Tenants
from turnout.guard.vault import Vault
from turnout.health.health import Health
from turnout.options import Options, imagined
from turnout.paths import own_dir
from turnout.planner import Planner, Road
from turnout.quality import Quality
from turnout.reload import Reloaded, compare, merged
from turnout.route import chosen
from turnout.route.model import Binding
from turnout.route.shelves import Shelves
from turnout.session.identity import plain
from turnout.sessions import Sessions
from turnout.shadow import Shadow
from turnout.signers import Signers
from turnout.stages import Stages, unharmed
from turnout.store import Store
from turnout.subscriptions import Subscriptions
from turnout.switches import Switches
from turnout.telemetry.prometheus import Prometheus
from turnout.telemetry.states import breakers
from turnout.telemetry.switch import wanted
from turnout.trip import Arrival, Plan, Untouched
from turnout.watch import Watch
from turnout.wire import encoding
from turnout.wire.dialects import DIALECTS
from turnout.wire.recognise import guess, recognise
from turnout.wire.request import DialectName

if TYPE_CHECKING:
    from turnout.telemetry.export import Telemetry

log = logging.getLogger(__name__)


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
        vault: Vault | None = None,
    ) -> None:
        self.config, self.store, self._clock = config, store, clock
        self.mode: Mode = config.mode
        self.store_path = store_path(config)
        self.stages = Stages(stages.parse(environ.get("TURNOUT_FAULT", "")))
        self.on_reload: list[Callable[[], None]] = []
        self._shelves, self.vault = Shelves(artifacts, own_dir(environ)), vault
        self.read_again_with(lambda: config)
        self.keys = Keys(config.providers.values(), environ, vault, clock)
        self.tenants = Tenants(config)
        self.health = Health(config.hedge, clock=clock, keys=lambda: self.keys)
        self._road, self.broken = self._load(self._shelves)
        self.sessions = Sessions(store, clock, self._binding)
        self._environ = environ
        self._project = environ.get("TURNOUT_PROJECT", "")
        self.books = Books(store, self.stages, self._binding, clock, config.store.bodies)
        self.books.hide = self.hide
        self.signers = Signers(store, clock)
        self.quality = Quality(store, clock)
        self.switches = Switches(store, clock)
        worth = config.policy.success_value
        self.watch = Watch(self.sessions.pins, self.quality, clock, worth)
        self.shadow = Shadow(self.books.elsewhere, clock)
        self.subscriptions = Subscriptions(clock)
        self.planner = Planner(self)
        self.counter = Counter(self)
        self.prometheus = Prometheus(self._road.options.models if self._road else (), self.status)
        self._telemetry = self._exported(environ)
        self.books.observers.append(self.prometheus.observe)
        # where somebody looks at flows: what is kept of a request on its way, by its decision
        self.exchange: Callable[[str], Exchange | None] | None = None
        self.limits = Limits(config.limits, self.tenants.line, clock)
        self.books.listeners.append(self.limits.settled)
        self.books.learners += [
            self.signers.learn,
            self.sessions.learn,
            self.watch.learn,
            self.shadow.learn,
            self.subscriptions.learn,
            self.health.learn,
        ]
        kept = self.store_path.with_name("cache.db")
        meaning = Semantic(artifacts, lambda: self.road.brain)
        self.answers = Answers(lambda: self.config.cache, kept, clock, meaning)
        self.books.learners.append(self.answers.learn)
        self.counts = {"requests": 0, "routed": 0, "untouched": 0}
        self._started = clock()

    def _load(self, shelves: Shelves) -> tuple[Road | None, str]:
        """A damaged artifact stops routing, not the traffic; a wrong policy stops the start."""
        try:
            brain = Brain(shelves, self.stages, self.config.policy.deadline_ms / 1000)
            if brain.warning:
                log.warning("%s", brain.warning)
            catalog = shelves.shipped / "catalog.json"
            return Road(Options(self.config, self.keys, catalog, brain.bundle.profiles), brain), ""
        except ArtifactError as e:
            log.warning("nothing is routed: %s", e)
            return None, str(e)

    @property
    def road(self) -> Road:
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
            vault=Vault(data_dir(environ)),
        )
        engine.sessions.study()
        engine.books.elsewhere.study(store_path(config))
        engine.quality.recall(p.name for p in engine._shelves.folders() if chosen.base(p))
        engine.limits.recall(engine.store_path)
        return engine

    def _exported(self, environ: Mapping[str, str]) -> "Telemetry | None":
        """OpenTelemetry takes a quarter of a second to import: only who wants it pays."""
        if not wanted(environ, "TRACES", "METRICS"):
            return None
        from turnout.telemetry.export import Telemetry

        made = Telemetry(environ, lambda: breakers(self.health.status()))
        self.books.observers.append(made.observe)
        return made

    def _binding(self, provider: str, model: str) -> Binding | None:
        return self._road.options.binding(provider, model) if self._road else None

    def close(self) -> None:
        if self._road:
            self._road.brain.close()
        if self._telemetry:
            self._telemetry.close()
        self.answers.close()
        self.store.close()

    def hide(self, text: str) -> str:
        """Without our keys, whichever they are now."""
        return self.keys.hide(text)

    def read_again_with(self, read: Callable[[], Config]) -> None:
        """`read()`: the configuration as it is written now. Raises ConfigError."""
        self._reread, self._as_read = read, read()

    async def reload(self) -> Reloaded:
        """Reads the configuration again. Raises ConfigError, and then nothing has changed."""
        as_read = await asyncio.to_thread(self._reread)
        config = merged(self.config, as_read)
        keys = Keys(config.providers.values(), self._environ, self.vault, self._clock)
        road = await asyncio.to_thread(self._reload, config, keys)
        self.tenants.again(config)
        self.limits.again(config.limits)
        told, switched = compare(self._as_read, as_read), config.mode != self.config.mode
        told = told.also(self._version, road.brain.bundle.version)
        self.config, self.keys, self._road, self.broken = config, keys, road, ""
        self._as_read = as_read
        if switched:  # else `turnout off` holds
            self.mode = config.mode
        for tell in self.on_reload:
            tell()
        return told

    def _reload(self, config: Config, keys: Keys) -> Road:
        """The brain is kept, with what it remembers, unless another bundle is in use now."""
        brain, patience = self._road.brain if self._road else None, config.policy.deadline_ms / 1000
        if brain is None or not brain.current(self._shelves):
            brain = Brain(self._shelves, self.stages, patience)
        brain.deadline = patience
        catalog = self._shelves.shipped / "catalog.json"
        return Road(Options(config, keys, catalog, brain.bundle.profiles), brain)

    def opened(self) -> frozenset[str]:
        """The only hosts whose TLS may be opened."""
        keyed = [one for name, one in self.config.providers.items() if name in self.keys]
        safe = {host for one in keyed if one.base_url.startswith("https:") for host in one.hosts}
        return self.config.opened(self._environ) | safe

    # -- the road there

    def recognise(self, method: str, path: str) -> DialectName | Literal["count"] | None:
        """The dialect of a completion request; None for everything that is none of our business."""
        try:
            with self.stages("recognise"):
                counts = self.counter.knows(method, path)
                return "count" if counts else recognise(method, path)
        except TurnoutError as e:
            log.warning("%s", e)
            return None

    def shadows(self, arrival: Arrival) -> bool:
        """Whether this request is only to be watched. A client's header lifts no limit."""
        asked = arrival.header("x-turnout-mode").strip() if not self.limits else ""
        return "shadow" in (self.mode, asked)

    async def plan(self, arrival: Arrival, dialect: DialectName) -> Plan | Untouched:
        """Never raises."""
        self.counts["requests"] += 1
        with unharmed("keys"):
            self.keys.refresh()
        self.books.finish()  # what the last answers tell counts for this request
        draft = Draft(arrival, dialect, self._clock, self._project)
        draft.real = True
        plan = await self.planner.plan(draft)
        self.counts["routed" if isinstance(plan, Plan) else "untouched"] += 1
        with unharmed("session"):
            if isinstance(plan, Plan):
                self.sessions.keep(plan)
                self.watch.keep(plan, draft.known, draft.verdict)
            self.shadow.keep(plan)
        return plan

    def traceparent(self, decision: str, arrival: Arrival) -> str:
        """Of the span that this decision will be; "" while nothing is traced."""
        return self._telemetry.traceparent(decision, arrival) if self._telemetry else ""

    # -- what can be asked

    async def decide(
        self, body: bytes, dialect: DialectName | None, headers: Mapping[str, str], path: str
    ) -> record.Decision:
        """The decision on a body, without calling anyone. Raises WireError for unreadable bytes."""
        name = dialect or recognise("POST", path) or guess(body)
        arrival = imagined(self.config, body, name, headers, path)
        if spoken := DIALECTS.get(name):
            spoken.peek(encoding.decoded(body, arrival.header("content-encoding")), path)
        draft = Draft(arrival, name, self._clock, self._project)
        return (await self.planner.plan(draft)).decision

    def pin(self, name: str, session: str) -> Binding:
        """By hand. `session`: "" is every one. Raises ConfigError, with near names."""
        binding = self.road.options.named(name)
        self.sessions.pins.force(plain(session), binding.provider, binding.model.id)
        return binding

    def dial(self, profile: str) -> None:
        """Until the next start or reload. Raises ConfigError."""
        options = self.road.options
        options.rules(profile, "")
        options.profile = profile

    def status(self) -> dict[str, Any]:
        self.keys.refresh()
        road = self._road
        return {
            "mode": self.mode,
            "profile": road.options.profile if road else self.config.policy.profile,
            "version": __version__,
            "uptime_s": round(self._clock() - self._started, 1),
            "providers": road.options.names if road else [],
            "bundle": self._version,
            **self.counts,
            "dropped_rows": self.store.dropped,
            **self.health.status(),
            "cache": self.answers.status(),
            "warnings": [
                *filter(None, (self.broken, road.brain.warning if road else "")),
                *filter(None, (self.store.warning, self._export_warning)),
                *filter(None, [self.answers.warning]),
                *self.quality.warnings(),
                *self.keys.warnings(),
                *self.limits.warnings(),
            ],
            "keys": self.keys.report(),
            "destinations": self.destinations(),
            "db": str(self.store_path),
        }

    @property
    def _version(self) -> str:
        """Of the bundle in use; "" while there is none."""
        return self._road.brain.bundle.version if self._road else ""

    @property
    def _export_warning(self) -> str:
        return self._telemetry.warning if self._telemetry else ""

    def destinations(self) -> str:
        """One line: where requests may go with these keys and rules."""
        if self._road is None:
            return "nothing is routed"
        return self._road.options.destinations(self.tenants.tighter("", self._project))

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
