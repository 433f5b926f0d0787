"""Requests in the four dialects, and what a client makes of the answers."""

import json
import re
from dataclasses import dataclass
from typing import Any

from turnout.wire.request import DialectName

DIALECTS: tuple[DialectName, ...] = ("anthropic", "openai_chat", "openai_responses", "gemini")
HOMES = {
    "anthropic": "anthropic",
    "openai_chat": "openai",
    "openai_responses": "openai",
    "gemini": "google",
}
CLIENT_KEY = "sk-the-clients-own"
HEADERS: dict[str, tuple[tuple[str, str], ...]] = {
    "anthropic": (("x-api-key", CLIENT_KEY), ("anthropic-version", "2023-06-01")),
    "openai_chat": (("authorization", f"Bearer {CLIENT_KEY}"),),
    "openai_responses": (("authorization", f"Bearer {CLIENT_KEY}"),),
    "gemini": (("x-goog-api-key", CLIENT_KEY),),
}
# in a stream: what ends an answer, and what breaks it off
# fmt: off
END = {
    "anthropic":        re.compile(rb"^event: message_stop$", re.MULTILINE),
    "openai_chat":      re.compile(rb'"finish_reason":"'),
    "openai_responses": re.compile(rb"^event: response.completed$", re.MULTILINE),
    "gemini":           re.compile(rb'"finishReason":"'),
}
BROKEN = {
    "anthropic":        re.compile(rb"^event: error$", re.MULTILINE),
    "openai_chat":      re.compile(rb'^data: {"error":', re.MULTILINE),
    "openai_responses": re.compile(rb"^event: (response.failed|error)$", re.MULTILINE),
    "gemini":           re.compile(rb'^data: {"error":', re.MULTILINE),
}
# where the reason of the end is said before the end
SAID_BEFORE = ("openai_chat", "gemini")
# what a whole answer has, whatever else
WHOLE = {"anthropic": "content", "openai_chat": "choices", "openai_responses": "output",
         "gemini": "candidates"}
# fmt: on


def body(dialect: DialectName, model: str, *, stream: bool, text: str = "Say it.") -> bytes:
    said = {"role": "user", "content": text}
    document: dict[str, Any]
    match dialect:
        case "anthropic":
            document = {"model": model, "max_tokens": 64, "messages": [said], "stream": stream}
        case "openai_chat":
            document = {"model": model, "messages": [said], "stream": stream}
        case "openai_responses":
            document = {"model": model, "input": [said], "stream": stream, "store": False}
        case "gemini":
            document = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
    return json.dumps(document, indent=1).encode()


def path(dialect: DialectName, model: str, *, stream: bool) -> str:
    if dialect == "gemini":
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"/v1beta/models/{model}:{verb}"
    return {
        "anthropic": "/v1/messages",
        "openai_chat": "/v1/chat/completions",
        "openai_responses": "/v1/responses",
    }[dialect]


@dataclass(frozen=True, slots=True)
class Got:
    """What a client got. `lost`: its connection broke before the end. `wait`: its retry-after."""

    dialect: DialectName
    stream: bool
    status: int
    body: bytes
    lost: bool = False
    wait: str = ""


class BreachError(Exception):
    """No client may ever see this."""


def outcome(got: Got, ours: str, homes: str) -> str:
    """What it amounts to: "ours", "home" (a whole answer), "cut", "error 503", "page 503", "lost".

    `ours`, `homes`: all that the target and the home say. Raises BreachError for anything else.
    """
    if got.status >= 400:
        return _refusal(got)
    said = [name for name, text in (("ours", ours), ("home", homes)) if text[:6] in _text(got)]
    if len(said) > 1:
        raise BreachError("two answers in one")
    if got.stream and not _ended(got):
        return "lost" if got.lost else "cut"
    if got.lost:
        return "lost"
    if not said or {"ours": ours, "home": homes}[said[0]] not in _text(got):
        raise BreachError(f"it looks finished, and is not whole: {got.body[:2000]!r}")
    return said[0]


def _refusal(got: Got) -> str:
    if got.body.startswith(b"<html"):
        return f"page {got.status}"
    try:
        error = json.loads(got.body)["error"]
    except (ValueError, LookupError, TypeError) as e:
        raise BreachError(f"no error of its dialect: {got.body[:300]!r}") from e
    if not isinstance(error, dict) or not error.get("message"):
        raise BreachError(f"an error that says nothing: {got.body[:300]!r}")
    return f"error {got.status}"


def _ended(got: Got) -> bool:
    """Exactly one end, of one kind; after a failure nothing follows."""
    ends, failures = (len(mark[got.dialect].findall(got.body)) for mark in (END, BROKEN))
    if got.lost and not ends + failures:
        return False
    if failures and got.dialect in SAID_BEFORE and b"data: [DONE]" not in got.body:
        ends = 0  # usage was to come, and the end itself
    if ends + failures != 1:
        raise BreachError(f"{ends} ends and {failures} failures: {got.body[-800:]!r}")
    return bool(ends)


def _text(got: Got) -> str:
    """All text in it, in order."""
    if not got.stream:
        try:
            document = json.loads(got.body)
        except ValueError:
            return ""
        if WHOLE[got.dialect] not in document:
            raise BreachError(f"no answer of its dialect: {got.body[:300]!r}")
        return "".join(_strings(document))
    frames = [line[6:] for line in got.body.split(b"\n") if line.startswith(b"data: {")]
    return "".join(text for frame in frames for text in _deltas(got.dialect, _json(frame)))


def _json(frame: bytes) -> Any:
    try:
        return json.loads(frame)
    except ValueError:
        return {}


def _deltas(dialect: DialectName, event: Any) -> list[str]:
    match dialect:
        case "anthropic":
            return [event["delta"]["text"]] if event.get("type") == "content_block_delta" and \
                "text" in event["delta"] else []  # fmt: skip
        case "openai_responses":
            return [event["delta"]] if event.get("type") == "response.output_text.delta" else []
        case "openai_chat":
            return [one["delta"].get("content") or "" for one in event.get("choices") or () if one]
        case "gemini":
            return _strings(event.get("candidates") or ())


def _strings(value: Any) -> list[str]:
    """Under `text` and `content`, at any depth."""
    if isinstance(value, list):
        return [text for one in value for text in _strings(one)]
    if not isinstance(value, dict):
        return []
    found = []
    for key, one in value.items():
        found += [one] if key in ("text", "content") and isinstance(one, str) else _strings(one)
    return found
