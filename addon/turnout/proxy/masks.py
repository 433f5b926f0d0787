"""What mitmweb and flow files show of a flow: no client's key, and none in a URL.

The flow itself keeps them until its request has been sent; until then what is shown wears a mask.
"""

from collections.abc import Callable
from typing import Any

from mitmproxy import flow as flows
from mitmproxy import http
from mitmproxy.tools.web import app

from turnout.guard.hidden import hidden_path, is_hidden

MASK = "***"

type Shown = dict[str, Any]


def hide(flow: http.HTTPFlow) -> None:
    """For good: the request has been sent, or never will be. Its connection header stays."""
    for message in (flow.request, flow.response):
        if message:
            message.headers.fields = tuple(
                (name, MASK.encode() if is_hidden(name.decode("latin-1")) else value)
                for name, value in message.headers.fields
            )
    if (path := hidden_path(flow.request.path)) != flow.request.path:
        flow.request.path = path


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
