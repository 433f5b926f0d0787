"""Responses' error objects: of a body, and of a response that failed.

https://platform.openai.com/docs/guides/error-codes
"""

from typing import Any

from turnout.wire.openai_chat.failure import error_payload

__all__ = ["error_payload", "response_error"]

# status -> code; not "server_is_overloaded", on which codex gives up for good
CODES: dict[int, str] = {
    400: "invalid_prompt",
    429: "rate_limit_exceeded",
}


def response_error(status: int, message: str) -> dict[str, Any]:
    """`status` is ours: a stream has no status line to say it in."""
    return {"code": CODES.get(status, "server_error"), "message": message, "status": status}
