"""How a browser comes in: the token once, then a cookie for the dashboard and nothing else."""

from http.cookies import SimpleCookie

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request

from turnout.web.door import SESSION_S, SESSIONS, Door
from turnout.web.guard import TOKEN_HEADER
from web.site import Site, csrf, signed_in

SWITCHES = {
    "/ui/mode": {"mode": "off"},
    "/ui/models": {"model": "openrouter/minimax-m3"},
    "/ui/alarms": {"id": "x"},
    "/ui/profile": {"profile": "thrift"},
    "/ui/keys": {"name": "openai", "secret": "sk-x"},
    "/ui/feedback": {"id": "x", "good": "yes"},
}


@pytest.mark.parametrize("way", ["link", "form"])
async def test_the_token_leaves_the_url(site: Site, way: str) -> None:
    token = site.relay.token
    async with aiohttp.ClientSession() as browser:
        if way == "link":
            asked = browser.get(f"{site.url}/ui/?token={token}", allow_redirects=False)
        else:
            form = {"token": f" {token}\n"}
            asked = browser.post(f"{site.url}/ui/session", data=form, allow_redirects=False)
        async with asked as got:
            assert (got.status, got.headers["location"]) == (303, "/ui/")
            (cookie,) = SimpleCookie(got.headers["set-cookie"]).values()
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/ui/", True, "Strict")
    assert cookie.key == f"turnout_{site.relay.port}"  # browsers share cookies between ports
    assert token not in cookie.value


async def test_without_a_session_there_is_the_sign_in_page(site: Site) -> None:
    for path in ("/ui/", "/ui/decisions", "/ui/events", "/ui/?token=wrong"):
        async with site.session.get(site.url + path) as got:
            assert got.status == 401
            assert "Sign in" in await got.text()
    async with site.session.post(f"{site.url}/ui/session", data={"token": "wrong"}) as got:
        assert got.status == 401
        assert "set-cookie" not in got.headers


async def test_the_cookie_opens_nothing_but_the_dashboard(site: Site) -> None:
    async with signed_in(site) as browser:
        (cookie,) = browser.cookie_jar
        sent = {"cookie": f"{cookie.key}={cookie.value}"}
        async with browser.get(f"{site.url}/ui/", headers=sent) as got:
            assert got.status == 200
        async with browser.get(f"{site.url}/v1/status", headers=sent) as got:
            assert got.status == 401


@pytest.mark.parametrize("path", SWITCHES)
@pytest.mark.parametrize("given", ["nothing", "another's", "from another port"])
async def test_what_changes_something_is_meant(site: Site, path: str, given: str) -> None:
    """A page of another program on this machine is the same site to a browser."""
    async with signed_in(site) as browser, signed_in(site) as other:
        form = dict(SWITCHES[path])
        headers = {}
        if given == "another's":
            form["csrf"] = await csrf(site, other)
        if given == "from another port":
            form["csrf"] = await csrf(site, browser)
            headers = {"sec-fetch-site": "same-site"}
        async with browser.post(site.url + path, data=form, headers=headers) as got:
            assert got.status == 403
    assert site.engine.mode == "route"


async def test_the_kill_switch(site: Site) -> None:
    async with signed_in(site) as browser:
        form = {"csrf": await csrf(site, browser), "mode": "off", "back": "/ui/models"}
        async with browser.post(f"{site.url}/ui/mode", data=form, allow_redirects=False) as got:
            assert (got.status, got.headers["location"]) == (303, "/ui/models")
        assert site.engine.mode == "off"
        async with browser.post(f"{site.url}/ui/mode", data=form | {"mode": "loud"}) as got:
            assert got.status == 400


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/ui/\\evil", ""])
async def test_it_leads_back_to_its_own_pages_only(site: Site, back: str) -> None:
    async with signed_in(site) as browser:
        form = {"csrf": await csrf(site, browser), "mode": "shadow", "back": back}
        async with browser.post(f"{site.url}/ui/mode", data=form, allow_redirects=False) as got:
            assert got.headers["location"] == "/ui/"


@pytest.mark.parametrize("path", ["/ui/", "/ui/decisions", "/ui/static/style.css"])
async def test_headers(site: Site, path: str) -> None:
    headers = {TOKEN_HEADER: site.relay.token}
    async with site.session.get(site.url + path, headers=headers) as got:
        policy = got.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in got.headers


async def test_sessions_end(site: Site) -> None:
    """After twelve hours, and when too many others have begun."""
    now = 1000.0

    async def no_page(request: object, said: str) -> None: ...

    door = Door("token", no_page, clock=lambda: now)  # type: ignore[arg-type]
    ids = []
    for _ in range(SESSIONS + 1):
        response = door._opened(make_mocked_request("GET", "/ui/"), "/ui/")
        ids.append(next(iter(response.cookies.values())).value)

    def known(id: str) -> bool:
        headers = {"cookie": f"turnout_internal={id}"}
        return bool(door._session(make_mocked_request("GET", "/", headers)))

    assert [known(ids[0]), known(ids[1]), known(ids[-1])] == [False, True, True]
    now += SESSION_S
    assert not known(ids[-1])
