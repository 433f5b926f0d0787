"""A real Chromium, over its DevTools protocol: pages as a person sees them."""

import asyncio
import base64
import json
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
# fmt: off
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-proxy-server", "--remote-debugging-port=0", "about:blank",
)
# fmt: on


def found() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """`seen`: every URL it asked for; `said`: what its console says."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._last = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self.seen: list[str] = []
        self.said: list[str] = []
        self.headers: list[Mapping[str, str]] = []

    async def listen(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if future := self._waiting.pop(told.get("id", 0), None):
                future.set_result(told)
            elif told.get("method") == "Page.loadEventFired":
                self._loaded.set()
            else:
                self._note(told.get("method", ""), told.get("params", {}))

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.seen.append(params["request"]["url"])
        elif method == "Log.entryAdded":
            self.said.append(params["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.said.append(str(params["exceptionDetails"]))

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        self._last += 1
        future = self._waiting[self._last] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._last, "method": method, "params": params})
        told = await future
        assert "error" not in told, told
        return dict(told["result"])

    async def open(self, url: str) -> None:
        """Until it is loaded, redirects and what a script submits at once included."""
        self._loaded.clear()
        await self.send("Page.navigate", url=url)
        await self._loaded.wait()

    async def until(self, expression: str) -> Any:
        """Looks until it is true of the page; its value."""
        while not (value := await self.run(expression)):  # noqa: ASYNC110  a browser makes it so
            await asyncio.sleep(0.02)
        return value

    async def run(self, expression: str) -> Any:
        with suppress(AssertionError):  # between two pages there is none to ask
            told = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
            return told["result"].get("value")

    async def look(self, width: int, *, dark: bool, height: int = 900, whole: bool = True) -> bytes:
        """PNG."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        told = await self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(told["data"])


@asynccontextmanager
async def tab(folder: Path) -> AsyncIterator[Tab]:
    """One page of a browser with a profile of its own below `folder`."""
    profile = folder / "chrome"
    process = await asyncio.create_subprocess_exec(
        str(found()),
        f"--user-data-dir={profile}",
        *FLAGS,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    try:
        port = await _port(profile / "DevToolsActivePort", process)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as got:
                pages = [one for one in await got.json() if one["type"] == "page"]
            async with session.ws_connect(
                pages[0]["webSocketDebuggerUrl"], max_msg_size=0
            ) as socket:
                made = Tab(socket)
                listening = asyncio.create_task(made.listen())
                for domain in ("Page", "Network", "Runtime", "Log"):
                    await made.send(f"{domain}.enable")
                yield made
                listening.cancel()
    finally:
        process.kill()
        await process.wait()


async def _port(path: Path, process: asyncio.subprocess.Process) -> int:
    while (port := _written(path)) is None:
        assert process.returncode is None, "the browser ended"
        await asyncio.sleep(0.02)
    return port


def _written(path: Path) -> int | None:
    lines = path.read_text().split("\n") if path.exists() else []
    return int(lines[0]) if len(lines) > 1 else None
