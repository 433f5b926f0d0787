"""The API of the contract: what it answers, and what it refuses."""

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

import decided
from turnout.web.guard import TOKEN_HEADER
from turnout.web.routes import ROUTES
from web.site import Site, rows

BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "anthropic": (
        "",
        {
            "model": "claude-opus-4-7",
            "max_tokens": 9,
            "messages": [{"role": "user", "content": "hi"}],
        },
    ),
    "openai_chat": ("", {"model": "gpt-5.4", "messages": [{"role": "user", "content": "hi"}]}),
    "openai_responses": ("", {"model": "gpt-5.4", "input": "hi"}),
    "gemini": (
        "?dialect=gemini&model=gemini-3-pro",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    ),
}


@pytest.mark.parametrize(("query", "body"), BODIES.values(), ids=BODIES)
async def test_a_dry_run(routing: Site, query: str, body: dict[str, Any]) -> None:
    """No row, no call: the candidates and why, in sentences."""
    status, told = await routing.ask("POST", f"/v1/route{query}", json=body)
    assert status == 200
    assert told["dialect"] in BODIES
    assert told["requested_model"] in ("claude-opus-4-7", "gpt-5.4", "gemini-3-pro")
    assert any(line.startswith("because: ") for line in told["rationale"])
    assert routing.relay.token not in json.dumps(told)
    routing.engine.store.flush()
    assert (await routing.ask("GET", "/v1/decisions"))[1]["decisions"] == []


async def test_a_dry_run_routes(routing: Site) -> None:
    _, told = await routing.ask("POST", "/v1/route", json=BODIES["anthropic"][1])
    assert (told["provider"], told["reason"]) == ("openrouter", "cheapest_at_parity")
    assert len(told["candidates"]) > 1


FILTERS: dict[str, list[str]] = {
    "session=b": ["id00000001"],
    "model=gpt-5.4": ["id00000002"],
    "model=anthropic/claude-haiku-4-5&client=codex": ["id00000003"],
    "reason=pinned": ["id00000004"],
    "project=other": ["id00000005"],
    "cluster=99": ["id00000006"],
    "status=529": ["id00000007"],
    "status=error": ["id00000007"],
    f"since={decided.AT + 6}&status=ok": ["id00000006"],
    f"until={decided.AT + 1}": ["id00000000"],
    "session=nobody": [],
}


@pytest.mark.parametrize(("query", "ids"), FILTERS.items(), ids=FILTERS)
async def test_filters(site: Site, query: str, ids: list[str]) -> None:
    different: list[dict[str, Any]] = [
        {},
        {"session": "b"},
        {"requested_model": "gpt-5.4"},
        {"client": "codex"},
        {"reason": "pinned"},
        {"project": "other"},
        {"cluster": 99},
    ]
    site.write(*(decided.numbered(n, **facts) for n, facts in enumerate(different)))
    failed = decided.row(
        of_decision={"id": "id00000007", "at": decided.AT + 7}, of_outcome={"status": 529}
    )
    site.write(failed)
    status, told = await site.ask("GET", f"/v1/decisions?{query}")
    assert (status, [row["id"] for row in told["decisions"]]) == (200, ids)


