"""What is kept, for how long and how much of it, and what becomes of a damaged file (c84)."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from answers.plans import ASKED, SAID, passed, plan
from turnout.answers.cache import Answers
from turnout.answers.disk import Disk
from turnout.answers.entry import Entry, kept, packed, unpacked
from turnout.answers.semantic import Semantic
from turnout.config.settings import Cache
from turnout.relay.replay import written
from turnout.wire.events import (
    Event,
    Failed,
    Finished,
    Signature,
    Started,
    Text,
    Thinking,
    ToolCall,
    Usage,
)
from turnout.wire.request import DialectName
from wire import grammar, grammar_responses

END = Finished("end")
MEANS = (
    Started("msg_1", "minimax-m3"),
    Usage(fresh_input=7),
    Text("Hello!"),
    Usage(fresh_input=7, output=3),
    END,
)


class World:
    """A cache with a clock and rules that a test can turn."""

    def __init__(self, path: Path, **rules: Any) -> None:
        self.rules, self.at = Cache(**{"exact": True, **rules}), 1000.0
        self.path = path
        self.answers = self.opened()

    def opened(self) -> Answers:
        return Answers(lambda: self.rules, self.path, lambda: self.at)

    def again(self) -> None:
        """A restart."""
        self.answers.close()
        self.answers = self.opened()

    async def kept(self, key: str, text: str = "Hello!") -> None:
        of = plan()
        of.cache_key = key
        self.answers.learn(of, passed(of, (SAID[0], Text(text), END)))

    async def found(self, key: str) -> str:
        entry = await self.answers.get(key)
        return "".join(e.text for e in entry.events if isinstance(e, Text)) if entry else ""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path / "cache.db")
    yield made
    made.answers.close()


def test_few_events_in_order() -> None:
    assert kept(SAID) == MEANS
    entry = Entry(at=1.5, decision="d", provider="p", model="m", events=MEANS, cost_usd=None)
    assert unpacked(packed(entry)) == entry


NOT_KEPT: dict[str, Sequence[Event]] = {
    "nothing": (),
    "no words": (SAID[0], END),
    "no end": SAID[:-1],
    "a failure": (*SAID[:-1], Failed("cut")),
    "a refusal": (*SAID[:-1], Finished("refusal")),
    "cut by its limit": (*SAID[:-1], Finished("length")),
    "a pause": (*SAID[:-1], Finished("pause")),
    "calls": (SAID[0], Text("a"), ToolCall(0, "t", "f"), Finished("tools")),
    "a call that says it ended": (SAID[0], Text("a"), ToolCall(0, "t", "f"), END),
    "sealed thoughts": (SAID[0], Thinking("a"), Signature("s"), Text("b"), END),
    "something odd": (*SAID[:-1], Finished("end", notes=("call_without_name",))),
}


@pytest.mark.parametrize("events", NOT_KEPT.values(), ids=NOT_KEPT)
def test_c84_only_whole_plain_answers_are_kept(events: Sequence[Event]) -> None:
    assert kept(events) == ()


WENT_WRONG: dict[str, dict[str, Any]] = {
    "an error": {"status": 500},
    "the client left": {"status": 499},
    "it broke": {"error": "x"},
    "it was mended": {"mended": ("arguments",)},
    "a call in it was malformed": {"malformed": ("Bash: not_json",)},
    "nobody answered": {"attempt": None},
}


@pytest.mark.parametrize("facts", WENT_WRONG.values(), ids=WENT_WRONG)
async def test_c84_errors_are_never_kept(world: World, facts: dict[str, Any]) -> None:
    of = plan()
    of.cache_key = "k"
    world.answers.learn(of, passed(of, **facts))
    assert await world.found("k") == ""
    world.answers.learn(of, passed(of))
    assert await world.found("k") == "Hello!"


async def test_what_has_no_key_is_not_kept(world: World) -> None:
    of = plan()
    world.answers.learn(of, passed(of))
    assert world.answers.counts["kept"] == 0


async def test_c84_it_lives_so_long(world: World) -> None:
    await world.kept("k")
    world.at += world.rules.ttl_s
    assert await world.found("k") == "Hello!"
    world.at += 1
    assert await world.found("k") == ""
    world.at -= 100
    world.again()
    await world.kept("k")
    world.again()
    assert await world.found("k") == "Hello!"
    world.rules = replace(world.rules, ttl_s=1.0)
    world.at += 2
    world.again()
    assert await world.found("k") == ""


BOUNDS = [{"max_entries": 3}, {"max_bytes": 700}, {"max_bytes": 10}]


@pytest.mark.parametrize("bounds", BOUNDS, ids=str)
async def test_c84_so_much_is_kept(tmp_path: Path, bounds: dict[str, int]) -> None:
    """In memory, where what was not asked for longest gives way, and on disk."""
    world = World(tmp_path / "cache.db", **bounds, disk=False)
    for n in range(9):
        await world.kept(f"k{n}")
        await world.found("k0")
    alive = [n for n in range(9) if await world.found(f"k{n}")]
    told = kept((SAID[0], Text("Hello!"), END))
    one = Entry(at=1000.0, decision="d1", provider="other", model="minimax-m3", events=told)
    size = len(packed(one))
    most = min(bounds.get("max_entries", 9), bounds.get("max_bytes", 9999) // size)
    assert len(alive) <= most < 9
    assert not most or {0, 8} <= set(alive)
    world.rules = replace(world.rules, disk=True)
    for n in range(9):
        world.at += 1
        await world.kept(f"k{n}")
    world.again()
    alive = [n for n in range(9) if await world.found(f"k{n}")]
    assert len(alive) <= most
    assert not most or 8 in alive
    world.answers.close()


async def test_the_file_stays_small(tmp_path: Path) -> None:
    world = World(tmp_path / "cache.db", max_bytes=200_000)
    for n in range(100):
        await world.kept(f"k{n}", "x" * 20_000)
    world.answers.close()
    assert world.path.stat().st_size < 400_000


async def test_in_memory_only(tmp_path: Path) -> None:
    world = World(tmp_path / "cache.db", disk=False)
    await world.kept("k")
    assert await world.found("k") == "Hello!"
    world.again()
    assert await world.found("k") == ""
    assert not world.path.exists()
    world.answers.close()


def not_a_database(path: Path) -> None:
    path.write_bytes(b"This is a letter." * 1000)


def torn(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:-100] = b"\xff" * (len(data) - 200)
    path.write_bytes(data)


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
        db.commit()


@pytest.mark.parametrize("damage", [not_a_database, torn, newer])
async def test_a_damaged_file_is_moved_aside(world: World, damage: Any) -> None:
    """And a new one is made: no request ever sees it."""
    await world.kept("k")
    world.answers.close()
    damage(world.path)
    world.answers = world.opened()
    assert await world.found("k") == ""
    await world.kept("k")
    world.again()
    assert await world.found("k") == "Hello!"
    assert world.path.with_name("cache.db.damaged").exists()
    assert world.path.stat().st_mode & 0o777 == 0o600


async def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """Memory goes on, and `status` says so."""
    (tmp_path / "file").write_text("")
    world = World(tmp_path / "file" / "cache.db")
    await world.kept("k")
    assert await world.found("k") == "Hello!"
    assert await world.found("another") == ""
    assert "not kept on disk" in world.answers.warning
    world.answers.close()


async def test_a_locked_file_is_a_miss(world: World) -> None:
    await world.kept("k")
    world.again()
    with closing(sqlite3.connect(world.path)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert await world.found("k") in ("", "Hello!")  # readers of a WAL file pass a writer
        disk = Disk(world.path)
        disk.put("x", b"1", 0.0, most=9, most_bytes=99)
        assert "locked" in disk.warning
        disk.close()
    assert not world.path.with_name("cache.db.damaged").exists()


async def test_bytes_that_are_no_answer(world: World) -> None:
    endless = Entry(at=9e9, decision="", provider="", model="", events=(SAID[0],))
    for data in (b"{}", b"[]", b"x", packed(endless)):
        world.answers._memory.put("k", data, most=9, most_bytes=999)
        assert await world.found("k") == ""


async def test_c84_asked_twice_at_once(world: World) -> None:
    """The second waits for the first, and then looks again; whoever leads is one."""
    order: list[str] = []

    async def second() -> None:
        assert await world.answers.waited("k")
        order.append(await world.found("k") or "nothing")

    for text in ("", "Hello!"):
        async with world.answers.leading("k"):
            others = [asyncio.create_task(second()) for _ in range(2)]
            await asyncio.sleep(0)
            async with world.answers.leading("k"):
                pass  # not the leader: its end is nobody's news
            await asyncio.sleep(0)
            assert not any(task.done() for task in others)
            if text:
                await world.kept("k")
        await asyncio.gather(*others)
    assert order == ["nothing"] * 2 + ["Hello!"] * 2
    assert not await world.answers.waited("k")


async def test_a_leader_that_breaks_lets_the_others_go(world: World) -> None:
    waiting: asyncio.Task[bool] | None = None
    with pytest.raises(ZeroDivisionError):
        async with world.answers.leading("k"):
            waiting = asyncio.create_task(world.answers.waited("k"))
            await asyncio.sleep(0)
            raise ZeroDivisionError
    assert waiting and await waiting


CHECKS = {
    "anthropic": grammar.check_anthropic,
    "openai_chat": lambda data: grammar.check_chat(data, usage=False),
    "openai_responses": grammar_responses.check,
    "gemini": lambda data: None,
}


@pytest.mark.parametrize("dialect", ASKED)
def test_c84_replayed_in_a_valid_order(dialect: DialectName) -> None:
    """Streamed and whole, and what is read from it is what was said."""
    path = {"gemini": "/v1beta/models/gemini-4-pro:streamGenerateContent?alt=sse"}.get(dialect, "")
    of, whole = plan(dialect, stream=True, path=path), plan(dialect, stream=False)
    entry = Entry(at=0.0, decision="d", provider="p", model="m", events=MEANS)
    data = b"".join(written(of, entry, "served"))
    CHECKS[dialect](data)
    reader = of.dialect.stream_reader()
    streamed = [e for piece in (data, b"") for e in reader.feed(piece)]
    (body,) = written(whole, entry, "served")
    for events in (streamed, [*whole.dialect.read_answer(body)]):
        words = [e.text for e in events if isinstance(e, Text)]
        assert "".join(words) == "Hello!"
        assert events[-1] == END


class Broken:
    """Whatever is asked of it, it breaks."""

    def __getattr__(self, name: str) -> Any:
        raise ZeroDivisionError(name)


async def test_whatever_breaks_is_a_miss(world: World) -> None:
    broken: Any = Broken()
    assert world.answers.key(broken) == ""
    assert Semantic(Path("nowhere"), lambda: broken).asked(broken) is None
