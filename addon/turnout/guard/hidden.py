"""What is shown to nobody: headers and parameters by their name, keys by their look.

A peer may say a key back to us in its error; what turnout writes or passes on goes through here.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

# wider than it has to be, but for what are known to be no secrets
SECRET = re.compile(r"key|token|auth|secret|cookie|credential|session-ingress", re.IGNORECASE)
OPEN = frozenset({":authority", "proxy-authenticate", "www-authenticate"})
PARAMETER = re.compile(
    r"([?&;](?:[^=&;#]*(?:key|token|secret|auth)[^=&;#]*|code|sig)=)[^&;#]*", re.IGNORECASE
)
# as providers begin their keys, and tokens: a header's, or JSON Web Tokens
KEYS = re.compile(
    r"\b(?:sk|gsk|xai|fw|tgp|hf|r8|pplx)[-_][\w-]{8,}"
    r"|\bAIza[\w-]{10,}"
    r"|\beyJ[\w-]{10,}\.[\w-]+(?:\.[\w-]+)?"
    r"|(?<=[Bb]earer )[^\s\"',;]{8,}"
)
MASK = "***"
SHORTEST = 6  # characters; what is shorter is a word


def redacted(text: str, known: Iterable[str] = ()) -> str:
    """Without what looks like a key, and without those that are known."""
    for secret in known:
        if len(secret) >= SHORTEST and secret in text:
            text = text.replace(secret, MASK)
    return KEYS.sub(MASK, text)


@lru_cache(4096)  # asked for every header of every request
def is_hidden(header: str) -> bool:
    name = header.lower()
    return name not in OPEN and "ratelimit" not in name and bool(SECRET.search(name))


def hidden_path(path: str) -> str:
    """`/v1beta/models?key=***`"""
    return PARAMETER.sub(rf"\1{MASK}", path) if "?" in path else path
