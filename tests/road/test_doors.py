"""Who comes in, and where nobody gets: the proxy, the base-URL port, the API, the relay."""

import asyncio
import base64
import json
import resource
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from road.world import HOME_KEY, OpenRoad, Road, message, plain_environ
from turnout import control
from turnout.guard import authority, passwords

SECRET = "open-sesame"
TEAM = f"""
[tenants.team]
secret = "{passwords.hashed(SECRET)}"
[tenants.plain]
answers = false
"""
ALWAYS = "auth = 'always'\n"
FORCED = 'force = "openrouter/minimax-m3"'


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


async def through(
    way: Road, url: str, headers: Mapping[str, str] = {}, *, method: str = "GET"
) -> tuple[int, bytes]:
    """In absolute form, as a client of a proxy asks."""
    async with way.served.session.request(
        method, url, headers=headers, proxy=way.served.proxy
    ) as answer:
        return answer.status, await answer.read()


async def raw(address: str, text: str) -> int:
    """A request by hand; 0 when the connection just ends."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(text.replace("\n", "\r\n").encode())
    line = await reader.readline()
    writer.close()
    return int(line.split()[1]) if line else 0


async def inside(address: str, connect: str, text: str) -> int:
    """What a request in a tunnel gets; 0 when the tunnel ends. mitmproxy says 200 to all CONNECTs
    and looks at the other end when there is something for it."""
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(connect.replace("\n", "\r\n").encode())
    assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
    writer.write(text.replace("\n", "\r\n").encode())
    try:
        line = await reader.readline()
    except ConnectionError:
        line = b""
    writer.close()
    return int(line.split()[1]) if line else 0


def own_address() -> str:
    """Of this machine, not loopback; "" when it has none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        found = str(probe.getsockname()[0])
    return "" if found.startswith("127.") else found


# -- the API, however it is reached


async def needs_the_token(way: Road) -> None:
    facts, token = way.served.facts, {"x-turnout-token": way.served.facts["token"]}
    for path in ("/v1/status", "/v1/pins", "/v1/decisions/x", "/v1/alarms"):
        assert (await through(way, f"http://turnout.internal{path}"))[0] == 401
        async with way.served.session.get(facts["base"] + path) as answer:
            assert answer.status == 401
    status, _ = await through(way, "http://turnout.internal/v1/mode", method="POST")
    assert status == 401
    assert (await through(way, "http://turnout.internal/v1/status", token))[0] == 200
    for spoiled in ("", "x", token["x-turnout-token"][:-1]):
        wrong = {"x-turnout-token": spoiled}
        assert (await through(way, "http://turnout.internal/v1/status", wrong))[0] == 401


async def refuses_other_pages(way: Road) -> None:
    """DNS rebinding (Host), CSRF (Origin), on the base port and through the proxy."""
    token = way.served.facts["token"]
    for host, origin in (
        ("evil.example", ""),
        ("127.0.0.1.evil.example", ""),
        ("localhost", "https://evil.example"),
        ("localhost", "null"),
    ):
        page = f"Origin: {origin}\n" if origin else ""
        head = f"Host: {host}\n{page}"
        get = f"GET /v1/status HTTP/1.1\n{head}x-turnout-token: {token}\n\n"
        assert await raw(way.served.base, get) == 403
        post = f"POST /v1/messages HTTP/1.1\n{head}x-api-key: k\nContent-Length: 0\n\n"
        assert await raw(way.served.base, post) == 403
    evil = {"origin": "https://evil.example", "x-turnout-token": token}
    assert (await through(way, "http://turnout.internal/v1/status", evil))[0] == 403


