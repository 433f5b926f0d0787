"""Requests of generateContent, read: in both spellings, and what no other dialect can say."""

import json
from typing import Any

import pytest

from turnout.errors import UnsupportedError, WireError
from turnout.wire import gemini
from turnout.wire.gemini.names import camel
from turnout.wire.gemini.place import moved, path
from turnout.wire.gemini.place import read as read_place
from turnout.wire.request import (
    Document,
    Format,
    Image,
    Message,
    Request,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)

PATH = "/v1beta/models/gemini-3.8-flash:generateContent"
HELLO = {"role": "user", "parts": [{"text": "Hello"}]}
EMPTY = {"type": "object", "properties": {}}
PNG = {"mimeType": "image/png", "data": "iVBO"}


def body(**fields: Any) -> bytes:
    return json.dumps({"contents": [HELLO]} | fields).encode()


def read(**fields: Any) -> Request:
    return gemini.DIALECT.read_request(body(**fields), PATH)


def generation(**fields: Any) -> dict[str, Any]:
    return {"generationConfig": fields}


def functions(*names: str) -> dict[str, Any]:
    return {"tools": [{"functionDeclarations": [{"name": name} for name in names]}]}


def calling(mode: str, *allowed: str) -> dict[str, Any]:
    config = {"mode": mode} | ({"allowedFunctionNames": list(allowed)} if allowed else {})
    return {"toolConfig": {"functionCallingConfig": config}}


def tools(*names: str) -> tuple[Tool, ...]:
    return tuple(Tool(name, "", EMPTY) for name in names)


GOOGLE = {
    "type": "OBJECT",
    "properties": {
        "a": {"type": "STRING", "nullable": True, "enum": ["x"], "format": "enum"},
        "type": {"type": "ARRAY", "items": {"type": "INTEGER"}, "minItems": "1"},
    },
    "required": ["a"],
    "propertyOrdering": ["a", "type"],
}
PLAIN = {
    "type": "object",
    "properties": {
        "a": {"type": ["string", "null"], "enum": ["x", None]},
        "type": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
    },
    "required": ["a"],
}

FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "the path names the model": ({}, {"model": "gemini-3.8-flash", "stream": False}),
    "c78 system of any role": (
        {"systemInstruction": {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]}},
        {"system": (Text("a"), Text("b"))},
    ),
    "a system that is a string": ({"systemInstruction": "a"}, {"system": (Text("a"),)}),
    "gemini-cli's samplers are no wish": (
        generation(temperature=1, topP=0.95, topK=64),
        {"temperature": None, "top_p": None, "top_k": None},
    ),
    "other samplers are": (
        generation(temperature=0, topP=0.5, topK=7, seed=3),
        {"temperature": 0.0, "top_p": 0.5, "top_k": 7, "seed": 3},
    ),
    "limit and stops": (
        generation(maxOutputTokens=9, stopSequences=["END"]),
        {"max_tokens": 9, "stop": ("END",)},
    ),
    "values that are no wish": (
        generation(candidateCount=1, presencePenalty=0.0, responseModalities=["TEXT"]),
        {"max_tokens": None},
    ),
    "c77 a level": (
        generation(thinkingConfig={"thinkingLevel": "HIGH", "includeThoughts": True}),
        {"effort": "high", "thinking": True, "thinking_budget": None},
    ),
    "c77 a budget": (
        generation(thinkingConfig={"thinkingBudget": 5000}),
        {"effort": None, "thinking": True, "thinking_budget": 5000},
    ),
    "c77 a budget as the model likes": (
        generation(thinkingConfig={"thinkingBudget": -1}),
        {"effort": None, "thinking": True, "thinking_budget": None},
    ),
    "c77 switched off": (
        generation(thinkingConfig={"thinkingBudget": 0}),
        {"effort": "none", "thinking": False},
    ),
    "thoughts hidden": (
        generation(thinkingConfig={"includeThoughts": False}),
        {"effort": None, "thinking": None},
    ),
    "c76 Google's schema": (
        {"tools": [{"functionDeclarations": [{"name": "f", "parameters": GOOGLE}]}]},
        {"tools": (Tool("f", "", PLAIN),)},
    ),
    "a JSON schema": (
        {
            "tools": [
                {"functionDeclarations": [{"name": "f", "parametersJsonSchema": PLAIN}]},
                {"functionDeclarations": [{"name": "g", "description": "G."}]},
            ]
        },
        {"tools": (Tool("f", "", PLAIN), Tool("g", "G.", EMPTY))},
    ),
    "c78 AUTO": (functions("f") | calling("AUTO"), {"tool_choice": ToolChoice("auto")}),
    "c78 VALIDATED": (functions("f") | calling("VALIDATED"), {"tool_choice": ToolChoice("auto")}),
    "c78 ANY": (functions("f") | calling("ANY"), {"tool_choice": ToolChoice("any")}),
    "c78 one": (
        functions("f", "g") | calling("ANY", "g"),
        {"tool_choice": ToolChoice("tool", "g"), "tools": tools("f", "g")},
    ),
    "c78 NONE": (functions("f") | calling("NONE"), {"tool_choice": ToolChoice("none")}),
    "c78 several of them": (
        functions("f", "g", "h") | calling("ANY", "f", "h"),
        {"tool_choice": ToolChoice("any"), "tools": tools("f", "h")},
    ),
    "no choice": (functions("f"), {"tool_choice": None}),
    "any JSON": (generation(responseMimeType="application/json"), {"format": Format()}),
    "c76 the response schema, with its types in capitals": (
        generation(responseMimeType="application/json", responseJsonSchema=GOOGLE),
        {"format": Format(PLAIN, strict=True)},
    ),
    "c76 Google's response schema": (
        generation(responseMimeType="application/json", responseSchema=GOOGLE),
        {"format": Format(PLAIN, strict=True)},
    ),
    "bookkeeping goes": ({"labels": {"a": "b"}, "model": "models/x"}, {"changes": ()}),
}
CALL = {"functionCall": {"name": "f", "args": {"a_b": 1}}}
OK = {"functionResponse": {"name": "f", "response": {"output": "ok"}}}

