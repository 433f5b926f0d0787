"""Fixtures of the real road; what they give is in world.py."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from road import artifacts
from road.world import (
    OTHER_KEY,
    OpenRoad,
    Pki,
    Road,
    Serve,
    Served,
    announced,
    plain_environ,
)
from turnout.demo.provider import SimProvider


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki.make(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def serve(tmp_path: Path, pki: Pki) -> Serve:
    """`async with serve(toml, env={...}) as served:` runs the real command."""

    @asynccontextmanager
    async def start(
        toml: str, env: Mapping[str, str] = {}, args: Sequence[str] = ()
    ) -> AsyncIterator[Served]:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        own = tmp_path / "artifacts"
        env = {"TURNOUT_ARTIFACTS": str(own if own.exists() else artifacts.made(own)), **env}
        config = tmp_path / "turnout.toml"
        config.write_text(toml)
        log = tmp_path / "serve.log"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "turnout", "serve", "--port", "0", "--base-port", "0"),
                *("--config", str(config), *args),
                env={
                    **plain_environ(),
                    "TURNOUT_DATA": str(folder),
                    "SSL_CERT_FILE": str(pki.ca),
                    **env,
                },
                stdout=out,
                stderr=out,
                cwd=tmp_path,
            )
        try:
            facts = await announced(folder / "run.json", process, log)
            async with aiohttp.ClientSession() as session:
                yield Served(facts, process, folder, session, log)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                await process.wait()

    return start


@pytest.fixture
def road(serve: Serve, pki: Pki) -> OpenRoad:
    """`async with road(policy="...", env={...}) as road:` the whole of it."""

    @asynccontextmanager
    async def opened(
        policy: str = "",
        env: Mapping[str, str] = {},
        more: str = "",
        args: Sequence[str] = (),
        *,
        compress: bool = False,
    ) -> AsyncIterator[Road]:
        async with AsyncExitStack() as stack:
            home = await stack.enter_async_context(
                SimProvider(
                    "anthropic", ssl=pki.server, host="localhost", strict=False, compress=compress
                )
            )
            other = await stack.enter_async_context(SimProvider("openai_chat", strict=False))
            toml = f"""
{more}
[proxy]
intercept = ["localhost"]
[policy]
{policy}
[providers.anthropic]
base_url = "https://localhost:{home.port}/v1"
[providers.openrouter]
base_url = "{other.base_url}"
"""
            keys = {"OPENROUTER_API_KEY": OTHER_KEY}
            served = await stack.enter_async_context(serve(toml, {**keys, **env}, args))
            yield Road(served, home, other)

    return opened
