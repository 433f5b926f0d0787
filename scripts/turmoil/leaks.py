"""Tasks, files and connections that are there now, to compare with later."""

import asyncio
import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from turmoil.world import World

PATIENCE_S = 10.0  # a busy machine may take its time to end what was cancelled


@dataclass(frozen=True, slots=True)
class Held:
    tasks: Counter[str]
    files: int


def held() -> Held:
    tasks = (task for task in asyncio.all_tasks() if task is not asyncio.current_task())
    return Held(Counter(_name(task) for task in tasks), _files())


def _name(task: "asyncio.Task[object]") -> str:
    return getattr(task.get_coro(), "__qualname__", "?")


def _files() -> int:
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.exists() else 0  # noqa: PTH208  a count


async def settled(world: World) -> float:
    """Waits until nothing of the relay's is under way; seconds that took. Raises TimeoutError."""
    began = time.monotonic()
    while world.held or _busy():
        if time.monotonic() - began > PATIENCE_S:
            raise TimeoutError(f"still there: {world.held} connections in use, {_busy()}")
        await asyncio.sleep(0.005)
    return time.monotonic() - began


def _busy() -> list[str]:
    """What runs only while a request does."""
    names = ("Tries._try", "Vigil._watch")
    return [name for task in asyncio.all_tasks() if (name := _name(task)) in names]
