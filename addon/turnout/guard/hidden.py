"""What is a secret by its name: headers and parameters whose values are shown to nobody."""

import re

# wider than it has to be, but for what are known to be no secrets
SECRET = re.compile(r"key|token|auth|secret|cookie|credential|session-ingress", re.IGNORECASE)
OPEN = frozenset({":authority", "proxy-authenticate", "www-authenticate"})
PARAMETER = re.compile(
    r"([?&;](?:[^=&;#]*(?:key|token|secret|auth)[^=&;#]*|code|sig)=)[^&;#]*", re.IGNORECASE
)
MASK = "***"


def is_hidden(header: str) -> bool:
    name = header.lower()
    return name not in OPEN and "ratelimit" not in name and bool(SECRET.search(name))


def hidden_path(path: str) -> str:
    """`/v1beta/models?key=***`"""
    return PARAMETER.sub(rf"\1{MASK}", path) if "?" in path else path
