"""Requests that only ask how many tokens a request has."""

import json
from typing import Any

import pytest

from turnout.errors import WireError
from turnout.wire import counting

ENDPOINTS = {
    "/v1/messages/count_tokens": "anthropic",
    "/v1/messages/count_tokens?beta=true": "anthropic",
    "/anthropic/v1/messages/count_tokens": "anthropic",
    "/v1/responses/input_tokens": "openai_responses",
    "/v1beta/models/gemini-x:countTokens": "gemini",
    "/v1/messages": None,
    "/v1/messages/count_tokens/x": None,
    "/v1beta/models/gemini-x:generateContent": None,
}
USER = {"role": "user", "content": "Hello"}
PNG = "iVBORw0KGgo" * 4000
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
CALL = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "x" * 4000}}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "y" * 4000}
TOOL = {"name": "Bash", "description": "z" * 4000, "input_schema": {"type": "object"}}


def endpoint(path: str) -> counting.Endpoint:
    found = counting.recognise("POST", path)
    assert found
    return found


@pytest.mark.parametrize(("path", "dialect"), ENDPOINTS.items())
def test_recognise(path: str, dialect: str | None) -> None:
    found = counting.recognise("POST", path)
    assert (found and found.dialect) == dialect
    assert counting.recognise("GET", path) is None


def test_c70_fields_that_are_refused_go_and_nothing_else() -> None:
    path = "/v1/messages/count_tokens"
    sent = (
        b'{ "max_tokens": 9,"model":"m", "messages": [],\n "stream":true,"system": "s", "new": 1}'
    )
    kept = b'{ "model":"m", "messages": [],"system": "s", "new": 1}'
    left = counting.accepted(endpoint(path), sent)
    assert json.loads(left) == json.loads(kept)
    assert b'"model":"m", "messages": []' in left
    assert counting.accepted(endpoint(path), kept) is kept


def test_c70_only_where_they_are_refused() -> None:
    sent = b'{"model": "m", "input": "x", "stream": true}'
    assert counting.accepted(endpoint("/v1/responses/input_tokens"), sent) is sent


def counted(path: str, body: dict[str, Any]) -> int:
    return counting.asked(endpoint(path), json.dumps(body).encode(), path).input_tokens


def anthropic(*content: dict[str, Any], **rest: Any) -> int:
    said = [USER, {"role": "user", "content": [*content]}]
    return counted("/v1/messages/count_tokens", {"model": "m", "messages": said, **rest})


# what is added to a request, and about how many tokens it has
ADDED: dict[str, tuple[int, int]] = {
    "c70 the input of a call": (anthropic(CALL), 1000),
    "c70 the result of a call": (anthropic(RESULT), 1000),
    "c70 a tool": (anthropic(tools=[TOOL]), 1000),
    "c70 an image, whatever its bytes": (anthropic(IMAGE), 1500),
    "c70 an image in a result": (anthropic({**RESULT, "content": [IMAGE]}), 1500),
}


@pytest.mark.parametrize(("tokens", "expected"), ADDED.values(), ids=ADDED)
def test_what_is_counted(tokens: int, expected: int) -> None:
    assert expected <= tokens - anthropic() < expected + 60


def test_gemini_wraps_a_whole_request_or_does_not() -> None:
    path = "/v1beta/models/gemini-x:countTokens?key=k"
    contents = [{"role": "user", "parts": [{"text": "w" * 4000}]}]
    plain = counted(path, {"contents": contents})
    wrapped = counted(path, {"generateContentRequest": {"model": "x", "contents": contents}})
    assert plain == wrapped > 1000


def test_the_model_of_gemini_is_in_the_path() -> None:
    path = "/v1beta/models/gemini-x:countTokens"
    assert counting.asked(endpoint(path), b'{"contents": []}', path).model == "gemini-x"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"messages": []}', b'{"model": "m", "model": "m"}'])
def test_what_cannot_be_read(body: bytes) -> None:
    with pytest.raises(WireError):
        counting.asked(endpoint("/v1/messages/count_tokens"), body, "/v1/messages/count_tokens")


ANSWERS = {
    "/v1/messages/count_tokens": {"input_tokens": 7},
    "/v1/responses/input_tokens": {"object": "response.input_tokens", "input_tokens": 7},
    "/v1beta/models/m:countTokens": {"totalTokens": 7},
}


@pytest.mark.parametrize(("path", "said"), ANSWERS.items())
def test_c70_the_answer(path: str, said: dict[str, Any]) -> None:
    assert json.loads(counting.answer(endpoint(path), 7)) == said
