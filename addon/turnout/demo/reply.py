"""An answer before it is sent: plain data that faults may bend, and the one loop that sends it."""

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from aiohttp import web

NEVER_LINGER = struct.pack("ii", 1, 0)  # closing sends RST


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent for this long, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends here: at once with RST, or with FIN after what was sent."""

    reset: bool = False


type Step = bytes | Pause | Cut


@dataclass(frozen=True, slots=True)
class Reply:
    """`streamed` bodies are chunked; others have a content-length, larger than the body by
    `extra_length`. `wait`: seconds before the headers. A Cut as the first step comes before them.
    `before`: bytes on the connection before the answer. `trailers`: some after the last chunk.
    """

    status: int
    headers: Mapping[str, str]
    body: tuple[Step, ...]
    streamed: bool = False
    wait: float = 0.0
    extra_length: int = 0
    before: bytes = b""
    trailers: bool = False

    @property
    def whole(self) -> bytes:
        return b"".join(step for step in self.body if isinstance(step, bytes))


@dataclass(slots=True)
class Sent:
    """How an exchange ended: "sent", "cut" by us, or "gone" when the client left."""

    end: Literal["open", "sent", "cut", "gone"] = "open"
    body: bytes = field(default=b"", repr=False)
    _over: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def finish(self, end: Literal["sent", "cut", "gone"]) -> None:
        self.end = end
        self._over.set()

    async def ended(self) -> str:
        """Waits for the end, and says which it was."""
        await self._over.wait()
        return self.end


def gzipped(reply: Reply) -> Reply:
    """The same answer with content-encoding gzip; a stream is flushed after every event."""
    headers = {**reply.headers, "content-encoding": "gzip"}
    if not reply.streamed:
        return replace(reply, headers=headers, body=(gzip.compress(reply.whole),))
    packer = zlib.compressobj(wbits=31)
    steps = tuple(
        packer.compress(step) + packer.flush(zlib.Z_SYNC_FLUSH) if isinstance(step, bytes) else step
        for step in reply.body
    )
    return replace(reply, headers=headers, body=(*steps, packer.flush()))


async def send(request: web.BaseRequest, reply: Reply, sent: Sent) -> web.StreamResponse:
    """Says `reply` on the connection of `request`, as it stands."""
    try:
        await asyncio.sleep(reply.wait)
        return await _send(request, reply, sent)
    except asyncio.CancelledError:
        sent.finish("gone")
        raise
    except ConnectionError:  # a client that leaves is no error of ours: aiohttp would print one
        sent.finish("gone")
        return web.Response()


async def _send(request: web.BaseRequest, reply: Reply, sent: Sent) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=dict(reply.headers))
    if reply.streamed:
        response.enable_chunked_encoding()
    else:
        response.content_length = len(reply.whole) + reply.extra_length
    if reply.before and request.transport:
        request.transport.write(reply.before)
    for step in reply.body:
        if isinstance(step, Cut):
            return _cut(request, step, sent, response)
        if not response.prepared:
            await response.prepare(request)
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        else:
            await response.write(step)
            sent.body += step
    if not response.prepared:
        await response.prepare(request)
    if reply.trailers and request.transport:
        request.transport.write(b"0\r\nx-checksum: 1\r\nserver-timing: x\r\n\r\n")
        return _cut(request, Cut(), sent, response)
    await response.write_eof()
    sent.finish("sent")
    return response


def _cut(
    request: web.BaseRequest, cut: Cut, sent: Sent, response: web.StreamResponse
) -> web.StreamResponse:
    sent.finish("cut")
    transport = request.transport
    if transport is None:
        return response
    if cut.reset:
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NEVER_LINGER)
        transport.abort()
    else:
        transport.close()
    return response
