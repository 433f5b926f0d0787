"""Replays recordings through the planner of a real engine in shadow, into a log of its own.

    files ─▶ Recorded ─▶ engine.plan (the clock says when it was) ─▶ books.settle ─▶ a log

Nothing is sent, nothing is touched: what the shadow of a live turnout would have written is what
the log holds in the end. A request without bytes is planned from what is told of it.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from turnout.account import Meter
from turnout.attempts import MAX_ATTEMPTS
from turnout.books import Passed
from turnout.brain import Brain
from turnout.config import Config
from turnout.draft import Draft
from turnout.engine import Engine
from turnout.errors import ConfigError, NoTargetError
from turnout.paths import own_dir
from turnout.planner import Planner
from turnout.replay.files import Reader
from turnout.replay.recorded import Recorded, Skipped, Told
from turnout.route import score, text
from turnout.route.bundle import Bundle
from turnout.route.plan import Choice
from turnout.route.score import Scored
from turnout.route.shelves import Shelves
from turnout.session.identity import Who, plain
from turnout.session.kind import kind
from turnout.store import Store
from turnout.trip import Attempt, Plan, Untouched
from turnout.wire.dialects import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_MS = 600_000  # nobody waits for an answer
BATCH = 2000  # actions between two waits for the log
FLUSH_S = 600.0

type Seen = Callable[[int], None]


@dataclass(slots=True)
class Tally:
    """`actions`: replayed. `skipped`: by reason. `kept`: by reason why routing would not touch."""

    actions: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    untouched: Counter[str] = field(default_factory=Counter)


class Clock:
    """Says when the recorded request was."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class ReplayPlanner(Planner):
    """What is told of a request stands for its bytes; everything after that is the planner's."""

    told: Told | None = None
    unplaced = 0  # of a class that the bundle has not

    async def _read(self, draft: Draft) -> None:
        if self.told is None:
            await super()._read(draft)
            return
        told, parts = self.told, self._parts
        draft.ask = told.ask
        draft.who = Who(plain(told.session), told.client or "unknown", plain(told.agent))  # type: ignore[arg-type]
        draft.kind = told.kind or kind(told.ask, {})
        draft.words = text.words(told.ask)
        draft.named(told.project)
        place = parts.sessions.place(told.ask, draft.who, draft.kind)
        draft.place = parts.shadow.refreshed(place, draft.kind)

    async def _scored(self, draft: Draft, brain: Brain, bundle: Bundle, *, forced: bool) -> Scored:
        if self.told is None or self.told.cluster is None:
            return await super()._scored(draft, brain, bundle, forced=forced)
        found = self._as_told(self.told, brain, bundle)
        draft.scored(found, bundle.version)
        return found

    def _as_told(self, told: Told, brain: Brain, bundle: Bundle) -> Scored:
        """What could not be read then cannot be now; what was like nothing known still is."""
        tools = bool(told.ask.tools)
        if told.label == score.UNREAD:
            return score.unread(bundle, tools=tools)
        if told.label.startswith(score.UNFAMILIAR):
            return brain.unfamiliar(bundle, tools=tools)
        k = _class(told, bundle)
        if k is None:
            self.unplaced += 1
            return brain.unfamiliar(bundle, tools=tools)
        return score.of_class(k, bundle, tools=tools)

    async def _compose(self, draft: Draft, choice: Choice) -> Plan | Untouched:
        """Without bytes nobody knows whether the target can be told it; eligibility was checked."""
        if self.told is None:
            return await super()._compose(draft, choice)
        assert draft.dialect
        first = next(iter(choice.order[:MAX_ATTEMPTS]), None)
        if first is None:
            raise NoTargetError("no model can serve this")
        draft.first(
            Attempt(
                provider=first.provider,
                model=first.model.id,
                url="",
                headers=(),
                body=b"",
                dialect=draft.dialect,
            )
        )
        return draft.untouched("shadow")


def _class(told: Told, bundle: Bundle) -> int | None:
    """By its number in the same bundle, by its name in another."""
    if told.bundle == bundle.version and told.cluster is not None:
        return told.cluster if 0 <= told.cluster < len(bundle.labels) else None
    alone = bundle.labels.count(told.label) == 1
    return bundle.labels.index(told.label) if alone else None


