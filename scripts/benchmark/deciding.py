"""How long a decision takes in an agent loop whose human text does not change. Runs here.

The same session step by step; each action is decided twice in turn: with what the planner remembers
of the step before, and with nothing remembered of it. What a long history costs to translate into
another dialect is not in it: a request of one message is decided, as by the rest of this benchmark.
"""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmark.figures import Spread
from benchmark.traffic import BODY_SIZE, HEADERS, request
from turnout import config
from turnout.engine import Engine
from turnout.route.plan import Memory
from turnout.session.board import Board
from turnout.store import Store
from turnout.trip import Arrival

KEYS = {"OPENROUTER_API_KEY": "sk-or-bench"}
WARM_UP = 20  # steps that are not counted
GROWTH = 60  # bytes
URL = "https://api.anthropic.com/v1/messages"


def bodies(steps: int) -> Sequence[bytes]:
    """The same text with a little more to read in each step."""
    text = "The same text in every step."
    return [request(text, size=BODY_SIZE + GROWTH * n) for n in range(steps)]


async def deciding(artifacts: Path, steps: int) -> dict[str, Spread]:
    """Milliseconds, by what is remembered."""
    took: dict[str, list[float]] = {"with memory": [], "without memory": []}
    with tempfile.TemporaryDirectory(prefix="turnout-bench-") as folder:
        file = Path(folder) / "turnout.toml"
        file.write_text("")
        engine = Engine(
            config.load([file], {}),
            store=Store.open(Path(folder) / "turnout.db"),
            environ=KEYS,
            artifacts=artifacts,
        )
        for n, body in enumerate(bodies(steps + WARM_UP)):
            for name, spent in took.items():
                ms = await _decided(engine, body, remembers=name == "with memory")
                spent += [ms] if n >= WARM_UP else []
        engine.close()
    return {name: Spread.of(spent) for name, spent in took.items()}


async def _decided(engine: Engine, body: bytes, *, remembers: bool) -> float:
    kept = engine.planner._memory, engine.sessions._board
    if not remembers:
        engine.planner._memory, engine.sessions._board = Memory(), Board()
    arrival = Arrival(
        method="POST",
        url=URL,
        path="/v1/messages",
        headers=tuple(HEADERS.items()),
        raw=body,
        home="anthropic",
        at=time.time(),
    )
    began = time.perf_counter()
    plan = await engine.plan(arrival, "anthropic")
    ms = (time.perf_counter() - began) * 1000
    assert plan.decision.candidates
    engine.planner._memory, engine.sessions._board = kept
    return ms