async def test_pages_meet(site: Site) -> None:
    """Also where many rows have the same time, and while new ones come in."""
    site.write(*(decided.numbered(n, at=decided.AT + n // 7) for n in range(50)))
    found: list[str] = []
    after = ""
    while after is not None:
        cursor = f"&cursor={after}" if after else ""
        _, told = await site.ask("GET", f"/v1/decisions?limit=8{cursor}")
        found += [row["id"] for row in told["decisions"]]
        after = told["next"]
        site.write(decided.numbered(100 + len(found), at=decided.AT + 1000))
    assert found == [f"id{n:08}" for n in range(49, -1, -1)]


@pytest.mark.parametrize("how", ["accept", "format"])
async def test_ndjson(site: Site, how: str) -> None:
    """Without a limit it is all of them, in more than one chunk."""
    site.write(*rows(1100))
    headers = {TOKEN_HEADER: site.relay.token}
    headers |= {"accept": "application/x-ndjson"} if how == "accept" else {}
    query = "" if how == "accept" else "?format=ndjson"
    async with site.session.get(f"{site.url}/v1/decisions{query}", headers=headers) as got:
        assert got.content_type == "application/x-ndjson"
        lines = (await got.read()).splitlines()
    found = [json.loads(line) for line in lines]
    assert [row["id"] for row in found] == [f"id{n:08}" for n in range(1099, -1, -1)]
    assert found[0]["candidates"][0]["model"] == "claude-haiku-4-5"


async def test_stats_are_the_audit(site: Site) -> None:
    site.write(*rows(3))
    _, told = await site.ask("GET", "/v1/stats?since=2026-07-01&by=client")
    (group,) = told["groups"]
    assert (group["key"], group["actions"]) == ("claude-code", 3)
    assert group["saved_usd"] == pytest.approx(3 * (0.030775 - 0.006155))
    assert told["total"]["actions"] == 3


async def test_a_model_taken_out_is_not_routed_to(routing: Site) -> None:
    body = BODIES["anthropic"][1]
    _, told = await routing.ask("GET", "/v1/models")
    (one,) = [
        m for m in told["models"] if m["provider"] == "openrouter" and "minimax-m3" in m["id"]
    ]
    assert (one["key"], one["on"]) == ("present", True)
    name = f"openrouter/{one['model']}"
    status, _ = await routing.ask("POST", "/v1/models", json={"model": name, "on": False})
    assert status == 200
    _, routed = await routing.ask("POST", "/v1/route", json=body)
    assert routed["model"] != one["model"]
    _, told = await routing.ask("GET", "/v1/models")
    assert [m["model"] for m in told["models"] if not m["on"]] == [one["model"]]
    await routing.ask("POST", "/v1/models", json={"model": name, "on": True})
    _, routed = await routing.ask("POST", "/v1/route", json=body)
    assert routed["model"] == one["model"]


async def test_the_dial(routing: Site) -> None:
    """Turned while it runs; what is no profile changes nothing."""
    body = BODIES["anthropic"][1]
    for profile in ("strict", "thrift", "parity"):
        status, told = await routing.ask("POST", "/v1/profile", json={"profile": profile})
        assert (status, told["profile"]) == (200, profile)
        _, routed = await routing.ask("POST", "/v1/route", json=body)
        assert routed["evidence"]["profile"] == profile
    status, _ = await routing.ask("POST", "/v1/profile", json={"profile": "loud"})
    assert (status, routing.engine.status()["profile"]) == (400, "parity")


async def test_what_is_asked_for_by_name_is_never_taken_away(routing: Site) -> None:
    for name in ("openrouter/minimax-m3", "anthropic/claude-opus-4-7"):
        await routing.ask("POST", "/v1/models", json={"model": name, "on": False})
    _, told = await routing.ask("POST", "/v1/route", json=BODIES["anthropic"][1])
    assert (told["provider"], told["model"]) == ("anthropic", "claude-opus-4-7")


BAD: dict[str, tuple[str, str, Any, int]] = {
    "a span that is none": ("GET", "/v1/decisions?since=yesterday", None, 400),
    "a cursor that is none": ("GET", "/v1/decisions?cursor=x", None, 400),
    "a status that is none": ("GET", "/v1/decisions?status=x", None, 400),
    "an unknown filter": ("GET", "/v1/decisions?sesion=x", None, 400),
    "a page too long": ("GET", "/v1/decisions?limit=100000", None, 400),
    "no JSON": ("POST", "/v1/mode", b"{", 400),
    "no text": ("POST", "/v1/mode", b"\xff", 400),
    "a mode that is none": ("POST", "/v1/mode", b'{"mode": "loud"}', 400),
    "an unreadable body": ("POST", "/v1/route", b"[]", 400),
    "an empty body": ("POST", "/v1/route", b"", 400),
    "no such decision": ("GET", "/v1/decisions/zzz", None, 404),
    "no such place": ("GET", "/v1/nothing", None, 404),
    "no such method": ("PUT", "/v1/mode", None, 405),
    "no such alarm": ("DELETE", "/v1/alarms?id=x", None, 400),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), BAD.values(), ids=BAD)
async def test_bad_input(site: Site, method: str, path: str, body: Any, status: int) -> None:
    """One sentence, in the shape of every error."""
    got, told = await site.ask(method, path, data=body)
    assert got == status
    assert 5 < len(told["error"]["message"]) < 400
    assert "regex" not in told["error"]["message"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_everything_but_health_needs_the_token(site: Site, route: Any) -> None:
    url = site.url + route.path.replace("{id}", "last")
    for headers in ({}, {TOKEN_HEADER: "wrong"}, {"cookie": "turnout=x"}, {TOKEN_HEADER: "\udcff"}):
        async with site.session.request(route.method, url, headers=headers) as got:
            assert got.status == (200 if route.path == "/healthz" else 401)


ELSEWHERE: dict[str, dict[str, str]] = {
    "another site's page": {"origin": "https://evil.example"},
    "a sandboxed frame": {"origin": "null"},
    "a name rebound to this machine": {"host": "evil.example:8788"},
    "one that looks local": {"host": "localhost.evil.example"},
}


@pytest.mark.parametrize("path", ["/healthz", "/v1/status", "/ui/", "/ui/session", "/"])
@pytest.mark.parametrize("headers", ELSEWHERE.values(), ids=ELSEWHERE)
async def test_a_browser_on_another_site(site: Site, headers: dict[str, str], path: str) -> None:
    """Even with the right token."""
    sent = {TOKEN_HEADER: site.relay.token} | headers
    async with site.session.post(site.url + path, headers=sent) as got:
        assert got.status == 403
        assert "access-control-allow-origin" not in got.headers


async def test_ready_says_why_not(site: Site) -> None:
    status, told = await site.ask("GET", "/readyz")
    assert (status, told["ready"]) == (503, False)
    assert "encoder" in told["reasons"][0]
    site.engine.broken = ""
    assert await site.ask("GET", "/readyz") == (200, {"ready": True, "reasons": []})


async def test_a_damaged_row_hides_no_other(site: Site) -> None:
    """Half characters, a BLOB where text belongs, JSON that is none, a number out of reach."""
    site.write(*rows(3))
    with closing(sqlite3.connect(site.engine.store_path)) as db:
        db.execute(
            "UPDATE decisions SET session = CAST(x'ff41' AS TEXT), candidates = '{',"
            " client = x'00', cost_usd = 9e999, status = 'odd' WHERE id = 'id00000001'"
        )
        db.commit()
    status, told = await site.ask("GET", "/v1/decisions")
    assert (status, len(told["decisions"])) == (200, 3)
    assert told["decisions"][1]["candidates"] == "{"
    assert (await site.ask("GET", "/v1/stats?since=2026-07-01"))[0] == 200
