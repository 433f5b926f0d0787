"""POSTs over HTTP/2 through a proxy, with the h2 library that comes with mitmproxy."""

import ssl
from collections.abc import Mapping

import h2.config
import h2.connection
import h2.events

from road.tunnel import connected


async def post(
    proxy: str,
    authority: str,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    context: ssl.SSLContext,
    *,
    streams: int = 1,
) -> tuple[int, bytes]:
    """The same in so many streams of one connection. -> (status, body) of the first that ends"""
    host, _, port = authority.rpartition(":")
    context.set_alpn_protocols(["h2"])
    reader, writer = await connected(proxy, host, int(port), context)
    wire = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    wire.initiate_connection()
    head = {
        ":method": "POST",
        ":scheme": "https",
        ":authority": authority,
        ":path": path,
        **headers,
    }
    for _ in range(streams):
        stream = wire.get_next_available_stream_id()
        wire.send_headers(stream, list(head.items()))
        wire.send_data(stream, body, end_stream=True)
    status, answer = 0, b""
    try:
        while True:
            writer.write(wire.data_to_send())
            data = await reader.read(65_536)
            assert data, "the proxy closed the connection"
            for event in wire.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    status = int(dict(event.headers)[":status"])
                elif isinstance(event, h2.events.DataReceived):
                    answer += event.data
                    wire.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    return status, answer
    finally:
        writer.close()
