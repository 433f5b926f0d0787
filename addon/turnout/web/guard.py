"""Who may ask: a local Host and Origin, and the token of this process.

A foreign Host means DNS rebinding, a foreign Origin another site's page, a missing token anybody's
program. Below /ui/ a browser shows its session instead (turnout.web.door).
"""

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from aiohttp import web

TOKEN_HEADER = "x-turnout-token"  # noqa: S105  a header, not a token
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", "turnout.internal"})
OPEN = frozenset({"/", "/healthz", "/dispatch"})  # dispatch has a token of its own
UI = "/ui/"

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_local(host: str) -> bool:
    """A Host header of another name means a page that rebound its DNS name to this machine."""
    name = host.lower()
    return (name if name.endswith("]") else name.rsplit(":", 1)[0]) in HOSTS


def is_from_here(headers: Mapping[str, str]) -> bool:
    """A browser says with Origin whose page asks; what is no browser's page says none."""
    page = urlsplit(headers.get("origin", ""))
    foreign = page.path == "null" or (
        page.scheme in ("http", "https") and not is_local(page.netloc)
    )
    return is_local(headers.get("host", "")) and not foreign


def holds(token: str, headers: Mapping[str, str]) -> bool:
    return same(headers.get(TOKEN_HEADER, ""), token)


def same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def guard(token: str):  # type: ignore[no-untyped-def]
    """What is not open, and not below /ui/, needs the token; so does what does not exist."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        place = resource.canonical if resource else ""
        if place != "/dispatch" and not is_from_here(request.headers):
            return error(403, f"Host {request.host!r} or Origin is not local")
        if place in OPEN or place.startswith(UI) or holds(token, request.headers):
            return await _answered(request, handler)
        return error(401, f"{TOKEN_HEADER} is missing or wrong; `turnout status` has it")

    return guarded


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the framework refuses (404, 405, 413) is told as every other error."""
    try:
        return await handler(request)
    except web.HTTPException as e:
        if e.status < 400 or request.path.startswith(UI):
            raise
        headers = {"allow": e.headers["allow"]} if "allow" in e.headers else {}
        return error(e.status, f"{request.method} {request.path}: {e.reason.lower()}", headers)


def error(status: int, message: str, headers: Mapping[str, str] = {}) -> web.Response:
    return web.Response(
        status=status,
        text=json.dumps({"error": {"message": message}}),
        content_type="application/json",
        headers=headers,
    )
