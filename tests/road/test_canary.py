"""A canary in every secret: none of them is found in anything that turnout writes or shows.

The client's key (header, bearer and query), turnout's keys (environment and vault), a plan token,
the proxy's password; routed, translated, failed, refused and untouched; looked for in the output,
the log and its journals, the run file, the vault, the CA's folder, mitmweb, argv, tracebacks.
"""

import asyncio
import base64
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from road.world import OpenRoad, Road, message
from turnout.demo.provider import Fault
from turnout.guard import passwords
from turnout.guard.vault import Vault

CANARY = "caNAry7"
CLIENT = f"sk-ant-api03-{CANARY}-client"
PLAN = f"sk-ant-oat01-{CANARY}-plan"
OURS = f"sk-or-{CANARY}-environment"
KEPT = f"gsk-{CANARY}-vault"
PASSWORD = f"{CANARY}-password"
QUERY = f"AIza{CANARY}query"
SECRETS = (CLIENT, PLAN, OURS, KEPT, PASSWORD, QUERY)

MORE = f"""
[tenants.team]
secret = "{passwords.hashed(PASSWORD)}"
[[limits]]
client = "aider"
requests_per_minute = 0
"""


def spellings() -> Iterator[bytes]:
    """As it is, and as it may be written: base64 at each offset, hexadecimal, percent-encoded."""
    for secret in (*SECRETS, CANARY):
        plain = secret.encode()
        yield plain
        yield plain.hex().encode()
        for pad in range(3):
            yield base64.b64encode(b"x" * pad + plain)[pad and 4 : -4]
    yield base64.b64encode(f"team:{PASSWORD}".encode())


FORMS = tuple(form for form in spellings() if len(form) > 6)


def found(data: bytes) -> list[bytes]:
    return [form for form in FORMS if form in data]


def argv(pid: int) -> bytes:
    """As `ps` shows it; empty where there is no /proc."""
    file = Path(f"/proc/{pid}/cmdline")
    return file.read_bytes() if file.exists() else b""


async def shown(way: Road) -> bytes:
    """All that mitmweb's API says: flows, options, events."""
    web = str(way.served.facts["web"])
    base, _, token = web.partition("/?token=")
    pages = []
    for path in ("/flows", "/options", "/events", "/state", "/flows/dump"):
        async with way.served.session.get(f"{base}{path}?token={token}") as answer:
            pages.append(await answer.read())
    assert b"/v1/messages" in pages[0], "mitmweb shows no flows"
    for one in json.loads(pages[0]):
        for side in ("request", "response"):
            path = f"/flows/{one['id']}/{side}/content/turnout.json"
            async with way.served.session.get(f"{base}{path}?token={token}") as answer:
                pages.append(await answer.read())
    assert b"== sent to" in b"".join(pages), "mitmweb shows no content"
    return b"\n".join(pages)


def written(folder: Path) -> dict[str, bytes]:
    """Every file but the artifacts that the test itself put there."""
    files = [path for path in folder.rglob("*") if path.is_file() and "artifacts" not in path.parts]
    found = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    assert {"data/turnout.db", "data/vault.json", "serve.log"} <= found.keys()
    return found


def around(data: bytes, forms: list[bytes]) -> list[bytes]:
    at = data.index(forms[0])
    return [data[max(0, at - 80) : at + 80], *forms]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


async def metrics(way: Road) -> bytes:
    headers = {"x-turnout-token": way.served.facts["token"]}
    async with way.served.session.get(f"{way.served.base}/metrics", headers=headers) as answer:
        assert answer.status == 200
        return await answer.read()


async def told(way: Road) -> bytes:
    """What clients hear when a provider repeats our key in its complaint, in both dialects."""
    force = {"x-turnout-model": "openrouter/qwen3.8-27b"}
    answers = []
    for status in (401, 403, 500):
        way.other.faults.append(Fault("status", status=status, message=f"key {OURS}?", count=9))
        answers.append(await way.send(message(), {"x-api-key": CLIENT, **force}))
        body = {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}]}
        headers = {"authorization": f"Bearer {CLIENT}", **force}
        url = f"{way.served.base}/v1/chat/completions"
        async with way.served.session.post(url, json=body, headers=headers) as answer:
            answers.append((answer.status, await answer.read(), answer.headers))
        way.other.faults.clear()
    assert {status for status, _, _ in answers} >= {401, 403}
    return repr(answers).encode()


async def drive(way: Road, *, echo: bool) -> None:
    """Every road there is. `echo`: the client's provider says its key back to it."""
    own = {"x-api-key": CLIENT}
    await way.send(message(), own)
    await way.send(message(stream=True), own)
    await way.send(message(), own, f"/v1/messages?key={QUERY}&beta=true")
    await way.send(message(), {"authorization": f"Bearer {PLAN}", "x-api-key": ""})
    await way.send(b"{no json", own)
    await way.send(message(), {**own, "x-turnout-tenant": f"team:{PASSWORD}"})
    await way.send(message(), {**own, "x-turnout-tenant": f"team:{PASSWORD}-wrong"})
    await way.send(message(), {**own, "x-turnout-model": CLIENT})
    await way.send(message(), {**own, "user-agent": "aider/1"})
    await way.send(message(model="claude-unknown"), own)
    await way.send(message(), own, "/v1/organizations/usage_report")
    for fault in ("status", "reset", "html", "error_event", "wrong_length"):
        way.other.faults.append(Fault(fault, status=401, message=f"bad key {OURS}"))
        way.home.faults.append(Fault("status", status=500, message=f"no {CLIENT if echo else 0}"))
        await way.send(message(), own)
    proxy = way.served.proxy.replace("http://", f"http://team:{PASSWORD}@")
    url = f"https://localhost:{way.home.port}/v1/messages"
    async with way.served.session.post(
        url, data=message(), headers=own, proxy=proxy, ssl=way.served.tls()
    ) as answer:
        await answer.read()


@pytest.mark.parametrize("web", [True, False], ids=["mitmweb", "headless"])
async def test_no_secret_is_found_anywhere(
    road: OpenRoad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, web: bool
) -> None:
    """c4 and pain 18; without mitmweb with a fault inside, so that tracebacks are written."""
    monkeypatch.setattr("turnout.guard.master._keyring_keeps", lambda *_: False)
    Vault(tmp_path / "data").add("groq", KEPT)
    env = {"OPENROUTER_API_KEY": OURS, "ANTHROPIC_API_KEY": ""}
    args = ["--web", "--web-port", str(free_port())] if web else []
    if not web:
        env["TURNOUT_FAULT"] = "translate:raise,account:raise"
    async with road(more=MORE, env=env, args=args) as way:
        await drive(way, echo=not web)
        await way.served.rows(10)
        status: Any = await way.served.api("GET", "/v1/status")
        looked = {
            "status": json.dumps(status).encode(),
            "answers": await told(way) if web else b"",
            "metrics": await metrics(way),
            "argv": argv(way.served.process.pid),
            "mitmweb": await shown(way) if web else b"",
        }
        rows = await way.served.rows(10)
        pages = [way.served.api("GET", f"/v1/decisions/{row['id']}") for row in rows]
        looked["decisions"] = json.dumps(await asyncio.gather(*pages)).encode()
    looked |= written(tmp_path)
    assert {
        name: around(data, forms) for name, data in looked.items() if (forms := found(data))
    } == {}


def test_the_search_finds_what_it_looks_for() -> None:
    login = base64.b64encode(f"team:{PASSWORD}".encode())
    for data in (CLIENT.encode(), KEPT.encode().hex().encode(), b"Basic " + login):
        assert found(b"..." + data + b"...")
