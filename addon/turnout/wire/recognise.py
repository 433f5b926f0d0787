"""Which dialect a request speaks, from where it is sent. First match wins; no match, no touch."""

import json
import re
from collections.abc import Mapping

from turnout.wire.request import DialectName

# gateways mount the same paths below folders of their own: /api/v1/..., /anthropic/v1/...
_BELOW = r"(?:/[\w.~-]+)*"

# fmt: off
# method  path, without its query                                            dialect
TABLE: tuple[tuple[str, re.Pattern[str], DialectName], ...] = (
    ("POST", re.compile(_BELOW + r"/v1/messages"),                           "anthropic"),
    ("POST", re.compile(_BELOW + r"/chat/completions"),                      "openai_chat"),
    ("POST", re.compile(_BELOW + r"/responses"),                             "openai_responses"),
    ("POST", re.compile(r"/v1(alpha|beta)?/models/[^/:]+:generateContent"),  "gemini"),
    ("POST", re.compile(r"/v1(alpha|beta)?/models/[^/:]+:streamGenerateContent"), "gemini"),
)

# what a client of the base-URL port means: by a header it sends              provider
BASE_HEADERS: tuple[tuple[str, str], ...] = (
    ("anthropic-version",                                                    "anthropic"),
    ("x-goog-api-key",                                                       "google"),
)
#                                           by where it sends it
BASE_PATHS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"/v1/messages(/.*)?"),                                      "anthropic"),
    (re.compile(r"/v1(alpha|beta)/.*"),                                      "google"),
    (re.compile(r"/v1/models/[^/:]+:\w+"),                                   "google"),
    (re.compile(r"/v1/(chat/completions|completions|embeddings|moderations)"), "openai"),
    (re.compile(r"/v1/(responses|conversations|models|files|images|audio)(/.*)?"), "openai"),
)
# fmt: on


# a top-level key that only one dialect has
TELLING: tuple[tuple[str, DialectName], ...] = (
    ("contents", "gemini"),
    ("input", "openai_responses"),
    ("system", "anthropic"),
    ("stop_sequences", "anthropic"),
    ("anthropic_version", "anthropic"),
)


def recognise(method: str, path: str) -> DialectName | None:
    """The dialect of a completion request; None for everything else, count_tokens included."""
    path = _bare(path)
    for verb, pattern, name in TABLE:
        if method == verb and pattern.fullmatch(path):
            return name
    return None


def base_home(path: str, headers: Mapping[str, str]) -> str | None:
    """The built-in provider a request on the base-URL port is for. Header names in lower case."""
    path = _bare(path)
    marked = next((home for name, home in BASE_HEADERS if name in headers), None)
    return marked or next((home for place, home in BASE_PATHS if place.fullmatch(path)), None)


def is_responses_upgrade(method: str, path: str, headers: Mapping[str, str]) -> bool:
    """Codex first tries to hold Responses over a WebSocket. Header names in lower case."""
    wants = [word.strip().lower() for word in headers.get("upgrade", "").split(",")]
    return (
        method == "GET" and "websocket" in wants and recognise("POST", path) == "openai_responses"
    )


def _bare(path: str) -> str:
    return path.partition("?")[0].partition("#")[0]


def guess(body: bytes) -> DialectName:
    """The dialect of a body, by its keys and then by its model's name."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return "anthropic"  # whose reader says what is wrong with it
    for key, dialect in TELLING:
        if key in document:
            return dialect
    return "anthropic" if "claude" in str(document.get("model")) else "openai_chat"
