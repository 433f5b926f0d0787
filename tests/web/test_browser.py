"""The dashboard in a real Chromium: sign-in, live feed, switches, and not one request elsewhere."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import decided
from web.chrome import NAMES, Tab, found, tab
from web.site import Site, rows

pytestmark = pytest.mark.skipif(not found(), reason=f"none of {', '.join(NAMES)} is installed")

PAGES = ("/ui/", "/ui/decisions", "/ui/sessions", "/ui/providers", "/ui/connect")
HOSTILE = "<img src=x onerror='document.title=1'>"


@pytest_asyncio.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Tab]:
    async with tab(tmp_path) as opened:
        yield opened
    shutil.rmtree(tmp_path / "chrome", ignore_errors=True)


async def test_a_person_signs_in_looks_and_switches(site: Site, browser: Tab) -> None:
    """One browser for all of it: it takes seconds to start."""
    site.write(*rows(3, project=HOSTILE), decided.numbered(3, client=HOSTILE))
    await browser.open(f"{site.url}/ui/#token={site.relay.token}")
    await browser.until("document.querySelector('h1')?.textContent === 'Overview'")
    assert await browser.run("location.href") == f"{site.url}/ui/"
    assert await browser.run("history.length") <= 4
    assert await browser.run("document.cookie") == ""  # no script reads it

    await _live(site, browser)
    await _narrow(site, browser)
    await _kill_switch(site, browser)

    assert {url.split("/")[2] for url in browser.seen if url.startswith("http")} == {
        f"127.0.0.1:{site.relay.port}"
    }
    assert not [said for said in browser.said if "401" not in said]  # of the sign-in page


async def _live(site: Site, browser: Tab) -> None:
    """A decision that is settled appears, as text."""
    listeners = site.engine.books.listeners
    row = decided.numbered(9, requested_model=HOSTILE)

    async def appeared() -> bool:
        for listen in listeners:  # until the browser has connected nobody hears it
            listen(row)
        return bool(await browser.run("document.querySelector('#live tr.new')?.innerText"))

    while not await appeared():
        pass
    shown = await browser.run("document.querySelector('#live tr.new').innerText")
    assert HOSTILE in shown
    assert "turnout" in await browser.run("document.title")
    assert await browser.run("document.querySelectorAll('img').length") == 0


async def _narrow(site: Site, browser: Tab) -> None:
    """At 400 pixels only tables scroll sideways, but for their captions; nothing does at 900.

    Every control can be reached with the keyboard.
    """
    for path in PAGES:
        await browser.open(site.url + path)
        await browser.look(400, dark=True, whole=False)
        assert await browser.run("document.documentElement.scrollWidth") == 400, path
        captions = "[...document.querySelectorAll('.scroll caption')]"
        seen = (
            "c.getBoundingClientRect().right <= c.closest('.scroll').getBoundingClientRect().right"
        )
        assert await browser.run(f"{captions}.every(c => {seen})"), path
        reachable = "[...document.querySelectorAll('a[href],button,input,select,summary')]"
        assert await browser.run(f"{reachable}.every(one => one.tabIndex >= 0)")
        await browser.look(900, dark=False, whole=False)
        assert await browser.run(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        ), path
    await browser.look(1280, dark=False, whole=False)


async def _kill_switch(site: Site, browser: Tab) -> None:
    await browser.open(f"{site.url}/ui/connect")
    await browser.run("document.querySelector('button[value=off]').click()")
    pressed = "document.querySelector('button[value=off]')?.getAttribute('aria-pressed') === 'true'"
    await browser.until(pressed)
    assert site.engine.mode == "off"
    assert (await browser.run("location.pathname")) == "/ui/connect"