CONTENTS: dict[str, tuple[list[Any], list[Message]]] = {
    "no role is the user's": ([{"parts": [{"text": "a"}]}], [Message("user", (Text("a"),))]),
    "c78 a call and its answer, without ids": (
        [
            {"role": "model", "parts": [{"text": "hm", "thought": True}, CALL]},
            {"role": "user", "parts": [OK]},
        ],
        [
            Message("assistant", (Thinking("hm"), ToolUse("call_0", "f", '{"a_b":1}'))),
            Message("user", (ToolResult("call_0", (Text("ok"),)),)),
        ],
    ),
    "c78 answers by id": (
        [
            {
                "role": "model",
                "parts": [
                    {"functionCall": {"id": "x", "name": "f"}},
                    {"functionCall": {"id": "y", "name": "f"}},
                ],
            },
            {
                "role": "function",
                "parts": [
                    {"functionResponse": {"id": "y", "name": "f", "response": {"error": "no"}}},
                    {"functionResponse": {"id": "x", "name": "f", "response": {"a": 1}}},
                ],
            },
        ],
        [
            Message("assistant", (ToolUse("x", "f", "{}"), ToolUse("y", "f", "{}"))),
            Message(
                "user",
                (ToolResult("y", (Text("no"),), True), ToolResult("x", (Text('{"a":1}'),))),
            ),
        ],
    ),
    "c78 answers by name, and in order": (
        [
            {"role": "model", "parts": [CALL, {"functionCall": {"name": "g"}}, CALL]},
            {
                "role": "user",
                "parts": [{"functionResponse": {"name": "g"}}, OK, OK],
            },
        ],
        [
            Message(
                "assistant",
                (
                    ToolUse("call_0", "f", '{"a_b":1}'),
                    ToolUse("call_1", "g", "{}"),
                    ToolUse("call_2", "f", '{"a_b":1}'),
                ),
            ),
            Message(
                "user",
                (
                    ToolResult("call_1", ()),
                    ToolResult("call_0", (Text("ok"),)),
                    ToolResult("call_2", (Text("ok"),)),
                ),
            ),
        ],
    ),
    "a signature is kept for the way back; the word for foreign calls is none": (
        [
            {
                "role": "model",
                "parts": [
                    CALL | {"thoughtSignature": "AAA="},
                    CALL | {"thoughtSignature": "skip_thought_signature_validator"},
                ],
            },
        ],
        [
            Message(
                "assistant",
                (
                    ToolUse("call_0", "f", '{"a_b":1}', signature="AAA="),
                    ToolUse("call_1", "f", '{"a_b":1}'),
                ),
            )
        ],
    ),
    "an image, a PDF and a link": (
        [
            {
                "role": "user",
                "parts": [
                    {"inlineData": PNG},
                    {"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}},
                    {"fileData": {"mimeType": "image/png", "fileUri": "https://x.test/a.png"}},
                ],
            }
        ],
        [
            Message(
                "user",
                (
                    Image("image/png", "iVBO"),
                    Document("application/pdf", "JVBE"),
                    Image("image/png", url="https://x.test/a.png"),
                ),
            )
        ],
    ),
    "an image in an answer": (
        [
            {"role": "model", "parts": [CALL]},
            {
                "role": "user",
                "parts": [
                    {
                        "functionResponse": {
                            "name": "f",
                            "response": {"result": ""},
                            "parts": [{"inlineData": PNG}],
                        }
                    }
                ],
            },
        ],
        [
            Message("assistant", (ToolUse("call_0", "f", '{"a_b":1}'),)),
            Message("user", (ToolResult("call_0", (Image("image/png", "iVBO"),)),)),
        ],
    ),
}


@pytest.mark.parametrize(("fields", "means"), FIELDS.values(), ids=FIELDS)
def test_read_fields(fields: dict[str, Any], means: dict[str, Any]) -> None:
    request = read(**fields)
    assert {name: getattr(request, name) for name in means} == means


@pytest.mark.parametrize(("contents", "means"), CONTENTS.values(), ids=CONTENTS)
def test_read_contents(contents: list[Any], means: list[Message]) -> None:
    assert list(read(contents=contents).messages) == means


# -- the other spelling

STAYS = {"args", "response", "labels", "parameters", "parametersJsonSchema", "responseSchema",
         "responseJsonSchema"}  # fmt: skip


def snake(value: Any) -> Any:
    """The same body as aider and llm write it; schemas and arguments stay as they are."""
    if isinstance(value, list):
        return [snake(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in name): field
        if name in STAYS
        else snake(field)
        for name, field in value.items()
    }


@pytest.mark.parametrize("fields", [fields for fields, _ in FIELDS.values()], ids=FIELDS)
def test_c78_fields_in_snake_case(fields: dict[str, Any]) -> None:
    there = json.loads(body(**fields))
    written = json.dumps(snake(there)).encode()
    assert gemini.DIALECT.read_request(written, PATH) == read(**fields)
    assert (
        gemini.DIALECT.peek(written, PATH).tools == gemini.DIALECT.peek(body(**fields), PATH).tools
    )


@pytest.mark.parametrize("contents", [contents for contents, _ in CONTENTS.values()], ids=CONTENTS)
def test_c78_contents_in_snake_case(contents: list[Any]) -> None:
    written = json.dumps(snake({"contents": contents})).encode()
    assert gemini.DIALECT.read_request(written, PATH) == read(contents=contents)


@pytest.mark.parametrize("name", ["a_b", "aB", "_a", "a__b", "a_1", "A_B", "function_call"])
def test_camel(name: str) -> None:
    assert camel(name) == {"a_b": "aB", "function_call": "functionCall"}.get(name, name)


def test_both_spellings_are_refused() -> None:
    sent = body(systemInstruction="a", system_instruction="b")
    with pytest.raises(WireError, match="both spellings"):
        gemini.DIALECT.read_request(sent, PATH)
    with pytest.raises(WireError, match="both spellings"):
        gemini.DIALECT.peek(sent, PATH)


# -- what cannot leave the dialect

USED = [HELLO, {"role": "model", "parts": [{"functionCall": {"name": "g"}}]}]
NATIVE: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown field": ({"novelty": 1}, "unknown_field"),
    "an unknown part": ({"contents": [{"parts": [{"novelty": 1}]}]}, "unknown_field"),
    "an unknown generation field": (generation(novelty=1), "unknown_field"),
    "an unknown role": ({"contents": [{"role": "critic", "parts": []}]}, "unknown_field"),
    "an unknown level": (generation(thinkingConfig={"thinkingLevel": "SO"}), "unknown_field"),
    "an unknown mode": (functions("f") | calling("SOMETIMES"), "unknown_field"),
    "cachedContent": ({"cachedContent": "cachedContents/1"}, "native_only"),
    "googleSearch": ({"tools": [{"googleSearch": {}}]}, "native_only"),
    "code_execution": ({"tools": [{"code_execution": {}}]}, "native_only"),
    "urlContext": ({"tools": [{"urlContext": {}}]}, "native_only"),
    "code in the history": (
        {"contents": [{"role": "model", "parts": [{"executableCode": {"code": "1"}}]}]},
        "native_only",
    ),
    "a later function": (
        {"tools": [{"functionDeclarations": [{"name": "f", "behavior": "NON_BLOCKING"}]}]},
        "native_only",
    ),
    "images wanted": (generation(responseModalities=["TEXT", "IMAGE"]), "native_only"),
    "an answer without a call": ({"contents": [{"parts": [OK]}]}, "native_only"),
    "a function used, and not allowed now": (
        functions("f", "g", "h") | calling("ANY", "f", "h") | {"contents": USED},
        "native_only",
    ),
    "two candidates": (generation(candidateCount=2), "n"),
    "logprobs": (generation(responseLogprobs=True), "logprobs"),
    "a penalty": (generation(presencePenalty=0.5), "sampling"),
    "speech": (generation(speechConfig={}), "audio"),
    "sound": (
        {"contents": [{"parts": [{"inlineData": {"mimeType": "audio/wav", "data": ""}}]}]},
        "audio",
    ),
    "a video": (
        {"contents": [{"parts": [{"inlineData": {"mimeType": "video/mp4", "data": ""}}]}]},
        "files",
    ),
    "a file in Google's store": (
        {
            "contents": [
                {
                    "parts": [
                        {
                            "fileData": {
                                "mimeType": "image/png",
                                "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/1",
                            }
                        }
                    ]
                }
            ]
        },
        "files",
    ),
    "an enum for an answer": (
        generation(responseMimeType="text/x.enum", responseSchema={"type": "STRING"}),
        "structured_output",
    ),
    "two functions of one name": (
        {
            "tools": [
                {
                    "functionDeclarations": [
                        {"name": "f"},
                        {"name": "f", "parametersJsonSchema": PLAIN},
                    ]
                }
            ]
        },
        "schema",
    ),
}


