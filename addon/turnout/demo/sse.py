"""Events as bytes, and JSON as the providers write it."""

import json
from typing import Any


def dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def frame(payload: Any, event: str = "") -> bytes:
    head = f"event: {event}\n".encode() if event else b""
    return head + b"data: " + dump(payload) + b"\n\n"
