"""scripts/bench_wire: see there."""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import get_args

from benchmark import spoken
from benchmark.figures import machine
from turnout.account import Meter
from turnout.relay.back import Listener
from turnout.wire.dialect import Hints
from turnout.wire.dialects import DIALECTS
from turnout.wire.memo import KEPT
from turnout.wire.request import DialectName, Request
from turnout.wire.tools import Repair
from turnout.wire.translate import Translation

NAMES: tuple[DialectName, ...] = get_args(DialectName)
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """`words`: of an answer; a stream has about twice as many events."""

    words: int = 2000
    rounds: int = 7
    size: int = MB


@dataclass(frozen=True, slots=True)
class Stream:
    """Microseconds. `held_us`: how long a frame is kept, median and 95th percentile."""

    client: str
    provider: str
    events: int
    events_per_s: int
    cpu_us: float
    held_us: float
    held_p95_us: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of `bytes` bytes. Milliseconds of CPU, the median.

    `ms`: for the first time. `again_ms`: each time with one small step more than before.
    """

    client: str
    provider: str
    what: str
    bytes: int
    ms: float
    again_ms: float


def streams(plan: Plan) -> Iterator[Stream]:
    for client, provider in product(NAMES, NAMES):
        frames = spoken.frames(plan.words, provider)
        runs = [_streamed(client, provider, frames) for _ in range(plan.rounds)]
        events, cpu, wall, held = min(runs, key=lambda run: run[1])
        held.sort()
        yield Stream(
            client,
            provider,
            events,
            round(events / wall),
            round(cpu / events * 1e6, 1),
            round(statistics.median(held) * 1e6, 1),
            round(held[int(0.95 * len(held))] * 1e6, 1),
        )


def _streamed(
    client: DialectName, provider: DialectName, frames: list[bytes]
) -> tuple[int, float, float, list[float]]:
    """-> (events, CPU seconds, seconds, seconds that each frame was held)"""
    feed, heard = _relayed(client, provider)
    held = []
    cpu, began = time.process_time(), time.perf_counter()
    for frame in (*frames, b""):
        came = time.perf_counter()
        feed(frame)
        held.append(time.perf_counter() - came)
    return len(heard), time.process_time() - cpu, time.perf_counter() - began, held


def _relayed(
    client: DialectName, provider: DialectName
) -> tuple[Callable[[bytes], object], list[object]]:
    """What the relay does with each piece of an answer, and the events that it saw."""
    meter, heard = Meter(time.monotonic), list[object]()
    reader = DIALECTS[provider].stream_reader()
    if client == provider:

        def read(data: bytes):  # type: ignore[no-untyped-def]
            for event in reader.feed(data):
                heard.append(event)
                yield event

        return Listener(read, meter).hear, heard
    writer = DIALECTS[client].stream_writer(Hints(id="a1", model="t"))
    repair = Repair({tool.name: tool.schema for tool in spoken.TOOLS}, lambda _: None)

    def watch(event):  # type: ignore[no-untyped-def]
        heard.append(event)
        meter.watch(event)

    return Translation(reader, writer, watch, repair), heard


def requests(plan: Plan) -> Iterator[Asked]:
    sizes: dict[str, Request] = {
        "1 MB, tools said 10 kB each": spoken.session(plan.size, 10_000),
        "1 MB, tools said 1 kB each": spoken.session(plan.size, 1_000),
        "300 steps, tools said 1 kB each": spoken.session(3 * plan.size // 10, 1_000),
        "5 MB of images": spoken.images(5 * plan.size),
    }
    for what, request in sizes.items():
        later = [spoken.further(request, n) for n in range(plan.rounds + 1)]
        for client in NAMES:
            bodies = [spoken.body(one, client) for one in later]
            for provider in NAMES:
                work = _translating(client, provider)
                first, again = _median(work, bodies, afresh=True), _median(work, bodies)
                yield Asked(client, provider, what, len(bodies[0]), first, again)


def _translating(client: DialectName, provider: DialectName) -> Callable[[bytes], object]:
    theirs, ours, path = DIALECTS[client], DIALECTS[provider], spoken.PATHS[client]
    target = spoken.TARGETS[provider]
    if client == provider:
        return lambda body: (theirs.peek(body, path), theirs.splice(body, target))
    return lambda body: (
        theirs.peek(body, path),
        ours.write_request(theirs.read_request(body, path), target),
    )


def _median(work: Callable[[bytes], object], bodies: list[bytes], *, afresh: bool = False) -> float:
    """Of all but the first. `afresh`: nothing is remembered of the one before."""
    took = []
    for body in bodies:
        if afresh:
            KEPT.clear()
        began = time.process_time()
        work(body)
        took.append((time.process_time() - began) * 1000)
    return round(statistics.median(took[1:]), 2)


def tables(said: list[Stream], asked: list[Asked]) -> Iterator[str]:
    yield " · ".join(f"{name} {value}" for name, value in machine().items())
    yield ""
    yield "| client | provider | events/s | CPU, µs an event | a frame is held, µs | 95 % |"
    yield "|---|---|---|---|---|---|"
    for one in said:
        held = ["-", "-"] if one.client == one.provider else [one.held_us, one.held_p95_us]
        cells = (one.client, one.provider, f"{one.events_per_s:,}", one.cpu_us, *held)
        yield f"| {' | '.join(map(str, cells))} |"
    kinds = list(dict.fromkeys(one.what for one in asked))
    ms = {(one.client, one.provider, one.what): f"{one.ms} / {one.again_ms}" for one in asked}
    yield ""
    yield f"| client | provider | {' | '.join(f'{kind}, ms: first / again' for kind in kinds)} |"
    yield "|---|---|" + "---|" * len(kinds)
    for client, provider in product(NAMES, NAMES):
        cells = (client, provider, *(ms[client, provider, kind] for kind in kinds))
        yield f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/bench_wire", description="What translating costs."
    )
    parser.add_argument("--json", action="store_true", help="plain data on standard output")
    parser.add_argument("--quick", action="store_true", help="a second: does it run at all?")
    chosen = parser.parse_args()
    plan = Plan(words=20, rounds=1, size=20_000) if chosen.quick else Plan()
    said, asked = list(streams(plan)), list(requests(plan))
    if chosen.json:
        plain = {"streams": [*map(asdict, said)], "requests": [*map(asdict, asked)]}
        json.dump({"machine": machine(), **plain}, sys.stdout, indent=1)
    else:
        print("\n".join(tables(said, asked)))


if __name__ == "__main__":
    main()
