"""scripts/bench_audit: see there."""

import argparse
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from turnout import history, record
from turnout.record import Decision, Outcome, Tried
from turnout.route.plan import Candidate
from turnout.store import Store, Tables
from turnout.wire.events import Usage

CACHE = Path(__file__).parents[1] / ".cache" / "bench_audit"
NOW = 1_795_000_000.0
SPAN_S = 42 * 86_400
SESSIONS = 20_000
ASKED = ("claude-opus-4-7", "claude-sonnet-4-6", "gpt-5.4", "gemini-2.5-pro", "gpt-5.5")
SERVED = (("anthropic", "claude-haiku-5-5"), ("openrouter", "deepseek-v3.2"))
CANDIDATES = tuple(
    Candidate(provider="openrouter", model=f"model-{n}", quality=0.8, se=0.01, evidence=40.0)
    for n in range(12)
)


def rows(count: int) -> Iterator[dict[str, record.Plain]]:
    chance = Random(1)  # noqa: S311
    decision = Decision(
        id="",
        at=0.0,
        client="claude-code",
        project="turnout",
        kind="main",
        dialect="anthropic",
        reason="cheapest_at_parity",
        bundle="2026-11",
        candidates=CANDIDATES,
        evidence={"profile": "parity", "epsilon": 0.02},
    )
    outcome = Outcome(status=200, stop_reason="end", ttft_ms=420.0, total_ms=2100.0)
    for n in range(count):
        provider, model = SERVED[n % 2]
        usd = chance.random() / 50
        yield record.row(
            replace(
                decision,
                id=f"{n:014}",
                at=NOW - SPAN_S * (1 - n / count),
                session=f"began-{chance.randrange(SESSIONS):032x}",
                requested_model=ASKED[chance.randrange(len(ASKED))],
                cluster=n % 40,
                cluster_label=f"class {n % 40}",
            ),
            replace(
                outcome,
                provider=provider,
                model=model,
                usage=Usage(1200, 40_000, 300, 40, 500, 100),
                cost_usd=usd,
                requested_same_tokens_usd=4 * usd,
                requested_counterfactual_usd=3 * usd,
                requested_counterfactual_low_usd=2 * usd,
                requested_counterfactual_high_usd=5 * usd,
                attempts=(Tried(provider=provider, model=model, status=200, ms=400.0),),
            ),
        )


def made(count: int) -> Path:
    path = CACHE / f"{count}.db"
    if path.exists():
        return path
    CACHE.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with closing(Tables(part)) as tables:
        batch: list[dict[str, record.Plain]] = []
        for row in rows(count):
            batch.append(row)
            if len(batch) == 5000:
                tables.insert(batch)
                batch = []
        tables.insert(batch)
    part.rename(path)
    return path


def timed(do: Callable[[], object], times: int = 3) -> tuple[float, float]:
    """Seconds on the wall and of this process; the best of some, since others may be at work."""
    found = []
    for _ in range(times):
        began, busy = time.perf_counter(), time.process_time()
        do()
        found.append((time.perf_counter() - began, time.process_time() - busy))
    return min(found)


def floor(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("SELECT count(*) FROM decisions WHERE status >= 0").fetchall()


def audit(path: Path, by: history.By, since: float = 0) -> None:
    with history.read(path) as log:
        log.audit(since, by)


def added(count: int = 5000) -> float:
    """Microseconds that `add` takes from a request."""
    path = CACHE / "added.db"
    path.unlink(missing_ok=True)
    some = list(rows(count))
    with Store.open(path) as log:
        log.flush(10)
        began = time.perf_counter()
        for row in some:
            log.add(row)
        spent = time.perf_counter() - began
    return 1e6 * spent / count


def measured(count: int) -> dict[str, Any]:
    path = made(count)
    found: dict[str, Any] = {"rows": count, "MB": round(path.stat().st_size / 1e6)}
    found["floor_s"] = timed(lambda: floor(path))
    for by in history.BY:
        found[f"by {by}_s"] = timed(lambda by=by: audit(path, by), 3 if by == "model" else 1)  # type: ignore[misc]
    found["by model, 7 days_s"] = timed(lambda: audit(path, "model", NOW - 7 * 86_400))
    found["add_us"] = added()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench_audit")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = measured(args.rows)
    if args.json:
        print(json.dumps(found, indent=1))
        return
    for name, value in found.items():
        wall = value if isinstance(value, tuple) else (value,)
        told = "  CPU ".join(f"{v:,.2f}" if isinstance(v, float) else f"{v:,}" for v in wall)
        sys.stdout.write(f"{name:24} {told}\n")


main()
