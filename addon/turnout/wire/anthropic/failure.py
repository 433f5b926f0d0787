"""Anthropic's error envelope, the same in a body and in a stream.

https://docs.anthropic.com/en/api/errors
"""

from typing import Any

TYPES: dict[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}


def error_payload(status: int, message: str) -> dict[str, Any]:
    kind = TYPES.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}}
