"""The dashboard's door: turnout's token once, then a session of the browser.

    link with #token=  ─▶ sign-in page ─▶ POST /ui/session ─▶ cookie; the URL is clean
    link with ?token=  ─▶ 303 to the same page without it, and the cookie

The cookie opens what is below /ui/ and nothing else. Another program's page on this machine is the
"same site" to a browser, whatever its port: what changes something carries a CSRF token, too.
"""

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from aiohttp import web

from turnout.web.guard import UI, holds, same

SESSIONS, SESSION_S = 64, 12 * 3600.0
NEW = f"{UI}session"
STATIC = f"{UI}static/"
CSRF = "csrf"  # the field of a form
SIGNED_IN: web.RequestKey[str] = web.RequestKey("csrf", str)

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with none, browsers post forms with the origin "null"
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
type Page = Callable[[web.Request, str], Awaitable[web.Response]]


class Door:
    """`sign_in`: the page for who has no session, with a word on what went wrong."""

    def __init__(self, token: str, sign_in: Page, clock: Callable[[], float] = time.time) -> None:
        self._token, self._sign_in, self._clock = token, sign_in, clock
        self._secret = secrets.token_bytes(32)
        self._sessions: OrderedDict[str, float] = OrderedDict()  # id: when it ends

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await self._pass(request, handler)
        except web.HTTPException as e:
            e.headers.update(HEADERS)
            raise
        if not response.prepared:
            response.headers.update(HEADERS)
            if not request.path.startswith(STATIC):
                response.headers["cache-control"] = "no-store"
        return response

    async def _pass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(STATIC):
            return await handler(request)
        if request.path == NEW and request.method == "POST":
            return await self._enter(request)
        if request.method == "GET" and "token" in request.query:
            return await self._exchange(request)
        session = self._session(request)
        if not session and not holds(self._token, request.headers):
            return await self._sign_in(request, "")
        if session and request.method != "GET" and not await self._meant(request, session):
            return web.Response(status=403, text="turnout: reload the page and try again\n")
        request[SIGNED_IN] = self._csrf(session)
        return await handler(request)

    async def _enter(self, request: web.Request) -> web.Response:
        given = (await request.post()).get("token", "")
        if not isinstance(given, str) or not same(given.strip(), self._token):
            return await self._sign_in(request, "That is not the token of this turnout.")
        return self._opened(request, UI)

    async def _exchange(self, request: web.Request) -> web.Response:
        if not same(request.query["token"], self._token):
            return await self._sign_in(request, "The link is of another turnout, or an old one.")
        return self._opened(request, request.path)

    def _opened(self, request: web.Request, to: str) -> web.Response:
        id = secrets.token_urlsafe(32)  # noqa: A001  it is one
        self._sessions[id] = self._clock() + SESSION_S
        while len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)
        response = web.Response(status=303, headers={"location": to})
        response.set_cookie(_cookie(request), id, path=UI, httponly=True, samesite="Strict")
        return response

    def _session(self, request: web.Request) -> str:
        """Its id, "" when there is none or it has ended."""
        given = request.cookies.get(_cookie(request), "")
        return given if self._sessions.get(given, 0.0) > self._clock() else ""

    def _csrf(self, session: str) -> str:
        return hmac.new(self._secret, session.encode(), hashlib.sha256).hexdigest()

    async def _meant(self, request: web.Request, session: str) -> bool:
        """Was it sent by a page of this session?"""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return False
        given = (await request.post()).get(CSRF, "")
        return isinstance(given, str) and same(given, self._csrf(session))


def _cookie(request: web.Request) -> str:
    """Browsers share cookies between ports: each turnout has a name of its own."""
    return f"turnout_{request.host.rpartition(':')[2] if ':' in request.host else 'internal'}"
