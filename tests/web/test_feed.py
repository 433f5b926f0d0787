"""Server-sent events: every decision to every listener, none to one that does not keep up."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest

import decided
from turnout.web.feed import MOST, Feed
from turnout.web.guard import TOKEN_HEADER
from web.site import Site


async def events(site: Site, count: int, began: asyncio.Event) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    headers = {TOKEN_HEADER: site.relay.token}
    async with site.session.get(f"{site.url}/v1/events", headers=headers) as got:
        assert got.content_type == "text/event-stream"
        async for line in got.content:
            began.set()
            if line.startswith(b"data: "):
                found.append(json.loads(line[6:]))
            if len(found) == count:
                return found
    return found


async def test_new_decisions(site: Site) -> None:
    began = asyncio.Event()
    listener = asyncio.create_task(events(site, 2, began))
    await began.wait()
    for listen in site.engine.books.listeners:
        listen(decided.numbered(1))
        listen(decided.numbered(2))
    first, second = await listener
    assert (first["id"], second["id"]) == ("id00000001", "id00000002")
    assert first["candidates"][0]["model"] == "claude-haiku-4-5"


async def test_a_slow_listener_is_cut_off() -> None:
    """It costs the others, and the road, nothing."""
    feed = Feed(waiting=3)
    seen: list[bytes] = []
    stuck, ready = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        with feed.listening():
            ready.set()
            await stuck.wait()

    async def fast() -> None:
        with feed.listening() as each:
            async for event in each:
                seen.append(event)  # noqa: PERF401  it is cut off in the middle

    tasks = [asyncio.create_task(slow()), asyncio.create_task(fast())]
    await ready.wait()
    for n in range(10):
        feed.publish(decided.numbered(n))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert tasks[0].cancelled()
    feed.close()
    with suppress(asyncio.CancelledError):
        await tasks[1]
    assert len([event for event in seen if event.startswith(b"event")]) == 10


async def test_a_socket_that_nobody_reads(site: Site) -> None:
    """The kernel takes some megabytes; then the listener is behind, and is cut off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.relay.port)
    head = (
        f"GET /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\n{TOKEN_HEADER}: {site.relay.token}\r\n\r\n"
    )
    writer.write(head.encode())
    await reader.readuntil(b": hello")
    row = decided.numbered(1) | {"error": "x" * 500_000}
    publish = site.engine.books.listeners[-1]
    for _ in range(600):
        publish(row)
        await asyncio.sleep(0)
    rest = await reader.read()  # ends: the server has closed it
    assert len(rest) < 600 * 500_000
    writer.close()


async def test_too_many_listeners(site: Site) -> None:
    stay = asyncio.Event()

    async def listen(feed: Feed) -> None:
        with feed.listening():
            await stay.wait()

    feed = site.engine.books.listeners[-1].__self__  # type: ignore[attr-defined]
    tasks = [asyncio.create_task(listen(feed)) for _ in range(MOST)]
    await asyncio.sleep(0)
    assert (await site.ask("GET", "/v1/events"))[0] == 503
    stay.set()
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("column", ["candidates", "evidence"])
async def test_no_listener_no_work(column: str) -> None:
    """Nothing is encoded while nobody listens: even a row that cannot be is no matter."""
    Feed().publish({"id": object(), column: object()})
