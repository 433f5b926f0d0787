"""Whose account pays, told without its key: a digest that means nothing outside this process."""

import secrets
from hashlib import blake2b
from urllib.parse import parse_qsl, urlsplit

from turnout.trip import CREDENTIALS, Headers

_SALT = secrets.token_bytes(16)


def account(headers: Headers, url: str) -> str:
    found = [value for key, value in headers if key.lower() in CREDENTIALS]
    found += [value for key, value in parse_qsl(urlsplit(url).query) if key.lower() == "key"]
    text = "\n".join(sorted(found)).encode("utf-8", "surrogateescape")
    return blake2b(text, digest_size=6, key=_SALT).hexdigest()
