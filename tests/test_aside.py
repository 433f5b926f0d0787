"""Large bodies are read and translated beside the event loop; small ones on it."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from road import artifacts
from turnout import aside, config
from turnout.engine import Engine
from turnout.errors import UnsupportedError
from turnout.options import imagined
from turnout.store import Store
from turnout.trip import Plan, Untouched
from turnout.wire.dialects import DIALECTS

KEYS = {"OPENROUTER_API_KEY": "ours", "ANTHROPIC_API_KEY": "ours"}
FOREIGN, SIBLING = "openrouter/minimax-m3", "anthropic/claude-haiku-4-5"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    found = config.load([], environ=KEYS, values={"policy.deadline_ms": 10_000})
    made = artifacts.made(tmp_path / "artifacts")
    store = Store.open(tmp_path / "turnout.db")
    engine = Engine(found, store=store, environ=KEYS, artifacts=made)
    yield engine
    engine.close()


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[int]]:
    """The threads in which the dialects' functions run, by their names."""
    threads: dict[str, set[int]] = {}
    for name in ("anthropic", "openai_chat"):
        for what in ("peek", "read_request", "write_request", "splice"):
            work = getattr(DIALECTS[name], what)  # type: ignore[index]

            def heard(*about: Any, work: Any = work, what: str = what) -> Any:
                threads.setdefault(what, set()).add(threading.get_ident())
                return work(*about)

            changed = replace(DIALECTS[name], **{what: heard})  # type: ignore[index]
            monkeypatch.setitem(DIALECTS, name, changed)  # type: ignore[misc]
    return threads


async def planned(engine: Engine, force: str, size: int, **more: Any) -> Plan | Untouched:
    source = {"type": "base64", "media_type": "image/png", "data": "iVBO" * (size // 4)}
    shown = [{"type": "text", "text": "What is it?"}, {"type": "image", "source": source}]
    messages = [{"role": "user", "content": shown}]
    body = {"model": "claude-opus-4-7", "max_tokens": 64, "messages": messages, **more}
    sent = json.dumps(body).encode()
    arrival = imagined(engine.config, sent, "anthropic", {"x-turnout-model": force}, "/v1/messages")
    return await engine.plan(arrival, "anthropic")


@pytest.mark.parametrize(("force", "last"), [(FOREIGN, "write_request"), (SIBLING, "splice")])
@pytest.mark.parametrize("size", [1000, aside.LARGE + 1000])
async def test_where_it_is_done(
    engine: Engine, seen: dict[str, set[int]], force: str, last: str, size: int
) -> None:
    here = threading.get_ident()
    plan = await planned(engine, force, size)
    assert isinstance(plan, Plan)
    sent = next(plan.attempts)
    assert f"{sent.provider}/{sent.model}" == force
    assert last in seen
    for threads in seen.values():
        assert (here in threads) == (size < aside.LARGE)
        assert len(threads) == 1


async def test_what_cannot_be_told_says_why(engine: Engine) -> None:
    """As for a small body: an error in the thread is the same error."""
    told = []
    for size in (1000, aside.LARGE + 1000):
        plan = await planned(engine, FOREIGN, size, container="c1")
        assert isinstance(plan, Untouched)
        told.append((plan.decision.reason, plan.decision.error))
    assert told[0] == told[1]


async def test_unreadable(engine: Engine) -> None:
    bodies = (b'{"model": 1, "messages": []}', b'{"model": 1, "messages": ["%b"]}')
    for body in (bodies[0], bodies[1] % (b"x" * aside.LARGE)):
        plan = await engine.plan(
            imagined(engine.config, body, "anthropic", {}, "/v1/messages"), "anthropic"
        )
        assert plan.decision.reason == "unreadable"


async def test_errors_come_through() -> None:
    def work(reason: str) -> None:
        raise UnsupportedError(reason)

    for size in (1, aside.LARGE):
        with pytest.raises(UnsupportedError, match="images"):
            await aside.worked(size, work, "images")
