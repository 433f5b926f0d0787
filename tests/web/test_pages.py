"""Every page, on a log that wants to be HTML, on an empty one, and on a damaged one."""

import re
import sqlite3
import time
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import decided
from turnout.route.plan import Candidate
from turnout.wire.request import Change
from web.conftest import KEYS
from web.site import Site, csrf, rows, signed_in

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7777*7777}}"
PAGES = (
    "/ui/",
    "/ui/?span=30d",
    "/ui/?span=nonsense",
    "/ui/decisions",
    "/ui/decisions?status=error&since=7d",
    "/ui/sessions",
    "/ui/providers",
    "/ui/connect",
)
NEEDS_A_BUNDLE = ("/ui/quality", "/ui/models", "/ui/models?all")


class Page(HTMLParser):
    """`tags`: with their attributes. `open`: what was not closed, and what was closed wrongly."""

    VOID = frozenset({"meta", "link", "input", "rect", "line", "path", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def hostile(n: int) -> dict[str, Any]:
    words = ("session", "kind", "client", "tenant", "project", "requested_model", "model")
    words += ("provider", "reason", "cluster_label", "fresh_model", "dialect", "bundle", "error")
    facts: dict[str, Any] = dict.fromkeys(words, HOSTILE)
    candidate = Candidate(provider=HOSTILE, model=HOSTILE, lost=HOSTILE)
    facts |= {"candidates": (candidate,), "changes": (Change(HOSTILE, HOSTILE),)}
    return decided.numbered(n, **facts)


async def shown(site: Site, path: str) -> tuple[int, str]:
    async with signed_in(site) as browser, browser.get(site.url + path) as got:
        return got.status, await got.text()


@pytest.mark.parametrize(
    "path", [*PAGES, "/ui/decisions/id00000001", f"/ui/session?id={HOSTILE}"], ids=str
)
async def test_nothing_becomes_html(site: Site, path: str) -> None:
    """Prompts, ids and names of models are text on every page, and no script stands in one."""
    site.write(hostile(1), hostile(2))
    status, text = await shown(site, path)
    assert status == 200
    page = Page(text)
    assert [attributes for tag, attributes in page.tags if tag == "script"] == [
        {"src": "/ui/static/turnout.js", "defer": None}
    ]
    assert not [tag for tag, _ in page.tags if tag in ("img", "style", "iframe", "base")]
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in names if name.startswith("on") or name == "style"}
    assert "60481729" not in text


@pytest.mark.parametrize("path", PAGES)
async def test_well_formed_and_accessible(site: Site, path: str) -> None:
    site.write(*rows(3))
    _, text = await shown(site, path)
    page = Page(text)
    assert (page.wrong, page.open) == ([], [])
    assert text.count("<table") == text.count("<caption")
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    assert text.count("<h1") == 1
    inputs = [a for tag, a in page.tags if tag == "input" and a.get("type") != "hidden"]
    assert text.count("<label") >= len(inputs)


@pytest.mark.parametrize("path", PAGES)
async def test_an_empty_log(site: Site, path: str) -> None:
    status, text = await shown(site, path)
    assert status == 200
    assert not re.search(r"\bNone\b|\bnan\b|Undefined", text)


@pytest.mark.parametrize("path", [*PAGES, "/ui/decisions/id00000001", "/ui/session?id=s1"])
async def test_a_damaged_log(site: Site, path: str) -> None:
    site.write(*rows(3))
    with closing(sqlite3.connect(site.engine.store_path)) as db:
        db.execute(
            "UPDATE decisions SET attempts = '[3, {', candidates = '[3]', evidence = '[]',"
            " cost_usd = 'much', status = 'odd', session = x'00', at = at + 9e9, quality = ''"
            " WHERE id = 'id00000001'"
        )
        db.execute("UPDATE decisions SET client = NULL, model = NULL WHERE id = 'id00000002'")
        db.commit()
    assert (await shown(site, path))[0] == 200


async def test_no_page_has_a_key(site: Site) -> None:
    site.write(*rows(2))
    for path in PAGES:
        _, text = await shown(site, path)
        assert not [key for key in (*KEYS.values(), site.relay.token) if key in text]


async def test_a_decision_with_its_arithmetic(site: Site) -> None:
    """The words of `turnout why`, every candidate and every line of the bill."""
    site.write(*rows(1))
    _, text = await shown(site, "/ui/decisions/last")
    for said in ("small edits", "0.871 ± 0.012", "lost: below parity", "as asked", "cache read"):
        assert said in text


@pytest.mark.parametrize("path", ["/ui/decisions/nothing", "/ui/session?id=nobody"])
async def test_what_is_not_there(site: Site, path: str) -> None:
    status, text = await shown(site, path)
    assert (status, "That did not work" in text) == (404, True)


async def test_a_switch_is_one_of_the_same_conversation(site: Site) -> None:
    """A title that another model writes in between moves nothing."""
    title = {"requested_model": "claude-haiku-4-5", "model": "deepseek-v3.2"}
    site.write(decided.numbered(0), decided.numbered(1, **title), decided.numbered(2))
    _, text = await shown(site, "/ui/session?id=s1")
    assert ">switched<" not in text
    site.write(decided.numbered(3, model="gpt-5.4-mini"))
    _, text = await shown(site, "/ui/session?id=s1")
    assert text.count(">switched<") == 1


async def test_moves_and_shadow(site: Site) -> None:
    """What left its model, and what shadow would have saved: with the interval."""
    now = time.time()
    would = {"routed_usd": 0.002, "routed_low_usd": 0.001, "routed_high_usd": 0.004}
    shadow = {"reason": "shadow", "fresh_model": "openrouter/minimax-m3"}
    site.write(
        decided.numbered(1, at=now, reason="escalated"),
        decided.numbered(2, at=now, **shadow) | would,
    )
    _, text = await shown(site, "/ui/")
    assert "escalated, it failed" in text
    assert "would have saved $0.00415 ($0.00215 to $0.00515)" in text
    assert "switching 1 of 1 sessions" in text


async def test_pages_of_decisions(site: Site) -> None:
    site.write(*rows(70))
    _, text = await shown(site, "/ui/decisions?client=claude-code")
    older = re.search(r'rel="next"[^>]*href="([^"]+)"', text)
    assert older
    _, text = await shown(site, older[1].replace("&amp;", "&"))
    assert "id00000000" in text
    assert "id00000069" not in text


@pytest.mark.parametrize("path", ["/ui/quality", "/ui/models"])
async def test_without_a_bundle_it_says_so(site: Site, path: str) -> None:
    status, text = await shown(site, path)
    assert (status, "That did not work" in text) == (400, True)


async def test_models_quality_and_switches(routing: Site) -> None:
    """The dial, the models, and one of them taken out from its page."""
    async with signed_in(routing) as browser:
        for path in NEEDS_A_BUNDLE:
            async with browser.get(routing.url + path) as got:
                assert got.status == 200
                page = Page(await got.text())
                assert (page.wrong, page.open) == ([], [])
        form = {"csrf": await csrf(routing, browser), "model": "openrouter/minimax/minimax-m3"}
        async with browser.post(f"{routing.url}/ui/models", data=form | {"on": "no"}) as got:
            assert got.status == 200
        assert routing.engine.switches.out == {"openrouter/minimax-m3"}
        async with browser.post(f"{routing.url}/ui/models", data=form | {"model": "a/b"}) as got:
            assert got.status == 400


def test_the_wheel_has_what_pages_are_made_of() -> None:
    """Templates and static files lie inside the package, which is what hatch packs."""
    web = Path(__file__).parents[2] / "addon/turnout/web"
    assert {path.name for path in (web / "static").iterdir()} == {
        "icon.svg",
        "style.css",
        "turnout.js",
    }
    for path in (web / "templates").iterdir():
        outside = re.findall(r"(?:src|href|action)=\"(https?:|//)", path.read_text())
        assert not outside, path
