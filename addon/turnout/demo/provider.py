"""A provider on loopback: behaves like the real ones, remembers everything, fails on demand.

    async with SimProvider("anthropic") as sim:             # port 0: any free one
        sim.faults.append(Fault("status", status=529))       # see faults.py for the kinds
        ... POST f"{sim.base_url}/messages" ...             # base_url ends in /v1
        assert sim.seen[0].body == sent                      # see seen.py: raw path, headers, body
        assert sim.connections == 1

    SimProvider(
        dialect,                 "anthropic", "openai_chat", "openai_responses" or "gemini"
        models=(),               the ids it knows (404 for others); empty: any
        plays={},                speech.Plays; else a call of the first tool, then a text
        latency={},              glob of model -> Latency(first, token), seconds; first match
        keys=(),                 the keys it takes; empty: any, but one there must be
        strict=True,             refuses what the real one does (400), say unsigned thinking
        binds="",                a secret: opaque reasoning is bound to it and to the model
        compress=False,          gzip to clients that accept it
        ssl=None,                an ssl.SSLContext: serve https
        host="127.0.0.1", port=0, its name in URLs (say, "localhost"), its port
        clock=time.monotonic,    for the prefix cache's TTL
    )
    .url                         http://127.0.0.1:PORT
    .base_url                    the same with /v1 (paths below /api/v1 are served, too)
    .seen: list[Seen]            every request, completions or not;  .completions(): those only
    .faults: list[Fault]         the first one that matches is used
    .connections, .handshakes    TCP connections accepted, TLS handshakes finished
    .open                        connections that are open now
    async with sim.refusing():   nobody listens meanwhile: connection refused

In a thread: `with serving(sim, other): ...`.
"""

import asyncio
import ssl as tls
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from turnout.demo.answering import Desk, Dialect, Latency
from turnout.demo.faults import Case, Fault, spoil
from turnout.demo.reply import Reply, gzipped, send
from turnout.demo.seen import Seen
from turnout.demo.speech import Plays

__all__ = ["Fault", "Latency", "SimProvider", "serving"]

HTTP: dict[str, Any] = {  # generous: a proxy under test must not be saved by our limits
    "auto_decompress": False,
    "access_log": None,
    "max_line_size": 1 << 20,
    "max_field_size": 1 << 20,
    "max_headers": 1000,
}


LOOPBACK = "127.0.0.1"  # "localhost" may be two addresses, with two ports


class _Counting(web.Server):
    """aiohttp's server with numbered connections. Under TLS they exist after the handshake."""

    def __init__(self, handler: Callable[[web.BaseRequest], Any]) -> None:
        super().__init__(handler, handler_cancellation=True, **HTTP)
        self.numbers: dict[RequestHandler, int] = {}
        self.count = 0

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self.count += 1
        self.numbers[handler] = self.count

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        self.numbers.pop(handler, None)


class SimProvider:
    """See the module's docstring."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        models: Sequence[str] = (),
        plays: Plays | None = None,
        latency: Mapping[str, Latency] | None = None,
        keys: Collection[str] = (),
        strict: bool = True,
        binds: str = "",
        compress: bool = False,
        ssl: tls.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seen: list[Seen] = []
        self.faults: list[Fault] = []
        self.host, self.port = host, port
        self._compress, self._ssl, self._clock = compress, ssl, clock
        self._desk = Desk(
            dialect=dialect,
            models=models,
            plays=plays or {},
            latency=latency or {},
            keys=keys,
            strict=strict,
            binds=binds,
            clock=clock,
        )
        self._server: _Counting  # needs the running loop
        self._listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self._ssl else 'http'}://{self.host}:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1{'beta' if self._desk.dialect == 'gemini' else ''}"

    @property
    def connections(self) -> int:
        return self._server.count

    @property
    def handshakes(self) -> int:
        return self.connections if self._ssl else 0

    @property
    def open(self) -> int:
        return len(self._server.numbers)

    def completions(self) -> list[Seen]:
        return [seen for seen in self.seen if self._desk.completes(seen)]

    async def __aenter__(self) -> Self:
        self._server = _Counting(self._handle)
        await self._listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._unlisten()
        await self._server.shutdown(0.1)

    @asynccontextmanager
    async def refusing(self) -> AsyncIterator[None]:
        """Nobody listens, and what was connected is closed."""
        self._unlisten()
        for connection in list(self._server.numbers):
            connection.force_close()
        try:
            yield
        finally:
            await self._listen()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            self._server, LOOPBACK, self.port, ssl=self._ssl, reuse_address=True
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    def _unlisten(self) -> None:
        if self._listener:
            self._listener.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        seen = await self._note(request)
        reply, whole = self._desk.reply(seen)
        model = seen.model
        for fault in self.faults:
            if fault.takes(model, seen.path):
                reply = spoil(Case(reply, whole, fault, self._desk.wire.shapes))
                break
        return await send(request, self._packed(seen, reply), seen.sent)

    def _packed(self, seen: Seen, reply: Reply) -> Reply:
        wanted = self._compress and "gzip" in (seen.header("accept-encoding") or "")
        return gzipped(reply) if wanted else reply

    async def _note(self, request: web.BaseRequest) -> Seen:
        seen = Seen(
            method=request.method,
            path=request.raw_path,
            headers=tuple(request.raw_headers),
            body=await request.content.read(),
            tls=request.secure,
            connection=self._server.numbers[request.protocol],
            at=self._clock(),
        )
        self.seen.append(seen)
        return seen


@contextmanager
def serving(*sims: SimProvider) -> Iterator[None]:
    """The simulators in a thread with a loop of their own, for callers that have none."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def main() -> None:
        for sim in sims:
            await sim.__aenter__()
        ready.set()
        await stop.wait()
        for sim in sims:
            await sim.__aexit__(None, None, None)

    thread = threading.Thread(target=loop.run_until_complete, args=[main()], daemon=True)
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
