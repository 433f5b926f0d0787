"""A world of its own for the demo: two simulated providers, a real turnout, a folder that goes.

    agent ──https──▶ turnout serve (a child process) ──▶ simulated anthropic
                                                     └─▶ simulated openrouter

Nothing of the user's configuration, keys, proxies or log is read or written.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from turnout import control
from turnout.control import Running
from turnout.demo.provider import Latency, SimProvider
from turnout.demo.story import Story
from turnout.errors import TurnoutError

START_S = 30.0  # a cold disk takes seconds to load the encoder
STOP_S = 5.0
# the variables of a provider, with a key that opens nothing
KEYS = {"ANTHROPIC_API_KEY": "sk-ant-simulated", "OPENROUTER_API_KEY": "sk-or-simulated"}
# onnxruntime's wheels keep an id in the user's cache and report home unless told (its Privacy.md)
QUIET = {"ORT_DISABLE_TELEMETRY": "1"}
# what a child needs from its surroundings; keys and proxies are not among it
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "SYSTEMROOT", "TURNOUT_ARTIFACTS")
# glob of model -> a tenth of what its kind takes; the first match holds
LATENCY = {
    "claude-opus*": Latency(0.20, 0.002),
    "*haiku*": Latency(0.06, 0.0005),
    "*mini*": Latency(0.06, 0.0005),
    "*": Latency(0.10, 0.001),
}
CONFIG = """\
[proxy.upstream]
"api.anthropic.com" = "{anthropic}"
"openrouter.ai" = "{openrouter}"
[providers.anthropic]
base_url = "{anthropic}/v1"
[providers.openrouter]
base_url = "{openrouter}/api/v1"
"""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`data`: the child's TURNOUT_DATA."""

    running: Running
    anthropic: SimProvider
    openrouter: SimProvider
    data: Path


@asynccontextmanager
async def sandbox(story: Story, *, keep: bool = False) -> AsyncIterator[Sandbox]:
    """Raises TurnoutError when turnout does not start. `keep`: the folder stays."""
    plays = story.plays()
    async with AsyncExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="turnout-demo-"))
        if not keep:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        anthropic = SimProvider("anthropic", plays=plays, latency=LATENCY)
        openrouter = SimProvider("openai_chat", plays=plays, latency=LATENCY)
        await stack.enter_async_context(anthropic)
        await stack.enter_async_context(openrouter)
        config = folder / "turnout.toml"
        config.write_text(CONFIG.format(anthropic=anthropic.url, openrouter=openrouter.url))
        log = folder / "serve.log"
        running = await stack.enter_async_context(_serve(config, folder, log))
        try:
            yield Sandbox(running, anthropic, openrouter, folder)
        except aiohttp.ClientError as e:
            raise TurnoutError(f"turnout serve broke off: {_last_words(log)}") from e


@asynccontextmanager
async def _serve(config: Path, folder: Path, log: Path) -> AsyncIterator[Running]:
    """`turnout serve` on free ports until the block ends, however it ends."""
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "turnout", "serve", "--port", "0", "--base-port", "0", "--config", str(config)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env=_environ(folder),
            cwd=folder,
            start_new_session=True,  # Ctrl-C is ours; the child is stopped below
        )
    try:
        yield await _announced(process, folder / "run.json", log)
    finally:
        await _stop(process)


async def _announced(process: asyncio.subprocess.Process, path: Path, log: Path) -> Running:
    ended = asyncio.create_task(process.wait())
    said = asyncio.create_task(asyncio.to_thread(control.await_file, path, START_S, ended.done))
    try:
        running = await said
    finally:
        ended.cancel()
    if running is None:
        raise TurnoutError(f"turnout serve did not start: {_last_words(log)}")
    return running


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    return lines[-1].removeprefix("turnout: ")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _environ(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    home = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    ours = {"TURNOUT_DATA": str(folder), "TURNOUT_PROXY_DRAIN_S": "0", "PYTHONPATH": path}
    return {**kept, **KEYS, **QUIET, **ours}