async def is_no_way_around(way: Road) -> None:
    """Through the proxy to the base port, the proxy itself, and the relay's port."""
    for port in (way.served.base, way.served.proxy):
        assert (await through(way, f"{port}/v1/status"))[0] in (401, 403, 502)
        host = urlsplit(port).netloc
        connect = f"CONNECT {host} HTTP/1.1\nHost: {host}\n\n"
        get = f"GET /v1/status HTTP/1.1\nHost: {host}\n\n"
        assert await inside(way.served.proxy, connect, get) in (0, 401, 403, 502)
    assert await raw(way.served.proxy, "GET /v1/status HTTP/1.1\nHost: localhost\n\n") >= 400
    status, _ = await through(way, "http://turnout.internal/dispatch", method="POST")
    assert status == 404
    relay, token = str(way.served.facts["api"]), way.served.facts["token"]
    assert (await through(way, f"{relay}/v1/status"))[0] == 401
    assert (await through(way, f"{relay}/dispatch", method="POST"))[0] == 404
    evil = f"GET /v1/status HTTP/1.1\nHost: evil.example\nx-turnout-token: {token}\n\n"
    assert await raw(relay, evil) == 403
    forged = {"x-turnout-plan": "guess", "x-turnout-token": way.served.facts["token"]}
    status, _ = await through(way, "http://turnout.internal/dispatch", forged, method="POST")
    assert status == 404


async def test_the_doors_of_this_machine(road: OpenRoad) -> None:
    """One proxy for all of it: each start takes a second."""
    async with road() as way:
        await needs_the_token(way)
        await refuses_other_pages(way)
        await is_no_way_around(way)
        await asks_nobody(way)


# -- tenants


async def test_with_auth_nobody_passes_without_a_secret(road: OpenRoad) -> None:
    """The proxy, a tunnel that is not opened, the base port."""
    async with road(FORCED, more=TEAM, env={"TURNOUT_PROXY_AUTH": "always"}) as way:
        tunnel = f"CONNECT localhost:{way.home.port} HTTP/1.1\nHost: x\n"
        assert await raw(way.served.proxy, f"{tunnel}\n") == 407
        for who in (
            basic("team", "wrong"),
            basic("who", SECRET),
            basic("plain", ""),
            "Bearer x",
            "x",
        ):
            assert await raw(way.served.proxy, f"{tunnel}Proxy-Authorization: {who}\n\n") == 407
        good = basic("team", SECRET)
        assert await raw(way.served.proxy, f"{tunnel}Proxy-Authorization: {good}\n\n") == 200
        url = f"{way.served.base}/v1/messages"
        for header, status in (
            ("", 401),
            ("team:wrong", 401),
            ("team", 401),
            (f"team:{SECRET}", 200),
        ):
            sent = {"x-api-key": HOME_KEY, "x-turnout-tenant": header}
            async with way.served.session.post(url, data=message(), headers=sent) as answer:
                assert answer.status == status, header
        (row,) = await way.served.rows()
        assert row["tenant"] == "team"
        running = control.read(way.served.data / "run.json")
        assert running and (await asyncio.to_thread(running.status))["mode"] == "route"


async def answered_apart(way: Road) -> None:
    """A tenant is answered from its own past, another not at all, and nobody from theirs."""
    asked = message("Say it again.", temperature=0)
    hits = []
    for who in ("", "", f"team:{SECRET}", f"team:{SECRET}", "plain", "plain"):
        _, _, told = await way.send(asked, {"x-turnout-tenant": who} if who else {})
        hits.append(told.get("x-turnout-cache", ""))
    assert hits == ["", "hit", "", "hit", "", ""]


async def test_a_user_of_the_proxy_is_the_tenant_of_all_in_the_tunnel(road: OpenRoad) -> None:
    async with road(FORCED, more=TEAM, env={"TURNOUT_CACHE_EXACT": "true"}) as way:
        proxy = way.served.proxy.replace("http://", f"http://team:{SECRET}@")
        url = f"https://localhost:{way.home.port}/v1/messages"
        for _ in range(2):
            async with way.served.session.post(
                url,
                data=message(),
                headers={"x-api-key": HOME_KEY},
                proxy=proxy,
                ssl=way.served.tls(),
            ) as answer:
                assert answer.status == 200
        assert {row["tenant"] for row in await way.served.rows(2)} == {"team"}
        (seen, *_) = way.other.completions()
        assert not [
            name for name, _ in seen.headers if b"auth" in name.lower() and b"proxy" in name.lower()
        ]
        await way.send(message(), {"x-turnout-tenant": "plain"})
        assert (await way.served.rows(3))[-1]["tenant"] == "plain"
        status, answer, _ = await way.send(message(), {"x-turnout-tenant": "team:wrong"})
        assert status == 401 and "secret wrong" in json.loads(answer)["error"]["message"]
        await answered_apart(way)


