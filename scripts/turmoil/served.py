"""A real `turnout serve` in a process of its own, and agents that talk through it."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import aiohttp

from turnout.demo.sandbox import Sandbox, sandbox
from turnout.demo.speech import Turn
from turnout.demo.story import Story

TEXT = "The answer is forty-two, as it always was. " * 20
BIG = "x" * (48 << 20)  # more than the sockets between hold
END = b"event: message_stop"
URL = "https://api.anthropic.com/v1/messages"
FORCED = {"x-turnout-model": "openrouter/minimax-m3"}


class Lines:
    """In the place of a story: what the simulated models say."""

    def plays(self) -> dict[str, Sequence[Turn]]:
        return {"big": [Turn(text=BIG)], "": [Turn(text=TEXT)]}


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as a client saw it. Seconds; `end`: "whole", "cut", "error", "left", "lost"."""

    end: str
    first: float
    total: float


@dataclass(slots=True)
class Bench:
    """`box`: the running proxy and the providers behind it."""

    box: Sandbox
    session: aiohttp.ClientSession
    tls: ssl.SSLContext

    @property
    def pid(self) -> int:
        return self.box.running.pid

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def files(self) -> int:
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    async def ask(
        self, text: str = "Say it.", *, stream: bool = True, leave: bool = False, pause: float = 0.0
    ) -> Seen:
        """`leave`: after the first bytes. `pause`: seconds between two reads."""
        began = time.monotonic()
        first, came = 0.0, bytearray()
        try:
            async with self._post(text, stream) as answer:
                async for piece in answer.content.iter_chunked(1 << 16):
                    first = first or time.monotonic() - began
                    came += piece
                    if leave:
                        return Seen("left", first, time.monotonic() - began)
                    if pause:
                        await asyncio.sleep(pause)
            end = _end(answer.status, bytes(came), stream)
        except (aiohttp.ClientError, OSError):
            end = "lost"
        return Seen(end, first, time.monotonic() - began)

    def _post(self, text: str, stream: bool) -> "aiohttp.client._RequestContextManager":
        said = {"role": "user", "content": text}
        body = {"model": "claude-opus-4-8", "max_tokens": 64, "messages": [said], "stream": stream}
        headers = {"x-api-key": "sk-ant-simulated", "anthropic-version": "2023-06-01", **FORCED}
        return self.session.post(
            URL, data=json.dumps(body), headers={"content-type": "application/json", **headers},
            proxy=self.box.running.proxy, ssl=self.tls,
        )  # fmt: skip


def _end(status: int, body: bytes, stream: bool) -> str:
    if status != 200:
        return "error"
    if not stream:
        return "whole" if b"forty-two" in body else "cut"
    return "whole" if body.count(END) == 1 else "cut"


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    async with sandbox(cast(Story, Lines())) as box:
        tls = ssl.create_default_context(cafile=box.running.ca)
        pool = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=pool) as session:
            made = Bench(box, session, tls)
            await made.ask()  # the first one loads the encoder
            yield made
