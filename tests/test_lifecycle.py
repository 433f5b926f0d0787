"""The end of a process and a configuration read again, without a process."""

import asyncio
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from turnout import lifecycle, reload
from turnout.config import Config
from turnout.config.settings import Policy, Proxy, StoreSettings
from turnout.reload import Reloaded, compare, merged


@dataclass
class World:
    """`busy`: how much is under way each time it is asked, the last one for ever."""

    busy: list[int]
    seconds: float = 600.0
    did: list[str] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def ending(self) -> lifecycle.Ending:
        return lifecycle.Ending(
            lambda: self.seconds, close=self.close, busy=self.how_busy, end=self.end
        )

    def how_busy(self) -> int:
        return self.busy.pop(0) if len(self.busy) > 1 else self.busy[0]

    def close(self) -> None:
        self.did.append("close")

    def end(self) -> None:
        self.did.append("end")
        self.ended.set()


async def test_it_waits_for_what_runs() -> None:
    world = World([3, 2, 1, 0])
    world.ending().asked()
    await world.ended.wait()
    assert (world.did, world.busy) == (["close", "end"], [0])


async def test_patience_is_bounded() -> None:
    world = World([1], seconds=0.05)
    world.ending().asked()
    await world.ended.wait()
    assert world.did == ["close", "end"]


async def test_whatever_breaks_it_ends() -> None:
    world = World([1])
    ending = lifecycle.Ending(
        lambda: 600.0, close=world.busy.clear, busy=world.how_busy, end=world.end
    )
    ending.asked()
    await world.ended.wait()


def flow(id: str, ended: float | None = None) -> Any:
    class Flow(SimpleNamespace):
        pass

    return Flow(id=id, client_conn=SimpleNamespace(timestamp_end=ended))


def test_what_runs() -> None:
    """A client that left, and a flow that nobody has any more, are not waited for."""
    running: lifecycle.Running[Any] = lifecycle.Running()
    here, gone, forgotten = flow("here"), flow("gone", 1.0), flow("forgotten")
    for one in (here, gone, forgotten):
        running.began(one)
    del one, forgotten
    assert [found.id for found in running.left()] == ["here"]
    running.ended(here)
    running.ended(here)
    assert running.busy([]) == 0


def test_bytes_on_the_way_count() -> None:
    """A slow client has not yet what the answer already said."""
    client = object()
    transport = SimpleNamespace(get_write_buffer_size=lambda: 7)
    writer = SimpleNamespace(transport=transport)
    handler = SimpleNamespace(client=client, transports={client: SimpleNamespace(writer=writer)})
    idle = SimpleNamespace(client=client, transports={})
    running: lifecycle.Running[Any] = lifecycle.Running()
    assert running.busy([idle, handler]) == 1


OLD = Config(policy=Policy(force="a/b"), proxy=Proxy(listen="127.0.0.1:1"))
# new -> what is told
TOLD: dict[str, tuple[Config, Reloaded]] = {
    "nothing": (OLD, Reloaded()),
    "another file that says the same": (replace(OLD, files=("x.toml",)), Reloaded()),
    "a policy": (replace(OLD, policy=Policy(force="a/c")), Reloaded(("policy.force",))),
    "a port": (
        replace(OLD, proxy=Proxy(listen="127.0.0.1:2")),
        Reloaded((), ("proxy.listen",)),
    ),
    "both": (
        replace(OLD, mode="off", store=StoreSettings(path="x")),
        Reloaded(("mode",), ("store.path",)),
    ),
}


@pytest.mark.parametrize(("new", "told"), TOLD.values(), ids=TOLD)
def test_what_has_changed(new: Config, told: Reloaded) -> None:
    assert compare(OLD, new) == told
    taken = merged(OLD, new)
    assert (taken.policy, taken.mode) == (new.policy, new.mode)
    assert (taken.proxy.listen, taken.store) == (OLD.proxy.listen, OLD.store)


def test_every_live_setting_exists() -> None:
    for name in reload.LIVE:
        place: Any = Config()
        for part in name.split("."):
            place = getattr(place, part)
