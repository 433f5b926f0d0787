"""Where a flow goes next: another address, the relay, or straight back."""

from mitmproxy import http

from turnout.proxy import masks
from turnout.relay import DISPATCH, PLAN_HEADER
from turnout.trip import Refusal
from turnout.wire.dialect import Dialect


def point(flow: http.HTTPFlow, port: int, *, host: str = "127.0.0.1", scheme: str = "http") -> None:
    """Sends the flow to another address; its Host header stays what the client wrote."""
    data = flow.request.data
    data.host, data.port, data.scheme = host, port, scheme.encode()


def dispatch(flow: http.HTTPFlow, port: int, token: str) -> None:
    """The relay has the client's request already: only the token travels."""
    request = flow.request
    request.trailers = None
    # mitmproxy reads here whether the client's connection ends with the answer
    kept = [field for field in request.headers.fields if field[0].lower() == b"connection"]
    request.headers = http.Headers(kept, host=f"127.0.0.1:{port}")
    request.headers[PLAN_HEADER] = token
    request.raw_content = b""
    request.path = DISPATCH
    if request.authority:
        request.authority = f"127.0.0.1:{port}"
    point(flow, port)


def refuse(flow: http.HTTPFlow, why: Refusal, dialect: Dialect, id: str) -> None:
    headers = {
        "content-type": "application/json",
        "retry-after": str(why.retry_after),
        "x-turnout-decision": id,
    }
    body = dialect.write_error(why.status, f"turnout: {why.message}")
    flow.response = http.Response.make(why.status, body, headers)
    masks.hide(flow)
