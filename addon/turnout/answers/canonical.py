"""Which requests may be answered from the past, and what makes two of them the same.

Two requests are the same when their bodies say the same, without what no answer depends on, and
the same client sent them to the same host under the same rules. Anything that is not clearly safe
(tools, sealed thoughts, pictures by URL, what only one vendor understands) is never answered so.
"""

import hashlib
import math
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from turnout.config.settings import Cache
from turnout.errors import TurnoutError, reading
from turnout.trip import CREDENTIALS, Arrival, Plan
from turnout.wire import excerpt
from turnout.wire.request import Document, Image, Request, Text

MOST_BYTES = 1 << 20  # of a body: hashing more holds up the loop

# dialect -> members of its body that no answer depends on: ids, accounts, storage, how it is sent
VOLATILE: dict[str, frozenset[str]] = {
    "anthropic": frozenset({"stream", "metadata", "cache_control", "diagnostics"}),
    "openai_chat": frozenset(
        {"stream", "stream_options", "user", "metadata", "safety_identifier", "store", "usage"}
        | {"prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"}
    ),
    "openai_responses": frozenset(
        {"stream", "stream_options", "user", "metadata", "client_metadata", "safety_identifier"}
        | {"prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"}
    ),
    "gemini": frozenset({"labels"}),
}
# dialect -> where its conversation is
SAID = {
    "anthropic": "messages",
    "openai_chat": "messages",
    "openai_responses": "input",
    "gemini": "contents",
}
# headers that an answer may depend on
FACTORS = ("anthropic-beta", "anthropic-version", "openai-beta", "openai-organization",
           "openai-project", "x-goog-user-project")  # fmt: skip


def key(plan: Plan, rules: Cache) -> str:
    """What the answer to this request is kept by; "" when it may not be. Raises TurnoutError."""
    if not rules.exact or not _clear(plan) or not _safe(plan.request(), rules):
        return ""
    body = canonical(plan.body, plan.dialect.name)
    return _hash(*scope(plan), body) if body else ""


def scope(plan: Plan) -> Iterator[bytes]:
    """Whose request it is, and under which rules: nobody else ever gets the answer."""
    decision, arrival = plan.decision, plan.arrival
    forced = f"{decision.provider}/{decision.model}" if decision.reason == "forced" else ""
    for word in (
        *(decision.tenant, arrival.home, urlsplit(arrival.url).netloc, plan.dialect.name),
        *(decision.requested_model, plan.ask.model, forced),
        *(str(decision.evidence.get("profile", "")), arrival.header("x-turnout-profile")),
        *(arrival.header(name) for name in FACTORS),
    ):
        yield word.encode("utf-8", "surrogateescape")
    yield credential(arrival)


def credential(arrival: Arrival) -> bytes:
    """A hash of everything that says who the client is."""
    said = sorted((k.lower(), v) for k, v in arrival.headers if k.lower() in CREDENTIALS)
    said += [pair for pair in parse_qsl(urlsplit(arrival.url).query) if pair[0].lower() == "key"]
    return _hash(
        *(part.encode("utf-8", "surrogateescape") for pair in said for part in pair)
    ).encode()


def canonical(body: bytes, dialect: str) -> bytes:
    """The body without what no answer depends on, in one order. b"" when it may not be kept."""
    document = _document(body, dialect)
    return _encode(document) if document else b""


def question(body: bytes, dialect: str) -> tuple[bytes, str] | None:
    """The canonical body without its one human text, and that text; None when there are more."""
    document = _document(body, dialect)
    found = _only_text(document.get(SAID[dialect])) if document else None
    if document is None or found is None:
        return None
    text, put = found
    put("")
    return _encode(document), text


def _clear(plan: Plan) -> bool:
    """What the head of a request says already."""
    ask = plan.ask
    native = ask.tools or ask.server_tools or ask.forced_tool or ask.signed_thinking
    off = plan.arrival.header("x-turnout-cache").strip().lower() == "off"
    return not (native or off or len(plan.body) > MOST_BYTES)


def _safe(request: Request, rules: Cache) -> bool:
    if rules.exact != "always" and request.temperature != 0:
        return False
    if request.tools or request.tool_choice:
        return False
    return all(_plain(part) for message in request.messages for part in message.parts)


def _plain(part: object) -> bool:
    """What is behind a URL may be something else tomorrow."""
    return isinstance(part, Text) or (isinstance(part, Image | Document) and not part.url)


def _document(body: bytes, dialect: str) -> dict[str, Any] | None:
    with reading(dialect):
        document = msgspec.json.decode(body, type=dict[str, Any])
        if dialect == "openai_responses" and document.get("store") is not False:
            return None  # the client may look for the answer where it is stored
        document = {k: v for k, v in document.items() if k not in VOLATILE[dialect]}
        for name in (SAID[dialect], "system"):
            if name in document:
                document[name] = _unmarked(document[name])
        if dialect == "openai_responses" and isinstance(document["input"], list):
            document["input"] = [_without_id(item) for item in document["input"]]
        if dialect == "anthropic" and "system" in document:
            document["system"] = _unbilled(document["system"])
        return document


def _unmarked(value: Any) -> Any:
    """Without cache marks, wherever they are."""
    if isinstance(value, dict):
        return {k: _unmarked(v) for k, v in value.items() if k != "cache_control"}
    return [_unmarked(one) for one in value] if isinstance(value, list) else value


def _without_id(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    return {name: value for name, value in item.items() if name not in ("id", "status")}


def _unbilled(system: Any) -> Any:
    """Without the line of Claude Code that differs in every body."""
    if isinstance(system, str):
        return excerpt.without_billing([system])
    first, *rest = system or [{}]
    kept = excerpt.without_billing([str(first.get("text", ""))])
    return [*({**first, "text": text} for text in kept), *rest]


def _only_text(said: Any) -> tuple[str, Callable[[str], None]] | None:
    """The one text that a human wrote, and how to write another in its place."""
    if not isinstance(said, list):
        return None
    humans = [turn for turn in said if turn.get("role", "user") not in ("system", "developer")]
    if len(humans) != 1 or humans[0].get("role", "user") != "user" or said[-1] is not humans[0]:
        return None
    turn = humans[0]
    name = "parts" if "parts" in turn else "content"
    place, index = (turn, name) if isinstance(turn[name], str) else (turn[name][0], "text")
    if not isinstance(turn[name], str) and (len(turn[name]) != 1 or index not in place):
        return None
    return str(place[index]), lambda text: place.__setitem__(index, text)


def _encode(document: Any) -> bytes:
    return msgspec.json.encode(document, order="sorted")


def _hash(*parts: bytes) -> str:
    """Each part with its length, so that none can run into the next."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def context(plan: Plan) -> tuple[str, str] | None:
    """For a first question: the key of everything but its text, and the text."""
    asked = question(plan.body, plan.dialect.name)
    return (_hash(*scope(plan), asked[0]), asked[1]) if asked else None


def age(at: float, now: float) -> float:
    """Seconds; a clock that was set back makes nothing younger than new."""
    return max(now - at, 0.0) if math.isfinite(at) else math.inf


__all__ = ["TurnoutError", "age", "canonical", "context", "credential", "key", "question", "scope"]
