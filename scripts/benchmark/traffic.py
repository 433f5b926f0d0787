"""What clients send, and how long the answers take."""

import asyncio
import json
import random
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmark.world import Proxy

ASKED = "claude-opus-4-7"
SIBLING = "anthropic/claude-haiku-4-5"
FOREIGN = "openrouter/minimax-m3"
BODY_SIZE = 4096  # bytes
WARM_UP = 5  # requests of each variant that are not counted
HEADERS = {"content-type": "application/json", "x-api-key": "sk-ant-api03-bench"}
TEXT = "The parser fails on an empty file. Find out why, mend it, and add a test for it."
TOOL: dict[str, Any] = {
    "name": "Bash",
    "description": "Runs a command in a shell and returns what it prints.",
    "input_schema": {
        "type": "object",
        "properties": {"command": {"type": "string"}},
        "required": ["command"],
    },
}


@dataclass(frozen=True, slots=True)
class Variant:
    """A way from the client to the provider. `model`: what must serve it, "" for any."""

    name: str
    proxy: Proxy | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    model: str = ""


def variants(empty: Proxy, ours: Proxy) -> tuple[Variant, ...]:
    return (
        Variant("direct"),
        Variant("mitmdump", empty),
        Variant("untouched", ours, {"x-turnout-mode": "off"}),
        Variant("same dialect", ours, {"x-turnout-model": SIBLING}, SIBLING),
        Variant("cross dialect", ours, {"x-turnout-model": FOREIGN}, FOREIGN),
        Variant("as it chooses", ours),
    )


def request(text: str = TEXT, *, stream: bool = False, size: int = BODY_SIZE) -> bytes:
    """An agent's request of about `size` bytes, padded in its system text."""
    body: dict[str, Any] = {
        "model": ASKED,
        "max_tokens": 1024,
        "stream": stream,
        "system": "",
        "tools": [TOOL],
        "messages": [{"role": "user", "content": text}],
    }
    body["system"] = "You are a coding agent. " * ((size - len(json.dumps(body))) // 24)
    return json.dumps(body).encode()


def prompt(words: int, chance: random.Random) -> str:
    """A text that nobody sent before."""
    known = (TEXT + " " + TOOL["description"]).split()
    return " ".join([*chance.choices(known, k=words), str(chance.random())])


class Line:
    """The kept-alive connections of one variant. `opened` counts them."""

    def __init__(self, variant: Variant, url: str, direct: ssl.SSLContext, limit: int) -> None:
        self.variant, self._url, self.opened = variant, url, 0
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(self._count)
        proxy = variant.proxy
        self._tls = ssl.create_default_context(cafile=proxy.ca) if proxy else direct
        self._proxy = proxy.url if proxy else None
        self._headers = HEADERS | dict(variant.headers)
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=limit, force_close=limit == 0),
            trace_configs=[trace],
        )

    async def _count(self, *_: object) -> None:
        self.opened += 1

    async def send(self, body: bytes) -> tuple[float, float, str]:
        """-> (seconds to the first byte of the body, to the last, the decision's id)"""
        began = time.perf_counter()
        async with self.session.post(
            self._url, data=body, headers=self._headers, proxy=self._proxy, ssl=self._tls
        ) as answer:
            first = await answer.content.readany()
            at_first = time.perf_counter() - began
            rest = await answer.read()
            seconds = time.perf_counter() - began
            served = answer.headers.get("x-turnout-model", "")
            if answer.status != 200 or not first or self.variant.model not in ("", served):
                said = (first + rest)[:200]
                raise SystemExit(f"{self.variant.name}: {answer.status} {served} {said!r}")
            return at_first, seconds, answer.headers.get("x-turnout-decision", "")


@asynccontextmanager
async def lines(
    chosen: Sequence[Variant], url: str, direct: ssl.SSLContext, *, limit: int
) -> AsyncIterator[list[Line]]:
    """`limit`: connections of each; 0: a new one for every request."""
    made = [Line(variant, url, direct, limit) for variant in chosen]
    try:
        yield made
    finally:
        for line in made:
            await line.session.close()


async def interleaved(
    every: Sequence[Line], body: bytes, *, rounds: int, abreast: int, stream: bool
) -> dict[str, list[float]]:
    """variant -> milliseconds of each request; of streams, to the first byte.

    In each round every variant gets `abreast` requests at once, one variant after another, so that
    the machine's noise falls on all alike. The order turns from round to round.
    """
    took: dict[str, list[float]] = {line.variant.name: [] for line in every}
    for number in range(-WARM_UP, rounds):
        turn = number % len(every)
        for line in (*every[turn:], *every[:turn]):
            answers = await asyncio.gather(*(line.send(body) for _ in range(abreast)))
            if number >= 0:
                took[line.variant.name] += [(a[0] if stream else a[1]) * 1000 for a in answers]
    return took
