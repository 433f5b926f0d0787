"""The chaos suite: the table of faults, a cut at every byte, random schedules, leaks."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from statistics import median

from turmoil import leaks, schedule, table
from turmoil.asking import DIALECTS, BreachError, Got, outcome
from turmoil.world import HOMES_TEXT, OURS, Case, world
from turnout.demo.faults import Fault
from turnout.wire.request import DialectName

type Pair = tuple[DialectName, DialectName]
EVERY_PAIR: tuple[Pair, ...] = tuple((c, t) for c in DIALECTS for t in DIALECTS)
ABREAST = 16  # schedules at once


@dataclass(slots=True)
class Report:
    """`breaches`: what must never happen. `seen`: how often clients saw what."""

    cases: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)

    def note(self, told: str, breach: str = "") -> None:
        self.cases += 1
        self.seen[told] += 1
        if breach:
            self.breaches.append(breach)

    def __iadd__(self, other: "Report") -> "Report":
        self.cases += other.cases
        self.seen += other.seen
        self.breaches += other.breaches
        return self


async def faults(
    rows: dict[str, table.Row], *, quick: bool = False, abreast: int = 1, every: int = 1
) -> Report:
    """Every row of the table, in every combination; or each `every`-th of them."""
    report = Report()
    async with world() as w:

        async def run(one: tuple[str, table.Row, Case]) -> Got:
            w.forget()
            return (await w.ask(one[2]))[0]

        todo = list(table.cases(rows, quick=quick))[::every]
        async for (name, row, case), got in _abreast(todo, run, abreast):
            told, why = _judged(got, table.expected(row, case))
            report.note(told, f"{name}: {_words(case)}: {why}" if why else "")
        await leaks.settled(w)
    return report


def _judged(got: Got, wanted: set[str]) -> tuple[str, str]:
    try:
        told = outcome(got, OURS, HOMES_TEXT)
    except BreachError as e:
        return "breach", str(e)
    return told, "" if told in wanted else f"{told}, not {' or '.join(sorted(wanted))}"


async def cuts(*, step: int = 1, pairs: Iterable[Pair] = EVERY_PAIR) -> Report:
    """A short stream that ends after n bytes, for every n: the end is the end only once."""
    report = Report()
    async with world(ours="ours: short.") as w:
        for client, target in pairs:
            await w.ask(Case(client=client, targets=(target,), stream=True))
            for n in range(0, w.size(target) + 1, step):
                w.forget()
                case = Case(
                    client=client, targets=(target,), stream=True, forced=True,
                    faults=(Fault("cut", size=n),),
                )  # fmt: skip
                got, _, _ = await w.ask(case)
                told, why = _judged_cut(got)
                report.note(told, f"cut at {n} of {_words(case)}: {why}" if why else "")
        await leaks.settled(w)
    return report


def _judged_cut(got: Got) -> tuple[str, str]:
    try:
        return outcome(got, "ours: short.", HOMES_TEXT), ""
    except BreachError as e:
        return "breach", str(e)


async def schedules(count: int, seed: int) -> Report:
    """So many random ones, several at once, and what is left when they are over."""
    report, random = Report(), Random(seed)  # noqa: S311  to be repeated
    before = leaks.held()
    async with world() as w:
        cases = [schedule.case(random) for _ in range(count)]
        async for case, (told, breach) in _abreast(cases, lambda one: schedule.run(w, one)):
            report.note(told, f"seed {seed}: {_words(case)}: {breach.why}" if breach else "")
        await leaks.settled(w)
        if w.engine.store.dropped:
            report.breaches.append(f"{w.engine.store.dropped} rows were lost")
    await asyncio.sleep(0.1)  # sockets of the simulators are closed by the loop
    after = leaks.held()
    if left := after.tasks - before.tasks:
        report.breaches.append(f"tasks are left: {left}")
    if after.files > before.files + 2:
        report.breaches.append(f"{after.files - before.files} files are left open")
    return report


async def _abreast[A, B](
    todo: list[A], do: Callable[[A], Awaitable[B]], most: int = ABREAST
) -> AsyncIterator[tuple[A, B]]:
    gate = asyncio.Semaphore(most)

    async def one(item: A) -> tuple[A, B]:
        async with gate:
            return item, await do(item)

    for done in asyncio.as_completed([one(item) for item in todo]):
        yield await done


async def leaving(count: int) -> tuple[float, float]:
    """Median and worst milliseconds until nothing runs any more after a client has left."""
    took = []
    async with world(haste=False) as w:
        for i in range(count):
            target = DIALECTS[i % 4]
            fault = Fault("stall", events=4) if i % 2 else Fault("slow_headers")
            case = Case(
                client=DIALECTS[i // 4 % 4], targets=(target,), stream=True, faults=(fault,)
            )
            asked = asyncio.create_task(w.ask(case))
            while not w.held:  # noqa: ASYNC110  the relay makes it happen
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.01)
            began = time.monotonic()
            asked.cancel()
            await leaks.settled(w)
            took.append((time.monotonic() - began) * 1000)
            await asyncio.wait([asked])
    return median(took), max(took)


def _words(case: Case) -> str:
    how = ("stream" if case.stream else "whole") + (", forced" if case.forced else "")
    wrong = ", ".join(_fault(one) for one in case.faults)
    home = f"; home: {_fault(case.home_fault)}" if case.home_fault else ""
    return f"{case.client} <- {', '.join(case.targets)} ({how}; {wrong}{home})"


def _fault(fault: Fault | None) -> str:
    if fault is None:
        return "fine"
    return f"{fault.kind} {fault.status} events={fault.events} size={fault.size}"
