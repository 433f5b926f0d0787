"""Requests that only ask how many tokens a request has.

    POST /v1/messages/count_tokens           {"input_tokens": 7}
    POST /v1/responses/input_tokens          {"object": "response.input_tokens", "input_tokens": 7}
    POST /v1beta/models/MODEL:countTokens    {"totalTokens": 7}

https://platform.claude.com/docs/en/api/messages/count_tokens
https://platform.openai.com/docs/api-reference/responses/input-tokens
https://ai.google.dev/api/tokens
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from turnout.wire import splice
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import Ask, DialectName

# what a completion may say and the counting endpoint refuses ("extra inputs are not permitted")
ONLY_IN_COMPLETIONS = (
    *("max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "metadata"),
    *("service_tier", "container", "inference_geo"),
)
WRAPPED = "generateContentRequest"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`refused`: fields it does not take. `answer(tokens)`: what it says."""

    dialect: DialectName
    path: re.Pattern[str]
    answer: Callable[[int], dict[str, Any]]
    refused: tuple[str, ...] = ()


_BELOW = r"(?:/[\w.~-]+)*"
ENDPOINTS = (
    Endpoint(
        "anthropic",
        re.compile(_BELOW + r"/v1/messages/count_tokens"),
        lambda tokens: {"input_tokens": tokens},
        ONLY_IN_COMPLETIONS,
    ),
    Endpoint(
        "openai_responses",
        re.compile(_BELOW + r"/responses/input_tokens"),
        lambda tokens: {"object": "response.input_tokens", "input_tokens": tokens},
    ),
    Endpoint(
        "gemini",
        re.compile(r"/v1(alpha|beta)?/models/[^/:]+:countTokens"),
        lambda tokens: {"totalTokens": tokens},
    ),
)


def recognise(method: str, path: str) -> Endpoint | None:
    bare = path.partition("?")[0].partition("#")[0]
    found = (one for one in ENDPOINTS if method == "POST" and one.path.fullmatch(bare))
    return next(found, None)


def accepted(endpoint: Endpoint, body: bytes) -> bytes:
    """The body without the fields that the endpoint refuses. Raises WireError."""
    if not endpoint.refused:
        return body
    there = splice.fields(body).keys() & set(endpoint.refused)
    return splice.edit(body, remove=there) if there else body


def asked(endpoint: Endpoint, body: bytes, path: str) -> Ask:
    """The facts of the request that is to be counted. Raises WireError."""
    if endpoint.dialect == "gemini":
        body, path = _wrapped(body), path.replace(":countTokens", ":generateContent", 1)
    return DIALECTS[endpoint.dialect].peek(body, path)


def answer(endpoint: Endpoint, tokens: int) -> bytes:
    return msgspec.json.encode(endpoint.answer(tokens))


def _wrapped(body: bytes) -> bytes:
    """The contents stand in the body itself, or in a whole request inside it."""
    inner = splice.fields(body).get(WRAPPED)
    return body[inner.value : inner.end] if inner else body
