"""The real road: `turnout serve` in its own process, simulated providers, real sockets and TLS."""

import asyncio
import io
import json
import os
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from turnout import history
from turnout.demo.pki import Pki
from turnout.demo.provider import SimProvider

__all__ = ["OpenRoad", "Pki", "Road", "Serve", "Served", "announced", "message", "plain_environ"]

HOME_KEY = "sk-ant-api03-the-clients-own"
OTHER_KEY = "sk-or-turnouts-own"


@dataclass
class Served:
    """A running `turnout serve`."""

    facts: dict[str, Any]
    process: asyncio.subprocess.Process
    data: Path
    session: aiohttp.ClientSession
    log: Path = field(default_factory=Path)

    @property
    def proxy(self) -> str:
        return str(self.facts["proxy"])

    @property
    def base(self) -> str:
        return str(self.facts["base"])

    def tls(self) -> ssl.SSLContext:
        """Trusts the proxy's CA and nobody else: what it accepts was opened by turnout."""
        return ssl.create_default_context(cafile=self.facts["ca"])

    async def api(self, method: str, path: str, **rest: Any) -> Any:
        headers = {"x-turnout-token": self.facts["token"]}
        async with self.session.request(
            method, self.base + path, headers=headers, **rest
        ) as answer:
            return await answer.json()

    async def rows(self, count: int = 1) -> list[dict[str, Any]]:
        """The newest rows of the log, oldest first, once there are `count` of them."""
        for _ in range(200):
            try:
                with history.read(self.data / "turnout.db") as log:
                    found = list(log.latest(count))
            except Exception:  # noqa: BLE001  not yet written
                found = []
            if len(found) >= count:
                return found[::-1]
            await asyncio.sleep(0.05)
        raise AssertionError(f"no {count} rows; the proxy said:\n{self.log.read_text()}")


type Serve = Callable[..., AbstractAsyncContextManager[Served]]


def plain_environ() -> dict[str, str]:
    """Ours without keys, proxies and CAs, and with the package on the path.

    A busy machine may take its time to embed: what a late vector does has tests of its own.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    root = Path(__file__).parents[2] / "addon"
    patience = {"TURNOUT_POLICY_DEADLINE_MS": "10000", "TURNOUT_PROXY_DRAIN_S": "0"}
    return {**kept, **patience, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}


async def announced(path: Path, process: asyncio.subprocess.Process, log: Path) -> dict[str, Any]:
    def ready() -> bool:
        if process.returncode is not None:
            raise AssertionError(f"serve ended with {process.returncode}:\n{log.read_text()}")
        return path.exists()

    await until(ready)
    return _facts(path)


def _facts(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


async def until(happened: Callable[[], object]) -> None:
    """Looks every few milliseconds."""
    while not happened():  # noqa: ASYNC110  another process makes it happen
        await asyncio.sleep(0.02)


@dataclass
class Road:
    """home: the client's own provider, over TLS at localhost. other: one of another dialect."""

    served: Served
    home: SimProvider
    other: SimProvider

    async def send(
        self,
        body: bytes,
        headers: Mapping[str, str] = {},
        path: str = "/v1/messages",
        *,
        raise_for: bool = False,
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """As an agent does: through the proxy, to its own provider, trusting the proxy's CA."""
        url = f"https://localhost:{self.home.port}{path}"
        sent = {"content-type": "application/json", "x-api-key": HOME_KEY, **headers}
        async with self.served.session.post(
            url, data=io.BytesIO(body), headers=sent, proxy=self.served.proxy, ssl=self.served.tls()
        ) as answer:
            return answer.status, await answer.read(), answer.headers


type OpenRoad = Callable[..., AbstractAsyncContextManager[Road]]


def message(text: str = "Say hello.", **rest: Any) -> bytes:
    """An Anthropic request with odd white space, an odd order and a field nobody knows."""
    body = {
        "max_tokens": 64,
        "messages": [{"role": "user", "content": text}],
        "model": "claude-opus-4-7",
        **rest,
    }
    return json.dumps(body, indent=1, ensure_ascii=False).encode()
