"""What a client's connection looks like: tunnels, HTTP/2, pooled upstreams, base URLs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

import aiohttp
import pytest
from aiohttp import web

from road.h2client import post as h2post
from road.tunnel import connected, peer_issuer
from road.world import HOME_KEY, OpenRoad, Pki, Road, message, until
from turnout.demo.provider import Fault, SimProvider

TO_SIBLING = 'force = "anthropic/claude-haiku-4-5"'
CLIENTS = 40


async def test_a_foreign_host_is_tunnelled_unread(road: OpenRoad, pki: Pki) -> None:
    """Invariant 6: the client sees the host's own certificate, the host the client's own TLS."""
    async with SimProvider("anthropic", ssl=pki.server, host="127.0.0.1") as foreign, road() as way:
        assert await peer_issuer(way.served.proxy, "127.0.0.1", foreign.port) == "turnout test CA"
        assert await peer_issuer(way.served.proxy, "localhost", way.home.port) == "mitmproxy"


async def test_upstream_connections_are_shared(road: OpenRoad) -> None:
    """40 short-lived clients one after another do not make 40 handshakes."""
    async with road(TO_SIBLING) as way:
        for _ in range(CLIENTS):
            connector = aiohttp.TCPConnector(force_close=True)
            async with aiohttp.ClientSession(connector=connector) as session:
                way.served.session, kept = session, way.served.session
                status, _, _ = await way.send(message())
                way.served.session = kept
            assert status == 200
        assert len(way.home.completions()) == CLIENTS
        assert way.home.handshakes < 5


async def test_parallel_requests(road: OpenRoad) -> None:
    async with road('force = "openrouter/minimax-m3"') as way:
        answers = await asyncio.gather(
            *(way.send(message(f"number {n}", stream=True)) for n in range(30))
        )
        assert {status for status, _, _ in answers} == {200}
        assert all(b"event: message_stop" in answer for _, answer, _ in answers)
        assert len({headers["x-turnout-decision"] for _, _, headers in answers}) == 30


async def test_a_local_page_is_served(road: OpenRoad) -> None:
    async with road('force = "openrouter/minimax-m3"') as way:
        url = f"{way.served.base}/v1/messages"
        page = {"origin": "http://localhost:3000", "x-api-key": HOME_KEY}
        async with way.served.session.post(url, data=message(), headers=page) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("policy", [TO_SIBLING, "", 'profile = "strict"'])
async def test_a_connection_ends_when_the_client_asked_for_it(road: OpenRoad, policy: str) -> None:
    """Some clients read until the connection ends: routed or not, it has to."""
    async with road(policy) as way:
        reader, writer = await connected(
            way.served.proxy, "localhost", way.home.port, way.served.tls()
        )
        head = f"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nx-api-key: {HOME_KEY}\r\n"
        writer.write(
            f"{head}Connection: close\r\ncontent-length: {len(message())}\r\n\r\n".encode()
        )
        writer.write(message())
        answer = await asyncio.wait_for(reader.read(), 30)
        assert answer.startswith(b"HTTP/1.1 200")
        writer.close()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_base_url_clients(road: OpenRoad, stream: bool) -> None:
    """Clients that ignore HTTPS_PROXY talk to the base port as if it were their provider."""
    async with road('force = "openrouter/minimax-m3"') as way:
        url = f"{way.served.base}/v1/messages"
        async with way.served.session.post(
            url, data=message(stream=stream), headers={"x-api-key": HOME_KEY}
        ) as answer:
            assert answer.status == 200
            assert answer.headers["x-turnout-model"] == "openrouter/minimax-m3"
            assert await answer.read()


async def test_base_url_side_calls_go_home(road: OpenRoad) -> None:
    async with road() as way:
        url = f"{way.served.base}/v1/messages/count_tokens"
        async with way.served.session.post(
            url, data=message(), headers={"x-api-key": HOME_KEY}
        ) as answer:
            assert "input_tokens" in await answer.json()
        assert [seen.path for seen in way.home.seen] == ["/v1/messages/count_tokens"]


async def test_the_api_needs_its_token_and_a_local_host(road: OpenRoad) -> None:
    async with road() as way:
        session, base = way.served.session, way.served.base
        token = {"x-turnout-token": way.served.facts["token"]}
        # fmt: off
        cases = [
            ("/healthz",    {},                                   200),
            ("/healthz",    {"host": "evil.example"},             403),
            ("/v1/status",  {},                                   401),
            ("/v1/status",  {"x-turnout-token": "wrong"},         401),
            ("/v1/status",  token | {"host": "evil.example"},     403),
            ("/v1/status",  token,                                200),
            ("/dispatch",   token,                                405),
            ("/nothing",    token,                                404),
        ]
        # fmt: on
        for path, headers, expected in cases:
            async with session.get(base + path, headers=headers) as answer:
                assert answer.status == expected, (path, headers)
        async with session.post(base + "/dispatch", headers={"x-turnout-plan": "guess"}) as answer:
            assert answer.status == 404


async def test_a_page_in_a_browser_spends_nothing(road: OpenRoad) -> None:
    """A cross-site form can post to the base port, but cannot send a key or a local Host."""
    async with road('force = "openrouter/minimax-m3"') as way:
        url = f"{way.served.base}/v1/messages"
        async with way.served.session.post(url, data=message()) as answer:
            assert answer.status == 401
        for foreign in (
            {"host": "evil.example", "x-api-key": HOME_KEY},  # rebound
            {"origin": "https://evil.example"},  # a form whose action ends in ?key=x
            {"origin": "http://evil.example:8788"},
            {"origin": "null"},  # a frame in a sandbox
        ):
            async with way.served.session.post(
                f"{url}?key=x", data=message(), headers=foreign
            ) as answer:
                assert answer.status == 403, foreign
        assert way.other.seen == []
        (row,) = await way.served.rows()
        assert row["reason"] == "no_credential"


async def test_websockets_pass_through(road: OpenRoad) -> None:
    """c94: Realtime and the like; what is not Responses is not refused."""
    async with echo() as (port, heard), road(more="") as way:
        url = f"http://127.0.0.1:{port}/v1/realtime"
        async with way.served.session.ws_connect(url, proxy=way.served.proxy) as line:
            await line.send_str("hello")
            assert (await line.receive()).data == "hello"
        assert heard == ["hello"]


@asynccontextmanager
async def echo() -> AsyncIterator[tuple[int, list[str]]]:
    """A WebSocket server that says everything twice."""
    heard: list[str] = []

    async def handle(request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        async for said in line:
            heard.append(said.data)
            await line.send_str(said.data)
        return line

    app = web.Application()
    app.router.add_get("/v1/realtime", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1], heard
    finally:
        await runner.cleanup()


async def test_the_api_through_the_proxy(road: OpenRoad) -> None:
    async with road() as way:
        for scheme in ("http", "https"):
            async with way.served.session.get(
                f"{scheme}://turnout.internal/healthz", proxy=way.served.proxy, ssl=way.served.tls()
            ) as answer:
                assert (await answer.json())["status"] == "ok"


async def test_http2_clients(road: OpenRoad) -> None:
    """codex posts over HTTP/2 (clients.md 1)."""
    async with road('force = "openrouter/minimax-m3"') as way:
        status, answer = await h2post(
            way.served.proxy,
            f"localhost:{way.home.port}",
            "/v1/messages",
            message(stream=True),
            {"x-api-key": HOME_KEY},
            way.served.tls(),
        )
        assert status == 200
        assert b"event: message_stop" in answer


async def test_more_http2_streams_than_mitmproxy_would_let_through(road: OpenRoad) -> None:
    """It opens 5 connections to one address for a client, and the relay is one address."""
    async with road(TO_SIBLING) as way:
        way.home.faults.append(Fault("slow_headers", seconds=10, count=inf))
        place = (way.served.proxy, f"localhost:{way.home.port}", "/v1/messages", message())
        rest = ({"x-api-key": HOME_KEY}, way.served.tls())
        client = asyncio.create_task(h2post(*place, *rest, streams=8))
        await until(lambda: len(way.home.completions()) == 8 or client.done())
        assert not client.done(), "one was answered before all had been sent"
        client.cancel()
        await asyncio.gather(client, return_exceptions=True)


UPGRADE = {
    "upgrade": "websocket",
    "connection": "upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


async def upgraded(way: Road) -> int:
    """The status that codex gets to hear when it asks for a WebSocket."""
    url = f"https://localhost:{way.home.port}/v1/responses"
    async with way.served.session.get(
        url, headers=UPGRADE, proxy=way.served.proxy, ssl=way.served.tls()
    ) as answer:
        return answer.status


async def test_c94_codex_websocket_is_refused_while_requests_are_routed(road: OpenRoad) -> None:
    """426 at once, and nothing reaches its home; in shadow it is home that answers."""
    async with road() as way:
        assert await upgraded(way) == 426
        assert way.home.seen == []
        await way.served.api("POST", "/v1/mode", json={"mode": "shadow"})
        assert await upgraded(way) != 426
        assert [seen.path for seen in way.home.seen] == ["/v1/responses"]


async def test_c95_side_calls_are_streamed(road: OpenRoad, pki: Pki) -> None:
    """Telemetry of a client: its home reads the beginning before the client has sent the end."""
    began = asyncio.Event()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"first")
        began.set()
        await reader.readuntil(b"last")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def events() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.wait([asyncio.create_task(began.wait())], timeout=10)
        assert began.is_set(), "the proxy holds the beginning back"
        yield b"last"

    server = await asyncio.start_server(hear, "localhost", 0, ssl=pki.server)
    port = server.sockets[0].getsockname()[1]
    async with server, road() as way:
        url = f"https://localhost:{port}/api/event_logging/v2/batch"
        async with way.served.session.post(
            url, data=events(), proxy=way.served.proxy, ssl=way.served.tls()
        ) as answer:
            assert answer.status == 200
