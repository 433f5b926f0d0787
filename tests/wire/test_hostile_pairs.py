"""Bad input from a client, through every ordered pair of dialects (issue 3, "Bad input").

What the others can be told is a request that their own grammar takes; else the reason why not.
"""

import json
from typing import Any

import pytest

from turnout.errors import UnsupportedError, WireError
from turnout.wire.dialects import DIALECTS
from turnout.wire.request import DialectName, Target
from wire.test_routing_mark import VALID

PATHS: dict[DialectName, str] = {
    "anthropic": "/v1/messages",
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "gemini": "/v1beta/models/gemini-3.8-flash:generateContent",
}
LETTERS: dict[str, DialectName] = dict(zip("acrg", PATHS, strict=True))
MODELS = {"anthropic": "claude-x", "gemini": "gemini-3-x"}
OK, UNREADABLE, NATIVE, UNKNOWN = "", "unreadable", "native_only", "unknown_field"
HALF = "\\ud800"  # a lone surrogate, as JSON writes it


def deep(depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        made = {"type": "object", "properties": {"a": made}}
    return made


def a(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 100, "messages": list(messages), **more}


def c(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages), **more}


def r(said: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "input": said, "store": False, **more}


def g(*contents: Any, **more: Any) -> dict[str, Any]:
    return {"contents": list(contents), **more}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def by(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


def parts(role: str, *inside: Any) -> dict[str, Any]:
    return {"role": role, "parts": list(inside)}


HI, ON = user("hi"), user("go on")
USE = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
USED = {"type": "tool_result", "tool_use_id": "t", "content": "ok"}
CALL = {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLED = {"role": "tool", "tool_call_id": "t", "content": "ok"}
ITEM = {"type": "function_call", "call_id": "t", "name": "f", "arguments": "{}"}
OUT = {"type": "function_call_output", "call_id": "t", "output": "ok"}
FC = {"functionCall": {"id": "t", "name": "f", "args": {}}}
FR = {"functionResponse": {"id": "t", "name": "f", "response": {"a": 1}}}
G_HI = parts("user", {"text": "hi"})


def arguments(text: str) -> dict[str, Any]:
    called = {**CALL, "function": {"name": "f", "arguments": text}}
    return c(HI, by(None, tool_calls=[called]), CALLED)


BODIES: dict[str, tuple[Any, str]] = {
    "a: one id twice": (a(HI, by([USE, USE]), user([USED, USED])), OK),
    "a: one id in two turns": (a(HI, by([USE]), user([USED]), by([USE]), user([USED])), OK),
    "a: a result without its call": (a(HI, user([USED])), NATIVE),
    "a: a call without its result": (a(HI, by([USE]), ON), NATIVE),
    "a: arguments that are no object": (
        a(HI, by([USE | {"input": "x"}]), user([USED])),
        UNREADABLE,
    ),
    "a: no arguments": (a(HI, by([USE | {"input": None}]), user([USED])), OK),
    "a: 64 levels": (a(HI, tools=[{"name": "f", "input_schema": deep(64)}]), OK),
    "a: 500 tools": (
        a(
            HI,
            tools=[
                {"name": f"f{n}", "input_schema": deep(0) | {"type": "object"}} for n in range(500)
            ],
        ),
        OK,
    ),
    "a: an empty text": (a(user("")), NATIVE),
    "a: no blocks": (a(user([])), NATIVE),
    "a: an empty answer": (a(HI, by([]), ON), OK),
    "a: an empty result": (a(HI, by([USE]), user([USED | {"content": []}])), OK),
    "a: no messages": (a(), NATIVE),
    "a: an empty system": (a(HI, system=[]), OK),
    "a: an unknown block": (a(user([{"type": "hologram"}])), UNKNOWN),
    "a: an unknown block in a result": (
        a(HI, by([USE]), user([USED | {"content": [{"type": "hologram"}]}])),
        UNKNOWN,
    ),
    "a: no output": (a(HI, max_tokens=0), NATIVE),
    "a: less than no output": (a(HI, max_tokens=-5), NATIVE),
    "a: half a character": (json.dumps(a(HI)).replace("hi", HALF), UNREADABLE),
    "c: one id twice": (c(HI, by(None, tool_calls=[CALL, CALL]), CALLED, CALLED), OK),
    "c: a result without its call": (c(HI, CALLED), NATIVE),
    "c: a call without its result": (c(HI, by(None, tool_calls=[CALL]), ON), NATIVE),
    "c: arguments that are no JSON": (arguments("{bad"), OK),
    "c: arguments with half a character": (arguments(f'{{"a":"{HALF}"}}'), OK),
    "c: arguments with NaN": (arguments('{"a":NaN}'), OK),
    "c: no text": (c(user(None)), NATIVE),
    "c: an unknown part": (c(user([{"type": "hologram"}])), UNKNOWN),
    "c: no output": (c(HI, max_completion_tokens=0), NATIVE),
    "c: half a character": (json.dumps(c(HI)).replace("hi", HALF), UNREADABLE),
    "r: nothing": (r(""), NATIVE),
    "r: no items": (r([]), NATIVE),
    "r: one id twice": (r([HI, ITEM, ITEM, OUT, OUT]), OK),
    "r: a result before its call": (r([HI, OUT, ITEM]), NATIVE),
    "r: arguments that are no JSON": (r([HI, ITEM | {"arguments": "{bad"}, OUT]), OK),
    "r: an unknown item": (r([HI, {"type": "hologram"}]), NATIVE),
    "r: a thought that says nothing": (r([HI, {"type": "reasoning", "summary": []}, ON]), OK),
    "r: no output": (r("hi", max_output_tokens=0), NATIVE),
    "r: half a character": (json.dumps(r("hi")).replace("hi", HALF), UNREADABLE),
    "g: one id twice": (g(G_HI, parts("model", FC, FC), parts("user", FR, FR)), OK),
    "g: a result without its call": (g(G_HI, parts("user", FR)), NATIVE),
    "g: a call without its result": (g(G_HI, parts("model", FC), G_HI), NATIVE),
    "g: no parts": (g(parts("user")), NATIVE),
    "g: an empty part": (g(parts("user", {})), NATIVE),
    "g: an empty answer": (g(G_HI, parts("model"), G_HI), OK),
    "g: an unknown part": (g(parts("user", {"hologram": {}})), UNKNOWN),
    "g: no output": (g(G_HI, generationConfig={"maxOutputTokens": 0}), NATIVE),
    "g: half a character": (json.dumps(g(G_HI)).replace("hi", HALF), UNREADABLE),
}
CASES = [
    pytest.param(client, body, to, verdict, id=f"{name} -> {to}")
    for name, (body, verdict) in BODIES.items()
    for client in (LETTERS[name[0]],)
    for to in DIALECTS
    if to != client
]


@pytest.mark.parametrize(("client", "body", "to", "verdict"), CASES)
def test_bad_input(client: DialectName, body: Any, to: DialectName, verdict: str) -> None:
    target = Target(model=MODELS.get(to, "m"), reasoning="effort", efforts=("low",))
    raw = body if isinstance(body, str) else json.dumps(body)
    try:
        request = DIALECTS[client].read_request(raw.encode(), PATHS[client])
        written = DIALECTS[to].write_request(request, target)
    except UnsupportedError as e:
        assert e.reason == verdict
    except WireError as e:
        assert verdict == UNREADABLE
        assert "Error(" not in str(e), "a sentence, not what Python calls it"
    else:
        assert verdict == OK
        VALID[to](json.loads(written.body))


def test_an_empty_block_of_text() -> None:
    """Nothing would be left of it in two dialects; the third takes it."""
    request = DIALECTS["anthropic"].read_request(
        json.dumps(a(user([{"type": "text", "text": ""}]))).encode(), PATHS["anthropic"]
    )
    for to in ("openai_chat", "gemini"):
        with pytest.raises(UnsupportedError):
            DIALECTS[to].write_request(request, Target(model="m"))
    assert DIALECTS["openai_responses"].write_request(request, Target(model="m")).body


# what cannot be read -> what a person is told
WORDS: dict[str, tuple[bytes, str]] = {
    "cut short": (b'{"model":', "anthropic: it is cut short"),
    "half a character": (b'{"model":"a\\ud800b"}', "half a character"),
    "of another type": (b'{"model":1,"messages":[]}', "Expected `str`, got `int` - at `$.model`"),
    "no field": (b"{}", "missing required field `model`"),
}


@pytest.mark.parametrize(("raw", "words"), WORDS.values(), ids=WORDS)
def test_the_words(raw: bytes, words: str) -> None:
    with pytest.raises(WireError, match=r"^anthropic: ") as caught:
        DIALECTS["anthropic"].peek(raw, "")
    assert words in str(caught.value)
    assert "Error(" not in str(caught.value)
