"""The relay in this process, four targets that fail on demand, four homes; plans without a brain.

    async with world() as w:
        case = Case("anthropic", ("openai_chat",), stream=True, forced=False)
        got = await w.ask(case)

Every request names models of its own, so that many can run at once and faults find their victim.
"""

import asyncio
import itertools
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp

from turmoil.asking import DIALECTS, HEADERS, HOMES, BreachError, Got, body, path
from turnout import config
from turnout.attempts import Composer, guarded
from turnout.demo.faults import Fault
from turnout.demo.provider import Latency, SimProvider
from turnout.demo.seen import Seen
from turnout.demo.speech import Plays, Turn
from turnout.engine import Engine
from turnout.health.health import Health
from turnout.record import Decision, new_id
from turnout.relay import DISPATCH, PLAN_HEADER, Relay, tries, upstream, vigil
from turnout.route.model import Binding, Model, Price
from turnout.store import Store
from turnout.trip import Arrival, Attempt, Plan
from turnout.wire.dialects import DIALECTS as SPOKEN
from turnout.wire.request import DialectName

OURS = "ours: " + "north by north-west. " * 12
HOMES_TEXT = "home: " + "south by south-east. " * 12
PRICE = Price(input=Decimal(1), output=Decimal(4))
KEY = "TURMOIL_KEY"
RECENT = 300  # requests among which one is looked for
# seconds instead of minutes, so that a suite ends
HASTE: dict[Any, dict[str, float]] = {
    upstream: {"HEADER_TIMEOUT": 1.0},
    tries: {"FIRST_TIMEOUT": 1.0},
    vigil: {"TICK_S": 0.1, "PING_S": 0.2, "SILENCE_S": 1.0, "DRY_S": 1.5},
}
type Bend = Callable[[Attempt], Attempt]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A client's dialect, the targets' one after another, and what each of them does wrong.

    `bend`: changes an attempt before it is sent, for what no server can do: (say) not be there.
    `leave_after`: bytes after which the client hangs up. `models`: the targets', instead of new
    ones for this request.
    """

    client: DialectName
    targets: tuple[DialectName, ...]
    stream: bool
    forced: bool = False
    faults: tuple[Fault | None, ...] = ()
    home_fault: Fault | None = None
    bend: Bend = lambda attempt: attempt
    leave_after: int | None = None
    slow_read: float = 0.0
    models: tuple[str, ...] = ()


@dataclass(slots=True)
class World:
    engine: Engine
    relay: Relay
    targets: Mapping[DialectName, SimProvider]
    homes: Mapping[DialectName, SimProvider]
    session: aiohttp.ClientSession
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def ask(self, case: Case) -> tuple[Got, bytes, Seen | None]:
        """What the client got; what it sent; and what reached its home, if anything did.

        Raises BreachError when its home was asked twice.
        """
        number = next(self._numbers)
        names = list(case.models) or [f"m{number}-{i}-end" for i in range(len(case.targets))]
        asked = f"asked{number}-end"
        with self._broken(case, names, asked):
            plan = self._plan(case, names, asked)
            got = await self._dispatched(case, plan)
        found = [seen for seen in self.homes[case.client].seen[-RECENT:] if _names(seen, asked)]
        if len(found) > 1:
            raise BreachError(f"its home was asked {len(found)} times")
        if found and not got.lost and case.leave_after is None:
            await found[0].sent.ended()  # what it sent is written down after it was sent
        return got, plan.arrival.raw, found[0] if found else None

    def _broken(self, case: Case, names: list[str], asked: str) -> "_Faults":
        """The faults of this case, on its own models only."""
        placed = [
            (self.targets[dialect].faults, _aimed(fault, dialect, name))
            for dialect, fault, name in zip(case.targets, case.faults, names, strict=False)
            if fault
        ]
        if case.home_fault:
            aimed = _aimed(case.home_fault, case.client, asked)
            placed.append((self.homes[case.client].faults, aimed))
        return _Faults(placed)

    def _plan(self, case: Case, names: list[str], asked: str) -> Plan:
        dialect, engine = SPOKEN[case.client], self.engine
        place = path(case.client, asked, stream=case.stream)
        raw = body(case.client, asked, stream=case.stream)
        arrival = Arrival(
            method="POST",
            url=f"{self.homes[case.client].url}{place}",
            path=place,
            headers=(("content-type", "application/json"), *HEADERS[case.client]),
            raw=raw,
            home=HOMES[case.client],
        )
        ask = dialect.peek(raw, place)
        bindings = tuple(
            Binding(provider=f"t-{spoken}", id=name, model=Model(id=name), price=PRICE)
            for spoken, name in zip(case.targets, names, strict=True)
        )
        providers, keys = engine.config.providers, engine.keys
        composer = Composer(arrival, raw, dialect, ask.stream, providers, keys, engine.stages)
        ours = map(case.bend, composer.attempts(bindings))
        first = bindings[0]
        return Plan(
            decision=Decision(
                id=new_id(), at=time.time(), provider=first.provider, model=first.model.id,
                requested_model=asked, dialect=case.client,
            ),
            arrival=arrival,
            ask=ask,
            dialect=dialect,
            body=raw,
            attempts=guarded(ours, composer.home, forced=case.forced),
            home=composer.home(),
            request=composer.request,
            requested_price=PRICE,
            forced=case.forced,
        )  # fmt: skip

    async def _dispatched(self, case: Case, plan: Plan) -> Got:
        came, status, lost, wait = bytearray(), 0, False, ""
        url = f"http://127.0.0.1:{self.relay.port}{DISPATCH}"
        try:
            headers = {PLAN_HEADER: self.relay.expect(plan)}
            async with self.session.post(url, headers=headers) as answer:
                status, wait = answer.status, answer.headers.get("retry-after", "")
                async for piece in answer.content.iter_any():
                    came += piece
                    if case.leave_after is not None and len(came) >= case.leave_after:
                        answer.close()
                        return Got(case.client, case.stream, status, bytes(came), lost=True)
                    if case.slow_read:
                        await asyncio.sleep(case.slow_read)
        except aiohttp.ClientError:
            lost = True
        return Got(case.client, case.stream, status, bytes(came), lost, wait)

    def forget(self) -> None:
        """As if nothing had ever failed."""
        fresh, health = Health(), self.engine.health
        health.breakers, health.learned, health.pace = fresh.breakers, fresh.learned, fresh.pace

    def size(self, target: DialectName) -> int:
        """Bytes of the longest answer that this target has given whole."""
        sent = (seen.sent for seen in self.targets[target].seen)
        return max((len(one.body) for one in sent if one.end == "sent"), default=0)

    @property
    def held(self) -> int:
        """Connections to providers that are in use."""
        client = self.relay._upstream
        assert client
        return len(client._session.connector._acquired)  # type: ignore[union-attr]


class _Faults:
    """Faults for as long as a block lasts."""

    def __init__(self, placed: list[tuple[list[Fault], Fault]]) -> None:
        self._placed = placed

    def __enter__(self) -> None:
        for faults, fault in self._placed:
            faults.append(fault)

    def __exit__(self, *_: object) -> None:
        for faults, fault in self._placed:
            faults.remove(fault)


def _aimed(fault: Fault, dialect: DialectName, name: str) -> Fault:
    """Where the model is named: in Gemini's path, in the others' body."""
    where = {"path": name} if dialect == "gemini" else {"model": name}
    return replace(fault, **where, count=float("inf"))


def _names(seen: Seen, model: str) -> bool:
    return model in seen.path or seen.model == model


def toml(targets: Mapping[DialectName, SimProvider], folder: Path) -> str:
    tables = "\n".join(
        f'[providers.t-{dialect}]\nbase_url = "{sim.base_url}"\n'
        f'dialect = "{dialect}"\nkey = "env:{KEY}"\n'
        for dialect, sim in targets.items()
    )
    return f'{tables}\n[store]\npath = "{folder / "turnout.db"}"\n'


@asynccontextmanager
async def world(
    *,
    haste: bool = True,
    latency: Mapping[DialectName, Mapping[str, Latency]] | None = None,
    hedge: config.settings.Hedge | None = None,
    ours: str = OURS,
) -> AsyncIterator[World]:
    """`haste`: watchdogs bark after half a second. `latency`: of the targets."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="turmoil-")))
        if haste:
            for module, values in HASTE.items():
                stack.enter_context(patch.multiple(module, **values))
        said: Plays = {"": [Turn(text=ours)]}
        late = latency or {}
        targets = {
            d: SimProvider(d, plays=said, strict=False, latency=late.get(d)) for d in DIALECTS
        }
        homes = {
            d: SimProvider(d, plays={"": [Turn(text=HOMES_TEXT)]}, strict=False) for d in DIALECTS
        }
        for sim in (*targets.values(), *homes.values()):
            await stack.enter_async_context(sim)
        engine = _engine(toml(targets, folder), folder, hedge)
        stack.callback(engine.close)
        relay = Relay(engine)
        await relay.start()
        stack.push_async_callback(relay.close)
        pool = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=pool))
        yield World(engine, relay, targets, homes, session)


def _engine(text: str, folder: Path, hedge: config.settings.Hedge | None) -> Engine:
    """Without artifacts it plans nothing; plans are made here."""
    file = folder / "turnout.toml"
    file.write_text(text)
    environ = {KEY: "sk-turnouts-own"}
    made = config.load([file], environ=environ)
    made = replace(made, hedge=hedge) if hedge else made
    store = Store.open(folder / "turnout.db")
    return Engine(made, store=store, environ=environ, artifacts=folder / "none")