@pytest.mark.parametrize(("fields", "reason"), NATIVE.values(), ids=NATIVE)
def test_native_only(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnsupportedError) as e:
        read(**fields)
    assert e.value.reason == reason


BROKEN: dict[str, dict[str, Any]] = {
    "contents is a string": {"contents": "Hello"},
    "a content is a string": {"contents": ["Hello"]},
    "a text is a number": {"contents": [{"parts": [{"text": 1}]}]},
    "a user calls": {"contents": [{"role": "user", "parts": [CALL]}]},
    "a model answers": {"contents": [{"role": "model", "parts": [CALL, OK]}]},
    "args is a list": {
        "contents": [{"role": "model", "parts": [{"functionCall": {"name": "f", "args": []}}]}]
    },
    "a function without a name": {"tools": [{"functionDeclarations": [{}]}]},
    "an allowed function that is not there": functions("f") | calling("ANY", "f", "g"),
    "the temperature is a string": generation(temperature="hot"),
}


@pytest.mark.parametrize("fields", BROKEN.values(), ids=BROKEN)
def test_broken(fields: dict[str, Any]) -> None:
    with pytest.raises(WireError) as e:
        read(**fields)
    assert not isinstance(e.value, UnsupportedError)


# -- the path

PATHS = {
    "/v1beta/models/gemini-2.5-pro:generateContent": ("gemini-2.5-pro", False, False),
    "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse": ("gemini-2.5-pro", True, True),
    "/v1/models/m:streamGenerateContent?key=K&alt=sse": ("m", True, True),
    "/v1beta/models/m:streamGenerateContent?key=K": ("m", True, False),
    "/v1beta/models/tuned%2Fm:streamGenerateContent?alt=json": ("tuned/m", True, False),
}


@pytest.mark.parametrize(("path", "means"), PATHS.items(), ids=PATHS)
def test_c78_the_path(path: str, means: tuple[str, bool, bool]) -> None:
    at = read_place(path)
    assert (at.model, at.stream, at.sse) == means
    ask = gemini.DIALECT.peek(body(), path)
    assert (ask.model, ask.stream) == means[:2]
    other = moved(path, "a/b")
    assert read_place(other).model == "a/b"
    assert moved(other, means[0]) == path


@pytest.mark.parametrize(
    "path", ["/", "/v1beta/models/m:countTokens", "/v1beta/models/:generateContent"]
)
def test_no_model_in_the_path(path: str) -> None:
    for ask in (gemini.DIALECT.peek, gemini.DIALECT.read_request):
        with pytest.raises(WireError):
            ask(body(), path)
    with pytest.raises(WireError):
        moved(path, "m")


def test_our_own_paths() -> None:
    assert path("m", True) == "/models/m:streamGenerateContent?alt=sse"
    assert path("m", False) == "/models/m:generateContent"
