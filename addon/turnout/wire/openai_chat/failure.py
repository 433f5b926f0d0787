"""Chat Completions' error object, the same in a body and in a stream.

https://platform.openai.com/docs/guides/error-codes
"""

from typing import Any

# status -> type, code
WORDS: dict[int, tuple[str, str | None]] = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "permission_denied"),
    404: ("invalid_request_error", "model_not_found"),
    413: ("invalid_request_error", "request_too_large"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
    503: ("server_error", "server_is_overloaded"),
    529: ("server_error", "server_is_overloaded"),
}


def error_payload(status: int, message: str) -> dict[str, Any]:
    """`status` is ours: a stream has no status line to say it in."""
    kind, code = WORDS.get(status, ("server_error", None))
    error = {"message": message, "type": kind, "param": None, "code": code, "status": status}
    return {"error": error}
