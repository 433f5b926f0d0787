"""Gemini: what routing is told of a body, and the body for another model of the dialect."""

import json
from contextlib import suppress
from typing import Any

import pytest

from turnout.errors import UnsupportedError, WireError
from turnout.wire import gemini
from turnout.wire.gemini.edit import splice
from turnout.wire.gemini.peek import peek
from turnout.wire.request import Ask, Target
from wire.test_bad_bodies import ODD, places, put

PATH = "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"


def said(*parts: Any, role: str = "user") -> dict[str, Any]:
    return {"role": role, "parts": [{"text": p} if isinstance(p, str) else p for p in parts]}


def ask(*contents: dict[str, Any], **more: Any) -> Ask:
    return peek(json.dumps({"contents": list(contents)} | more).encode(), PATH)


CALL = {"functionCall": {"name": "f", "args": {}}}
SIGNED = CALL | {"thoughtSignature": "AAA="}
OK = {"functionResponse": {"name": "f", "response": {}}}
PNG = {"inlineData": {"mimeType": "image/png", "data": "iVBO" * 5000}}
PDF = {"inlineData": {"mimeType": "application/pdf", "data": "JVBE" * 5000}}
FUNCTIONS = [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}]
SHOWN = {"functionResponse": {"name": "f", "parts": [PNG]}}
JSON_FORMAT = {
    "responseMimeType": "application/json",
    "responseJsonSchema": {"type": "OBJECT", "properties": {"complexity_score": {}}},
}

FACTS: dict[str, tuple[Ask, dict[str, Any]]] = {
    "the plain facts": (
        ask(said("hello"), generationConfig={"maxOutputTokens": 9}),
        {
            "dialect": "gemini",
            "model": "gemini-3.8-flash",
            "stream": True,
            "max_tokens": 9,
            "messages": 1,
            "humans": ("hello",),
            "first_human": "hello",
            "system": "",
            "tools": (),
            "structured": False,
            "effort": None,
            "last_is_tool_result": False,
            "signed_thinking": False,
        },
    ),
    "system, in either spelling": (
        ask(said("a"), system_instruction={"role": "user", "parts": [{"text": "One."}]}),
        {"system": "One."},
    ),
    "latest first, at most four": (
        ask(*[said(f"h{i}") for i in range(6)]),
        {"humans": ("h5", "h4", "h3", "h2"), "first_human": "h0"},
    ),
    "what the model says is no human's": (
        ask(said("a"), said("b", role="model"), said("c")),
        {"humans": ("c", "a")},
    ),
    "c14 only tool results": (
        ask(said("fix it"), said(SIGNED, role="model"), said(OK)),
        {"last_is_tool_result": True, "humans": ("fix it",), "signed_thinking": True},
    ),
    "c14 a human after the results": (
        ask(said("fix it"), said(CALL, role="model"), said(OK, "and now?")),
        {"last_is_tool_result": False, "humans": ("and now?", "fix it")},
    ),
    "c10 an image": (ask(said(PNG)), {"images": True, "documents": False}),
    "c10 an image in an answer": (ask(said(SHOWN)), {"images": True}),
    "c10 an image in snake case": (
        ask(said({"inline_data": {"mime_type": "image/png", "data": "iVBO"}})),
        {"images": True},
    ),
    "a PDF": (ask(said(PDF)), {"documents": True, "images": False}),
    "functions by name": (
        ask(said("a"), tools=FUNCTIONS),
        {"tools": ("f", "g"), "server_tools": False},
    ),
    "functions in snake case": (
        ask(said("a"), tools=[{"function_declarations": [{"name": "f"}]}]),
        {"tools": ("f",), "server_tools": False},
    ),
    "c36 a server's tool": (ask(said("a"), tools=[{"googleSearch": {}}]), {"server_tools": True}),
    "c36 code that ran": (
        ask(said({"executableCode": {}}, role="model")),
        {"server_tools": True},
    ),
    "a forced function": (
        ask(said("a"), toolConfig={"functionCallingConfig": {"mode": "any"}}),
        {"forced_tool": True},
    ),
    "gemini-cli's router call": (
        ask(said("a"), generationConfig=JSON_FORMAT),
        {"structured": True, "schema_keys": ("complexity_score",)},
    ),
    "a level": (
        ask(said("a"), generationConfig={"thinkingConfig": {"thinkingLevel": "HIGH"}}),
        {"effort": "high"},
    ),
    "a budget": (
        ask(said("a"), generation_config={"thinking_config": {"thinking_budget": 5000}}),
        {"effort": "medium"},
    ),
    "no thinking": (
        ask(said("a"), generationConfig={"thinkingConfig": {"thinkingBudget": 0}}),
        {"effort": "none"},
    ),
    "as the model likes": (
        ask(said("a"), generationConfig={"thinkingConfig": {"thinkingBudget": -1}}),
        {"effort": None},
    ),
}