class Replay:
    """`log`: where the rows go."""

    def __init__(
        self, config: Config, artifacts: Path, log: Path, environ: Mapping[str, str]
    ) -> None:
        self.tally, self._clock = Tally(), Clock()
        self._reader = Reader(config)
        self._store = Store.open(log, strict=True)
        self._engine = Engine(
            config, store=self._store, environ=environ, artifacts=artifacts, clock=self._clock
        )
        if self._engine.broken:
            raise ConfigError(self._engine.broken)
        self._planner = self._engine.planner = ReplayPlanner(self._engine)

    @property
    def unplaced(self) -> int:
        """Actions of classes that the bundle has not: taken for tasks of any kind."""
        return self._planner.unplaced

    @property
    def bundle(self) -> str:
        return self._engine.road.brain.bundle.version

    def destinations(self) -> str:
        return self._engine.destinations()

    async def file(self, path: Path, seen: Seen) -> None:
        """Raises ConfigError for a file of no kind that is known."""
        for one in self._reader.read(path, seen):
            if isinstance(one, Skipped):
                self.tally.skipped[one.reason] += 1
            else:
                await self._one(one)

    async def _one(self, one: Recorded) -> None:
        self._clock.now = one.arrival.at
        self._planner.told = one.told
        headers = (("x-turnout-mode", "shadow"), *one.arrival.headers)
        plan = await self._engine.plan(replace(one.arrival, headers=headers), one.dialect)
        self._clock.now = max(one.ended, one.arrival.at)
        self._engine.books.settle(plan, self._passed(one))
        if plan.decision.reason != "shadow":
            self.tally.untouched[plan.decision.reason] += 1
        self.tally.actions += 1
        if self.tally.actions % BATCH == 0:
            await asyncio.to_thread(self._store.flush, FLUSH_S)

    def _passed(self, one: Recorded) -> Passed:
        meter = Meter()
        meter.usage = one.usage
        took = max(one.ended - one.arrival.at, 0.0)
        return Passed(
            meter=meter, began=0.0, ended=took, status=one.status, attempt=self._served(one)
        )

    def _served(self, one: Recorded) -> Attempt | None:
        """None: home, as it was asked."""
        binding = self._engine.road.options.binding(*one.served) if one.served else None
        if binding is None:
            return None
        return Attempt(
            provider=binding.provider,
            model=binding.model.id,
            url="",
            headers=(),
            body=b"",
            dialect=DIALECTS[one.dialect],
            price=binding.price,
            clients_key=True,
        )

    def close(self) -> None:
        self._store.flush(FLUSH_S)
        self._engine.close()


def configured(config: Config, profile: str) -> Config:
    """In shadow, with all the time of the world."""
    policy = replace(config.policy, deadline_ms=PATIENCE_MS)
    if profile:
        policy = replace(policy, profile=profile)  # type: ignore[arg-type]
    return replace(config, mode="shadow", policy=policy)


def keyed(config: Config, names: tuple[str, ...], environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` as if there were keys for these providers. Raises ConfigError."""
    found = dict(environ)
    for name in names:
        provider = config.providers.get(name)
        if provider is None or not provider.env:
            known = ", ".join(sorted(n for n, p in config.providers.items() if p.env))
            raise ConfigError(f"--provider {name}: not one of {known}")
        found.setdefault(provider.env[0], "imagined")
    return found


@contextmanager
def artifacts_with(artifacts: Path, bundle: str) -> "Iterator[Path]":
    """`artifacts` with another bundle in use. Raises ConfigError for one that is not there."""
    if not bundle:
        yield artifacts
        return
    shelves = Shelves(artifacts, own_dir())
    chosen = shelves.find(bundle)
    if chosen is None:
        known = ", ".join(sorted(path.name for path in shelves.folders()))
        raise ConfigError(f"--bundle {bundle}: not one of {known}")
    with tempfile.TemporaryDirectory(prefix="turnout-whatif-") as folder:
        there = Path(folder)
        for name in ("encoder", "catalog.json"):
            (there / name).symlink_to((artifacts / name).resolve())
        (there / "bundles").mkdir()
        (there / "bundles" / bundle).symlink_to(chosen.resolve())
        (there / "latest").write_text(bundle, encoding="utf-8")
        yield there
