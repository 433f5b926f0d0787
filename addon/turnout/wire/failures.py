"""Error objects and error bodies, in whatever shape upstreams send them."""

import json
import re
from typing import Any

from turnout.wire.events import Failed

LONGEST = 600  # characters of a message that are worth keeping

# the vendors' words, in `type`, `code` or `status`, -> the HTTP status they stand for
STATUS: dict[str, int] = {
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "content_policy_violation": 400,
    "invalid_prompt": 400,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "permission_denied": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "requests": 429,
    "tokens": 429,
    "api_error": 500,
    "server_error": 500,
    "internal_server_error": 500,
    "service_unavailable": 503,
    "engine_overloaded_error": 503,
    "server_is_overloaded": 503,
    "gateway_timeout_error": 504,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def failed(error: object) -> Failed:
    """An error object (or a bare sentence) that came where an answer was due."""
    return Failed(_message(error) or "the upstream reported an error", _status(error))


def message(body: bytes) -> str:
    """What an error body says, for a person. Never raises; "" when it says nothing."""
    text = body.decode("utf-8", "replace").strip()
    try:
        said = _message(json.loads(text))
    except (ValueError, RecursionError):
        said = _prose(text[:8000])
    return _short(said)


def _status(error: object) -> int:
    if not isinstance(error, dict):
        return 502
    for key in ("status", "code", "type"):
        value = error.get(key)
        if isinstance(value, str):
            value = int(value) if re.fullmatch(r"[45]\d\d", value) else STATUS.get(value.lower())
        if isinstance(value, int) and 400 <= value <= 599:
            return value
    return 502


def _message(error: object) -> str:
    """The first sentence under the usual names, however deep the envelope."""
    for _ in range(4):
        if isinstance(error, list):
            error = error[0] if error else None
        elif isinstance(error, dict):
            error = _inner(error)
        else:
            break
    return _short(error if isinstance(error, str) else "" if error is None else json.dumps(error))


def _inner(error: dict[str, Any]) -> object:
    named = (error.get(key) for key in ("error", "message", "msg", "detail", "errors"))
    return next((value for value in named if value), None) or json.dumps(error)


def _prose(text: str) -> str:
    """An HTML page's title, or its words."""
    if title := re.search(r"<title[^>]*>([^<]+)", text, re.IGNORECASE):
        return title.group(1)
    if "<" not in text:
        return text
    return re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL | re.IGNORECASE)


def _short(text: str) -> str:
    words = " ".join(text.encode("utf-8", "replace").decode().split())
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