@pytest.mark.parametrize(("ask", "facts"), FACTS.values(), ids=FACTS)
def test_facts(ask: Ask, facts: dict[str, Any]) -> None:
    assert {name: getattr(ask, name) for name in facts} == facts


def test_tokens_of_media_are_not_their_base64() -> None:
    bare = ask(said("a")).input_tokens
    assert 1500 <= ask(said("a", PNG)).input_tokens - bare < 1600
    assert 900 <= ask(said("a", PDF)).input_tokens - bare < 1100
    assert 900 < ask(said("a" * 4000)).input_tokens - bare < 1100


BROKEN: dict[str, bytes] = {
    "not JSON": b"hello",
    "an array": b"[]",
    "no contents": b"{}",
    "contents twice": b'{"contents":[],"contents":[]}',
    "both spellings": b'{"contents":[],"generationConfig":{},"generation_config":{}}',
    "invalid UTF-8": b'{"contents":[],"x":["\xff"]}',
    "a bomb": b'{"contents":[],"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_broken(body: bytes) -> None:
    with pytest.raises(WireError):
        peek(body, PATH)
    with pytest.raises(WireError):
        splice(body, G3)


# -- for another model

G3 = Target(model="gemini-3.6-flash", stop=5, reasoning="effort", efforts=("low", "high"))
PLAIN3 = Target(model="gemini-3.7-flash", stop=5, reasoning="effort", samplers=False)
G2 = Target(model="gemini-2.5-flash", stop=5, reasoning="budget", max_output=100)
G0 = Target(model="gemini-2.0-flash", stop=5)

# generationConfig                              target   as the target is told
ASKED: dict[str, tuple[dict[str, Any], Target, dict[str, Any] | None]] = {
    "nothing to do": ({"temperature": 0.5, "new": [1]}, G2, {"temperature": 0.5, "new": [1]}),
    "a limit above the cap": ({"maxOutputTokens": 200}, G2, {"maxOutputTokens": 100}),
    "a level it has": (
        {"thinkingConfig": {"thinkingLevel": "HIGH", "includeThoughts": True}},
        G3,
        {"thinkingConfig": {"thinkingLevel": "HIGH", "includeThoughts": True}},
    ),
    "c77 a level it lacks": (
        {"thinkingConfig": {"thinkingLevel": "MEDIUM"}},
        G3,
        {"thinkingConfig": {"thinkingLevel": "LOW"}},
    ),
    "c77 a level for a budget": (
        {"thinkingConfig": {"thinkingLevel": "HIGH", "includeThoughts": True}},
        G2,
        {"thinkingConfig": {"thinkingBudget": 24576, "includeThoughts": True}},
    ),
    "c77 a budget for a level": (
        {"thinkingConfig": {"thinkingBudget": 30000}},
        G3,
        {"thinkingConfig": {"thinkingLevel": "HIGH"}},
    ),
    "c77 a budget it takes": (
        {"thinkingConfig": {"thinkingBudget": 1000}},
        G2,
        {"thinkingConfig": {"thinkingBudget": 1000}},
    ),
    "c77 switched off, where it cannot be": ({"thinkingConfig": {"thinkingBudget": 0}}, G3, {}),
    "c77 thoughts alone": (
        {"thinkingConfig": {"includeThoughts": True}},
        G3,
        {"thinkingConfig": {"includeThoughts": True}},
    ),
    "no thinking there": ({"topK": 3, "thinkingConfig": {"thinkingLevel": "LOW"}}, G0, {"topK": 3}),
    "samplers at their default": (
        {"temperature": 1, "topP": 0.95, "topK": 64, "seed": 3},
        PLAIN3,
        {"seed": 3},
    ),
}


@pytest.mark.parametrize(("asked", "target", "told"), ASKED.values(), ids=ASKED)
def test_asked(asked: dict[str, Any], target: Target, told: dict[str, Any]) -> None:
    there = {"contents": [said("a")], "generationConfig": asked, "labels": {}}
    written = splice(json.dumps(there, indent=1).encode(), target)
    assert json.loads(written.body) == there | {"generationConfig": told}
    assert bool(written.changes) == (asked != told)
    if asked == told:
        assert written.body == json.dumps(there, indent=1).encode()


def test_c2_no_other_byte_moves() -> None:
    there = (
        b'{ "x":1,\n"generation_config" : {"a": 1 , "max_output_tokens":\t900},"contents":[ ] }\n'
    )
    assert splice(there, G2).body == there.replace(b"900", b"100")


REFUSED: dict[str, tuple[str, dict[str, Any], Target]] = {
    "a cache": ("native_only", {"cachedContent": "x"}, G2),
    "c36 a server's tool": ("server_tools", {"tools": [{"googleSearch": {}}]}, G2),
    "an unsigned call": (
        "signature",
        {"contents": [said("a"), said(CALL, role="model"), said(OK)]},
        G3,
    ),
    "a sampler": ("sampling", {"generationConfig": {"topK": 7}}, PLAIN3),
    "c34 stops": ("stop", {"generationConfig": {"stopSequences": list("abcdef")}}, G2),
    "c10 an image": (
        "images",
        {"contents": [said(PNG)]},
        Target(model="gemini-2.5-x", images=False),
    ),
    "c35 a PDF": ("files", {"contents": [said(PDF)]}, G2),
    "a level nobody knows": (
        "unknown_field",
        {"generationConfig": {"thinkingConfig": {"thinkingLevel": "SO"}}},
        G2,
    ),
}


@pytest.mark.parametrize(("reason", "fields", "target"), REFUSED.values(), ids=REFUSED)
def test_refused(reason: str, fields: dict[str, Any], target: Target) -> None:
    with pytest.raises(UnsupportedError) as e:
        splice(json.dumps({"contents": [said("a")]} | fields).encode(), target)
    assert e.value.reason == reason


TAKEN: dict[str, tuple[list[Any], Target]] = {
    "a signed call": ([said("a"), said(SIGNED, CALL, role="model"), said(OK, OK)], G3),
    "an unsigned call, before 3": ([said("a"), said(CALL, role="model"), said(OK)], G2),
    "an unsigned call of an earlier turn": (
        [said("a"), said(CALL, role="model"), said(OK), said("b", role="model"), said("c")],
        G3,
    ),
}


@pytest.mark.parametrize(("contents", "target"), TAKEN.values(), ids=TAKEN)
def test_taken_as_it_is(contents: list[Any], target: Target) -> None:
    body = json.dumps({"contents": contents}).encode()
    assert splice(body, target).body == body


# -- bad input

WHOLE: dict[str, Any] = {
    "contents": [said("a", PNG), said(SIGNED, role="model"), said(OK, SHOWN)],
    "system_instruction": {"parts": [{"text": "s"}]},
    "tools": [{"function_declarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    "generationConfig": JSON_FORMAT
    | {"maxOutputTokens": 9, "temperature": 1, "thinkingConfig": {"thinkingLevel": "LOW"}},
}


def test_another_type_in_any_place() -> None:
    """WireError or nothing, from reading, routing and editing."""
    for place in places(WHOLE):
        for odd in ODD:
            body = json.dumps(put(WHOLE, place, odd)).encode()
            with suppress(WireError):
                peek(body, PATH)
            with suppress(WireError):
                gemini.DIALECT.read_request(body, PATH)
            for target in (G3, PLAIN3, G2, G0):
                with suppress(WireError):
                    assert isinstance(json.loads(splice(body, target).body), dict)
