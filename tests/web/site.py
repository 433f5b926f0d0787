"""A relay with its API and dashboard in this process: real engine, real sockets, real log."""

import asyncio
import atexit
import re
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp

import decided
from turnout import config
from turnout.engine import Engine
from turnout.relay import Relay
from turnout.store import Store
from turnout.web.guard import TOKEN_HEADER


@dataclass
class Site:
    """`ask` as a program does, with the token."""

    engine: Engine
    relay: Relay
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.relay.port}"

    async def ask(self, method: str, path: str, **rest: Any) -> tuple[int, Any]:
        headers = {TOKEN_HEADER: self.relay.token} | dict(rest.pop("headers", {}))
        async with self.session.request(method, self.url + path, headers=headers, **rest) as got:
            return got.status, await got.json(content_type=None)

    def write(self, *rows: Mapping[str, Any]) -> None:
        for row in rows:
            self.engine.store.add(row)
        assert self.engine.store.flush()


@cache
def _blank() -> Path:
    """A log with its schema and no rows: making that takes longer than most tests."""
    folder = Path(tempfile.mkdtemp(prefix="turnout-blank-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Store.open(folder / "log.db").close()
    return folder / "log.db"


def made(folder: Path, artifacts: Path, env: Mapping[str, str]) -> Engine:
    chosen = config.Config(
        providers=config.load([], environ={}).providers,
        store=config.load([], values={"store.path": str(folder / "log.db")}, environ={}).store,
    )
    shutil.copy(_blank(), folder / "log.db")
    store = Store.open(folder / "log.db")
    return Engine(chosen, store=store, environ=env, artifacts=artifacts)


@asynccontextmanager
async def opened(folder: Path, artifacts: Path, env: Mapping[str, str]) -> AsyncIterator[Site]:
    engine = made(folder, artifacts, env)
    assert engine.store.flush()  # the file is there
    relay = Relay(engine)
    await relay.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Site(engine, relay, session)
    finally:
        await relay.close()
        engine.close()


@contextmanager
def beside(folder: Path, artifacts: Path, env: Mapping[str, str]) -> Iterator[Site]:
    """The same on a loop of its own, for clients that block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def call(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    context = opened(folder, artifacts, env)
    site = call(context.__aenter__())
    try:
        yield site
    finally:
        call(context.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def rows(count: int, **facts: Any) -> list[dict[str, Any]]:
    return [decided.numbered(n, **facts) for n in range(count)]


@asynccontextmanager
async def signed_in(site: Site) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser after the link: its cookie and nothing else."""
    jar = aiohttp.CookieJar(unsafe=True)  # 127.0.0.1 is no name
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(f"{site.url}/ui/?token={site.relay.token}") as got:
            assert got.status == 200
        yield browser


async def csrf(site: Site, browser: aiohttp.ClientSession) -> str:
    async with browser.get(f"{site.url}/ui/connect") as got:
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', await got.text())
    assert found
    return found[1]
