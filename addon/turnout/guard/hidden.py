"""What is shown to nobody: headers and parameters by their name, keys by their look.

A peer may say a key back to us in its error; what turnout writes or passes on goes through here.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

# what is in the name of a header or parameter; wider than it has to be, but for OPEN
PRIVATE = "key|token|auth|secret|cookie|credential|session-ingress"
ACCOUNT = "organi[sz]ation|project|account"  # no secret, but it says whose account it is
OPEN = frozenset({":authority", "proxy-authenticate", "www-authenticate"})
NAMES_SECRET = re.compile(PRIVATE, re.IGNORECASE)
NAMES_OWNER = re.compile(f"{PRIVATE}|{ACCOUNT}", re.IGNORECASE)
PARAMETER = re.compile(rf"([?&;](?:[^=&;#]*(?:{PRIVATE})[^=&;#]*|code|sig)=)[^&;#]*", re.IGNORECASE)
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
    return name not in OPEN and "ratelimit" not in name and bool(NAMES_SECRET.search(name))


@lru_cache(4096)
def is_personal(name: str) -> bool:
    """A header or parameter that only the client's own host may get: a secret, or whose it is."""
    return bool(NAMES_OWNER.search(name))


def hidden_path(path: str) -> str:
    """`/v1beta/models?key=***`"""
    return PARAMETER.sub(rf"\1{MASK}", path) if "?" in path else path