async def asks_nobody(way: Road) -> None:
    """Without tenants, what another proxy's password was set for still works (do no harm)."""
    proxy = way.served.proxy.replace("http://", "http://me:somewhere-elses@")
    url = f"https://localhost:{way.home.port}/v1/messages"
    sent = {"x-api-key": HOME_KEY}
    async with way.served.session.post(
        url, data=message(), headers=sent, proxy=proxy, ssl=way.served.tls()
    ) as answer:
        assert answer.status == 200


# -- other addresses


async def test_it_refuses_to_listen_to_others_without_a_password(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "turnout", "serve", "--host", "0.0.0.0", "--port", "0"),
        env={**plain_environ(), "TURNOUT_DATA": str(tmp_path)},
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert b"open to others" in said and b"turnout keys hash" in said and said.count(b"\n") == 1


@pytest.mark.skipif(not own_address(), reason="this machine has no address but loopback")
async def test_clients_of_other_machines(road: OpenRoad) -> None:
    """They need a secret on both ports, get no API, and reach nothing that is loopback's."""
    async with road(FORCED, more=TEAM, args=("--host", "0.0.0.0")) as way:
        here = own_address()
        proxy, base = (
            f"http://{here}:{urlsplit(url).port}" for url in (way.served.proxy, way.served.base)
        )
        assert urlsplit(way.served.proxy).hostname == "127.0.0.1", "as this machine reaches it"
        token = way.served.facts["token"]
        login = f"Proxy-Authorization: {basic('team', SECRET)}\n"
        assert await raw(proxy, "CONNECT api.anthropic.com:443 HTTP/1.1\nHost: x\n\n") == 407
        inner = f"CONNECT 127.0.0.1:{way.other.port} HTTP/1.1\nHost: x\n{login}\n"
        for target in (f"localhost:{way.other.port}", "169.254.169.254:80", "[::1]:1"):
            text = f"GET http://{target}/ HTTP/1.1\nHost: {target}\n{login}\n"
            assert await raw(proxy, text) == 502, target
        get = "GET / HTTP/1.1\nHost: x\n\n"
        assert await inside(proxy, inner, get) in (0, 502)
        assert not way.other.seen
        url = f"{base}/v1/messages"
        for header, status in (("", 401), ("plain", 200), (f"team:{SECRET}", 200)):
            sent = {"x-api-key": HOME_KEY, "x-turnout-tenant": header}
            async with way.served.session.post(url, data=message(), headers=sent) as answer:
                assert answer.status == (401 if header == "plain" else status)
        head = f"x-turnout-tenant: team:{SECRET}\nx-turnout-token: {token}\n\n"
        for host in (f"{here}:1", "turnout.example"):
            assert await raw(base, f"GET /v1/status HTTP/1.1\nHost: {host}\n{head}") == 403


@pytest.fixture
def cores() -> Iterator[None]:
    """As on a machine that writes core files: programs inherit the limit."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


async def test_a_ca_for_the_opened_hosts_and_no_core_files(road: OpenRoad, cores: None) -> None:
    async with road(FORCED, env={"TURNOUT_PROXY_CONSTRAINED_CA": "true"}) as way:
        assert (await way.send(message()))[0] == 200
        found = authority.read(way.served.data / "ca")
        assert found
        assert {"localhost", "turnout.internal"} <= {*(authority.constraints(found) or ())}
        limits = Path(f"/proc/{way.served.process.pid}/limits")
        if limits.exists():  # noqa: ASYNC240
            (line,) = [one for one in limits.read_text().splitlines() if "core file" in one]  # noqa: ASYNC240
            assert line.split()[4] == "0"
