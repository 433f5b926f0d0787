"""What the path says in this dialect: the model, and in which frames the answer comes.

    /v1beta/models/MODEL:generateContent                    one object
    /v1beta/models/MODEL:streamGenerateContent?alt=sse      server-sent events
    /v1beta/models/MODEL:streamGenerateContent              an array of objects, as it grows

https://ai.google.dev/api/generate-content
"""

import re
from urllib.parse import parse_qs, quote, unquote

from turnout.errors import WireError
from turnout.wire.dialect import Place

_PATH = re.compile(r"(.*/models/)([^/:?#]+):(generate|streamGenerate)Content(?:\?([^#]*))?(?:#.*)?")


def read(path: str) -> Place:
    """Raises WireError for a path that asks for no completion."""
    match = _PATH.fullmatch(path)
    if not match:
        raise WireError("gemini: the path names no model")
    _, model, verb, query = match.groups()
    sse = "sse" in parse_qs(query or "").get("alt", ())
    return Place(unquote(model), stream=verb == "streamGenerate", sse=sse)


def moved(url: str, model: str) -> str:
    """The same path or URL with another model in it. Raises WireError."""
    match = _PATH.fullmatch(url)
    if not match:
        raise WireError("gemini: the path names no model")
    return url[: match.start(2)] + quote(model, safe="") + url[match.end(2) :]


def path(model: str, stream: bool) -> str:
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return f"/models/{quote(model, safe='')}:{verb}"
