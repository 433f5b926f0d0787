"""What mitmweb and flow files show of a flow: no client's key, and none in a URL.

The flow itself keeps them until its request has been sent; until then what is shown wears a mask.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from mitmproxy import flow as flows
from mitmproxy import http
from mitmproxy.tools.web import app

from turnout.guard.hidden import hidden_path, is_hidden

MASK = "***"
LIVE_S = 1.0  # until one looks again whether an answer is still on its way
OURS = ("/ui/keys", "/ui/session")  # of the dashboard: what is posted there is secret

type Shown = dict[str, Any]


def hide(flow: http.HTTPFlow) -> None:
    """For good: the request has been sent, or never will be. Its connection header stays.

    The answer's headers are still the client's, cookies and all: see `hide_answer`.
    """
    _mask(flow.request)
    if flow.request.path in OURS:
        flow.request.content = b""  # a form with a key
    if (path := hidden_path(flow.request.path)) != flow.request.path:
        flow.request.path = path


def hide_answer(flow: http.HTTPFlow) -> None:
    """As soon as the client has it: mitmproxy sends some headers after its last hook."""
    if flow.live:
        asyncio.get_running_loop().call_later(LIVE_S, hide_answer, flow)
    elif flow.response:
        _mask(flow.response)


def _mask(message: http.Message) -> None:
    message.headers.fields = tuple(
        (name, MASK.encode() if is_hidden(name.decode("latin-1")) else value)
        for name, value in message.headers.fields
    )


def wear() -> None:
    """Makes mitmweb mask what it shows of flows that are still under way."""
    plain: Callable[[flows.Flow], Shown] = app.flow_to_json
    if not hasattr(plain, "masked"):
        app.flow_to_json = _masking(plain)  # type: ignore[assignment]


def _masking(plain: Callable[[flows.Flow], Shown]) -> Callable[[flows.Flow], Shown]:
    def shown(flow: flows.Flow) -> Shown:
        document = plain(flow)
        for message in (document.get("request"), document.get("response")):
            if message:
                message["headers"] = tuple(
                    (name, MASK if is_hidden(name) else value) for name, value in message["headers"]
                )
        if request := document.get("request"):
            request["path"] = hidden_path(request["path"])
        return document

    shown.masked = True  # type: ignore[attr-defined]
    return shown
