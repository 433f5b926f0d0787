"""The whole run: starts the processes, measures, and counts what arrived at the providers."""

import asyncio
import random
import sqlite3
import ssl
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from benchmark import reading
from benchmark.figures import DIRECT, EMPTY, ROUTED, Figures, Latency, Spread, machine
from benchmark.traffic import WARM_UP, Variant, interleaved, lines, prompt, request, variants
from benchmark.world import Proxy, Simulators, mitmdump, simulators, turnout
from turnout.demo.pki import Pki
from turnout.paths import artifacts_dir

HOME, OTHER = "anthropic", "openai_chat"
CROSSES = ("cross dialect", "as it chooses")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. `abreast`: the concurrencies. `clients`: short-lived ones."""

    requests: int = 200
    abreast: tuple[int, ...] = (1, 16)
    clients: int = 40
    known: int = 100
    fresh: int = 50
    rounds: int = 7


@dataclass(frozen=True, slots=True)
class Bench:
    plan: Plan
    sims: Simulators
    tls: ssl.SSLContext
    empty: Proxy
    ours: Proxy
    tell: Callable[[str], None]

    @property
    def url(self) -> str:
        return f"{self.sims.base_url(HOME)}/messages"

    @property
    def every(self) -> tuple[Variant, ...]:
        return variants(self.empty, self.ours)

    async def latency(self, mode: str, abreast: int) -> Latency:
        self.tell(f"{mode}, {abreast} at once")
        stream, rounds = mode == "streamed", -(-self.plan.requests // abreast)
        body = request(stream=stream)
        async with lines(self.every, self.url, self.tls, limit=abreast) as open_lines:
            took = await interleaved(
                open_lines, body, rounds=rounds, abreast=abreast, stream=stream
            )
            opened = {line.variant.name: line.opened for line in open_lines}
        return Latency(mode, abreast, {n: Spread.of(t) for n, t in took.items()}, opened)

    async def route_ms(self) -> dict[str, Spread]:
        """What the log says that deciding took, of requests that turnout routes as it likes."""
        self.tell("deciding")
        chance, plan = random.Random(1), self.plan  # noqa: S311
        texts = {
            "unchanged text": ["The same text in every step." for _ in range(plan.known + 1)],
            "fresh, 12 words": [prompt(12, chance) for _ in range(plan.fresh)],
            "fresh, 200 words": [prompt(200, chance) for _ in range(plan.fresh)],
        }
        sent: dict[str, list[str]] = {}
        async with lines(self.every[-1:], self.url, self.tls, limit=1) as (line,):
            for name, ones in texts.items():
                sent[name] = [(await line.send(request(text)))[2] for text in ones]
        sent["unchanged text"].pop(0)  # it was fresh
        logged = await _logged(self.ours.db, set(chain(*sent.values())))
        return {name: Spread.of([logged[one] for one in ids]) for name, ids in sent.items()}

    async def short_lived(self, name: str) -> tuple[int, Spread]:
        """-> (upstream handshakes, milliseconds each) for clients that come, ask once and go."""
        self.tell(f"short-lived clients, {name}")
        variant = next(one for one in self.every if one.name == name)
        before = await self._handshakes()
        async with lines([variant], self.url, self.tls, limit=0) as (line,):
            took = [(await line.send(request()))[1] * 1000 for _ in range(self.plan.clients)]
            assert line.opened == self.plan.clients
        return await self._handshakes() - before, Spread.of(took)

    async def _handshakes(self) -> int:
        return sum(one["handshakes"] for one in (await self.sims.count()).values())

    def expected(self) -> dict[str, int]:
        """Completions that must have reached each provider, no more and no fewer."""
        plan = self.plan
        each = 2 * sum((WARM_UP + -(-plan.requests // n)) * n for n in plan.abreast)
        away = each * len(CROSSES) + plan.known + 1 + 2 * plan.fresh
        return {HOME: each * (len(self.every) - len(CROSSES)) + 3 * plan.clients, OTHER: away}


async def measure(plan: Plan, tell: Callable[[str], None]) -> Figures:
    with tempfile.TemporaryDirectory(prefix="turnout-bench-") as name:
        return await _measure(plan, Path(name), tell)


async def _measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Figures:
    pki, artifacts = Pki.make(folder), artifacts_dir()
    tell("reading")
    reading_ms = await asyncio.to_thread(reading.costs, artifacts, plan.rounds)
    for name in ("data", "empty"):
        (folder / name).mkdir()
    tell("starting")
    async with AsyncExitStack() as stack:
        sims = await stack.enter_async_context(simulators(pki))
        async with turnout(folder / "data", pki, sims) as first:
            start_s = {"turnout serve, first": first.start_s}
        ours = await stack.enter_async_context(turnout(folder / "data", pki, sims))
        empty = await stack.enter_async_context(mitmdump(folder / "empty", pki))
        start_s |= {"turnout serve": ours.start_s, EMPTY: empty.start_s}
        rss_mb = {"turnout, started": ours.rss_mb, "mitmdump, started": empty.rss_mb}
        bench = Bench(plan, sims, pki.client, empty, ours, tell)
        route_ms = await bench.route_ms()
        rss_mb[f"turnout, {plan.known + 2 * plan.fresh} requests"] = ours.rss_mb
        latency = [
            await bench.latency(mode, abreast)
            for abreast in plan.abreast
            for mode in ("whole", "streamed")
        ]
        short = {name: await bench.short_lived(name) for name in (DIRECT, EMPTY, ROUTED)}
        rss_mb |= {"turnout, at the end": ours.rss_mb, "mitmdump, at the end": empty.rss_mb}
        arrived = {name: one["requests"] for name, one in (await sims.count()).items()}
        if arrived != bench.expected():
            raise SystemExit(f"{arrived} requests arrived, not {bench.expected()}")
    return Figures(
        machine=machine(),
        latency=latency,
        route_ms=route_ms,
        start_s={name: round(seconds, 2) for name, seconds in start_s.items()},
        rss_mb={name: round(size, 1) for name, size in rss_mb.items()},
        clients=plan.clients,
        handshakes={name: count for name, (count, _) in short.items()},
        short_ms={name: took for name, (_, took) in short.items()},
        reading_ms=reading_ms,
        requests=arrived,
    )


async def _logged(db: Path, ids: set[str]) -> dict[str, float]:
    """decision -> route_ms, once all are written."""
    deadline = time.monotonic() + 10
    while True:
        with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as log:
            found = dict(log.execute("SELECT id, route_ms FROM decisions"))
        if ids <= set(found):
            return found
        if time.monotonic() > deadline:
            raise SystemExit(f"{len(ids - set(found))} decisions are not in the log")
        await asyncio.sleep(0.1)
