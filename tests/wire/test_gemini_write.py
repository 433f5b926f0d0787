"""Requests from other dialects, written for Gemini; signatures that come back."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace as altered

from turnout.errors import UnsupportedError, WireError
from turnout.wire import anthropic, gemini, openai_chat
from turnout.wire.envelope import Envelope, with_id
from turnout.wire.gemini.signature import strict
from turnout.wire.request import (
    Document,
    Effort,
    Format,
    Image,
    Message,
    Part,
    Request,
    Target,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from turnout.wire.turns import paired
from wire.conversations import GOLDEN, anything, bare, normal, requests

HELLO = Message("user", (Text("Hello"),))
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
F = Tool("f", "Does.", SCHEMA)
G3 = Target(
    model="gemini-3.8-flash",
    documents=True,
    stop=5,
    reasoning="effort",
    efforts=("low", "medium", "high"),
    reasoning_required=True,
    prefill=False,
)
G2 = Target(model="gemini-2.5-flash", documents=True, stop=5, reasoning="budget", prefill=False)
PATH = "/v1beta/models/source:generateContent"
FOREIGN = "skip_thought_signature_validator"


def write(target: Target = G3, **fields: Any) -> dict[str, Any]:
    request = Request(**{"model": "source", "messages": (HELLO,)} | fields)
    return dict(json.loads(gemini.DIALECT.write_request(request, target).body))


def generation(target: Target = G3, **fields: Any) -> dict[str, Any]:
    return dict(write(target, **fields).get("generationConfig", {}))


def test_plain() -> None:
    assert write() == {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}


CALL = {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}}
ANSWER = {"functionResponse": {"id": "c1", "name": "f", "response": {"result": "ok"}}}


def loop(*results: Part, id: str = "c1", signature: str = "") -> tuple[Message, ...]:
    call = ToolUse(id, "f", '{"a":1}', signature=signature)
    said = results or (ToolResult(id, (Text("ok"),)),)
    return (
        HELLO,
        Message("assistant", (Thinking("hm"), Text("Let me."), call)),
        Message("user", said),
    )


def test_a_call_and_its_answer() -> None:
    said = write(G2, messages=loop())["contents"]
    assert said[1] == {"role": "model", "parts": [{"text": "Let me."}, CALL]}
    assert said[2] == {"role": "user", "parts": [ANSWER]}


RESULTS: dict[str, tuple[tuple[Part, ...], list[Any]]] = {
    "an error": (
        (ToolResult("c1", (Text("no"),), True),),
        [{"functionResponse": {"id": "c1", "name": "f", "response": {"error": "no"}}}],
    ),
    "c10 an image beside the answer, and a word after it": (
        (ToolResult("c1", (Text("ok"), Image("image/png", "iVBO"))), Text("Go on.")),
        [ANSWER, {"inlineData": {"mimeType": "image/png", "data": "iVBO"}}, {"text": "Go on."}],
    ),
    "nothing": (
        (ToolResult("c1", ()),),
        [{"functionResponse": {"id": "c1", "name": "f", "response": {"result": ""}}}],
    ),
}


@pytest.mark.parametrize(("results", "means"), RESULTS.values(), ids=RESULTS)
def test_results(results: tuple[Part, ...], means: list[Any]) -> None:
    assert write(messages=loop(*results))["contents"][2]["parts"] == means


def test_answers_come_in_the_order_of_their_calls() -> None:
    calls = (ToolUse("c1", "f", "{}"), ToolUse("c2", "f", "{}"))
    results = (ToolResult("c2", (Text("2"),)), ToolResult("c1", (Text("1"),)))
    said = write(messages=(HELLO, Message("assistant", calls), Message("user", results)))
    ids = [part["functionResponse"]["id"] for part in said["contents"][2]["parts"]]
    assert ids == ["c1", "c2"]


FIELDS: dict[str, tuple[Target, dict[str, Any], dict[str, Any]]] = {
    "all system text": (
        G3,
        {"system": (Text("a"), Text(" ")), "messages": (HELLO, Message("system", (Text("b"),)))},
        {"systemInstruction": {"parts": [{"text": "a"}, {"text": "b"}]}},
    ),
    "one call at a time": (
        G3,
        {"tools": (F,), "parallel_tools": False},
        {"systemInstruction": {"parts": [{"text": "Call at most one function at a time."}]}},
    ),
    "samplers, limit, stops": (
        G3,
        {"temperature": 0.5, "top_p": 0.9, "top_k": 7, "seed": 3, "max_tokens": 9, "stop": ("a",)},
        {
            "generationConfig": {
                "temperature": 0.5,
                "topP": 0.9,
                "topK": 7,
                "seed": 3,
                "maxOutputTokens": 9,
                "stopSequences": ["a"],
            }
        },
    ),
    "a limit above the cap": (
        replace(G3, max_output=100),
        {"max_tokens": 200},
        {"generationConfig": {"maxOutputTokens": 100}},
    ),
    "any JSON": (
        G3,
        {"format": Format()},
        {"generationConfig": {"responseMimeType": "application/json"}},
    ),
    "c76 a response schema": (
        G3,
        {"format": Format({**SCHEMA, "$schema": "x"})},
        {
            "generationConfig": {
                "responseMimeType": "application/json",
                "responseJsonSchema": SCHEMA,
            }
        },
    ),
    "an image by URL": (
        G3,
        {"messages": (Message("user", (Image("image/png", url="https://x.test/a"),)),)},
        {
            "contents": [
                {
                    "role": "user",
                    "parts": [
                        {"fileData": {"mimeType": "image/png", "fileUri": "https://x.test/a"}}
                    ],
                }
            ]
        },
    ),
    "a PDF": (
        G3,
        {"messages": (Message("user", (Document("application/pdf", "JVBE"),)),)},
        {
            "contents": [
                {
                    "role": "user",
                    "parts": [{"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}}],
                }
            ]
        },
    ),
}


@pytest.mark.parametrize(("target", "fields", "means"), FIELDS.values(), ids=FIELDS)
def test_write_fields(target: Target, fields: dict[str, Any], means: dict[str, Any]) -> None:
    said = write(target, **fields)
    assert {name: said[name] for name in means} == means


CHOICES: dict[str, tuple[Target, ToolChoice | None, dict[str, Any]]] = {
    "free, from 3 on": (G3, ToolChoice("auto"), {"mode": "VALIDATED"}),
    "unsaid, from 3 on": (G3, None, {"mode": "VALIDATED"}),
    "free, before": (G2, None, {"mode": "AUTO"}),
    "any": (G3, ToolChoice("any"), {"mode": "ANY"}),
    "none": (G3, ToolChoice("none"), {"mode": "NONE"}),
    "one": (G2, ToolChoice("tool", "f"), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
}


@pytest.mark.parametrize(("target", "choice", "means"), CHOICES.values(), ids=CHOICES)
def test_tool_choice(target: Target, choice: ToolChoice | None, means: dict[str, Any]) -> None:
    said = write(target, tools=(F,), tool_choice=choice)
    assert said["toolConfig"] == {"functionCallingConfig": means}
    declared = {"name": "f", "description": "Does.", "parametersJsonSchema": SCHEMA}
    assert said["tools"] == [{"functionDeclarations": [declared]}]


SHOWN = {"includeThoughts": True}
LEVELS: dict[str, tuple[Target, dict[str, Any], dict[str, Any]]] = {
    "3.x max": (G3, {"effort": "max"}, {"thinkingLevel": "HIGH"}),
    "3.x xhigh": (G3, {"effort": "xhigh"}, {"thinkingLevel": "HIGH"}),
    "3.x minimal": (G3, {"effort": "minimal"}, {"thinkingLevel": "LOW"}),
    "3.x disabled": (G3, {"effort": "none", "thinking": False}, {}),
    "3.x a budget": (
        G3,
        {"thinking": True, "thinking_budget": 9000},
        {"thinkingLevel": "MEDIUM"} | SHOWN,
    ),
    "3.x adaptive": (G3, {"thinking": True}, SHOWN),
    "3.x unsaid": (G3, {}, {}),
    "2.5 none": (G2, {"effort": "none"}, {"thinkingBudget": 0}),
    "2.5 off": (G2, {"thinking": False}, {"thinkingBudget": 0}),
    "2.5 always thinks": (
        replace(G2, reasoning_required=True),
        {"effort": "none"},
        {"thinkingBudget": 512},
    ),
    "2.5 low": (G2, {"effort": "low"}, {"thinkingBudget": 1024}),
    "2.5 medium": (G2, {"effort": "medium"}, {"thinkingBudget": 8192}),
    "2.5 high": (G2, {"effort": "high"}, {"thinkingBudget": 24576}),
    "2.5 max": (G2, {"effort": "max"}, {"thinkingBudget": 24576}),
    "2.5 the client's number": (
        G2,
        {"thinking": True, "thinking_budget": 3000},
        {"thinkingBudget": 3000} | SHOWN,
    ),
    "2.5 more than there is": (G2, {"thinking_budget": 31999}, {"thinkingBudget": 24576}),
    "2.5 unsaid": (G2, {}, {}),
    "2.0": (replace(G2, reasoning="none"), {"effort": "high", "thinking": True}, {}),
}


@pytest.mark.parametrize(("target", "fields", "means"), LEVELS.values(), ids=LEVELS)
def test_c77_thinking_by_generation(
    target: Target, fields: dict[str, Any], means: dict[str, Any]
) -> None:
    assert generation(target, **fields).get("thinkingConfig", {}) == means


REFUSED: dict[str, tuple[Target, dict[str, Any], str]] = {
    "c10 an image": (
        replace(G3, images=False),
        {"messages": (Message("user", (Image("image/png", "i"),)),)},
        "images",
    ),
    "a GIF": (G3, {"messages": (Message("user", (Image("image/gif", "i"),)),)}, "images"),
    "a link that is not fetched": (
        replace(G3, image_urls=False),
        {"messages": (Message("user", (Image("image/png", url="https://x.test"),)),)},
        "image_url",
    ),
    "c35 a PDF": (
        replace(G3, documents=False),
        {"messages": (Message("user", (Document("application/pdf", "J"),)),)},
        "files",
    ),
    "a PDF by link": (
        G3,
        {"messages": (Message("user", (Document("application/pdf", url="https://x.test"),)),)},
        "files",
    ),
    "c32 too many tools": (
        replace(G3, max_tools=1),
        {"tools": (F, replace(F, name="g"))},
        "too_many_tools",
    ),
    "no tools": (replace(G3, tools=False), {"tools": (F,)}, "tools"),
    "a tool's name": (G3, {"tools": (replace(F, name="a b"),)}, "schema"),
    "two tools of one name": (G3, {"tools": (F, replace(F, description="Other."))}, "schema"),
    "c34 stops": (G3, {"stop": tuple("abcdef")}, "stop"),
    "a sampler": (replace(G3, samplers=False), {"top_k": 7}, "sampling"),
    "a temperature": (G3, {"temperature": 2.5}, "sampling"),
    "a format": (replace(G3, structured=False), {"format": Format(SCHEMA)}, "structured_output"),
    "a format beside tools, before 3": (
        G2,
        {"format": Format(SCHEMA), "tools": (F,)},
        "structured_output",
    ),
    "a prefill": (G3, {"messages": (HELLO, Message("assistant", (Text("a"),)))}, "prefill"),
    "nothing": (G3, {"messages": (Message("user", (Text(" "),)),)}, "native_only"),
    "arguments that are no object": (
        G3,
        {
            "messages": (
                HELLO,
                Message("assistant", (ToolUse("c", "f", "[1]"),)),
                Message("user", (ToolResult("c", ()),)),
            )
        },
        "native_only",
    ),
}


@pytest.mark.parametrize(("target", "fields", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(target: Target, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(UnsupportedError) as e:
        write(target, **fields)
    assert e.value.reason == reason


# -- signatures


def signatures(said: dict[str, Any]) -> list[str | None]:
    parts = [part for content in said["contents"] for part in content["parts"]]
    return [part.get("thoughtSignature") for part in parts if "functionCall" in part]


SEALED = with_id("c1", Envelope("gemini", "sig+/="))


def test_a_signature_comes_back_from_the_id() -> None:
    said = write(messages=loop(id=SEALED))
    assert signatures(said) == ["sig+/="]
    assert said["contents"][1]["parts"][1]["functionCall"]["id"] == "c1"
    assert said["contents"][2]["parts"][0]["functionResponse"]["id"] == "c1"
    assert signatures(write(messages=loop(signature="own"))) == ["own"]


@pytest.mark.parametrize(
    ("target", "means"),
    [(G3, [FOREIGN]), (G2, [None]), (replace(G3, model="gemini-flash-latest"), [FOREIGN])],
)
def test_a_call_of_another_model(target: Target, means: list[str | None]) -> None:
    """Google's word for it, from 3 on, and recorded; 2.x asks for none."""
    request = Request(model="s", messages=loop())
    written = gemini.DIALECT.write_request(request, target)
    assert signatures(json.loads(written.body)) == means
    assert ("thoughtSignature" in {c.what for c in written.changes}) == (means != [None])


STRICT = {
    "gemini-3.8-flash": True,
    "gemini-4-argon": True,
    "google/gemini-3-pro-preview": True,
    "gemini-flash-latest": True,
    "gemini-2.5-pro": False,
    "gemini-1.5-pro": False,
    "gemma-3-27b-it": False,
    "": False,
}


@pytest.mark.parametrize(("model", "means"), STRICT.items(), ids=str)
def test_who_refuses_unsigned_calls(model: str, means: bool) -> None:
    assert strict(model) is means


def test_anothers_signature_is_not_given() -> None:
    sealed = with_id("c1", Envelope("openai", "sealed"))
    assert signatures(write(messages=loop(id=sealed))) == [FOREIGN]


def test_only_the_turn_in_progress_and_the_first_of_a_step() -> None:
    calls = (ToolUse("d1", "f", "{}"), ToolUse("d2", "f", "{}"))
    results = (ToolResult("d1", ()), ToolResult("d2", ()))
    again = (
        Message("user", (Text("And now?"),)),
        Message("assistant", calls),
        Message("user", results),
    )
    said = write(messages=(*loop(), Message("assistant", (Text("Done."),)), *again))
    assert signatures(said) == [None, FOREIGN, None]


@pytest.mark.parametrize("dialect", [anthropic.DIALECT, openai_chat.DIALECT], ids=lambda d: d.name)
def test_through_a_foreign_client_and_back(dialect: Any) -> None:
    """Gemini's call in another dialect's history: its signature returns, to Gemini only."""
    history = Request(model="m", messages=loop(id=SEALED))
    body = dialect.write_request(history, Target(model="m"))
    assert b"turnout_1" not in body.body, "no other model sees the envelope"
    paths = {"anthropic": "/v1/messages", "openai_chat": "/v1/chat/completions"}
    sent = body.body.replace(b'"c1"', json.dumps(SEALED).encode())
    back = dialect.read_request(sent, paths[dialect.name])
    assert signatures(json.loads(gemini.DIALECT.write_request(back, G3).body)) == ["sig+/="]


def test_an_envelope_nobody_can_open() -> None:
    with pytest.raises(UnsupportedError, match="signature"):
        write(messages=loop(id=SEALED.replace("turnout_1", "turnout_9")))


# -- whatever is asked


def check_gemini(body: dict[str, Any]) -> None:
    """Turns alternate, begin with the user, and every call is answered at once, in order."""
    asked: list[str] = []
    for i, content in enumerate(body["contents"]):
        assert content["role"] == ("model" if i % 2 else "user")
        assert content["parts"]
        answers = [
            p["functionResponse"]["name"] for p in content["parts"] if "functionResponse" in p
        ]
        assert answers == asked
        assert all(p["text"].strip() for p in content["parts"] if "text" in p)
        asked = [p["functionCall"]["name"] for p in content["parts"] if "functionCall" in p]
    assert not asked


@given(requests())
def test_conversations_are_in_order(request: Request) -> None:
    with suppress(UnsupportedError):
        check_gemini(
            json.loads(gemini.DIALECT.write_request(request, replace(G3, image_urls=True)).body)
        )


@given(requests())
def test_there_and_back(request: Request) -> None:
    """Gemini keeps what it has words for: texts, media that need no fetching, calls, results."""
    kept = replace(
        request, messages=tuple(_fetched(m) for m in request.messages), format=None, tools=(F,)
    )
    sent = gemini.DIALECT.write_request(kept, replace(G3, stop=9)).body
    back = gemini.DIALECT.read_request(sent, PATH)
    wanted = bare(normal(kept))
    got = bare(normal(back))
    assert got.messages == tuple(paired(_beside(m) for m in wanted.messages))
    assert (got.system, got.stop) == (wanted.system, wanted.stop)
    assert got.temperature == (None if kept.temperature == 1 else kept.temperature)
    assert got.tools == wanted.tools


def _fetched(message: Message) -> Message:
    """Without links and names of files."""
    parts: list[Part] = []
    for part in message.parts:
        if isinstance(part, ToolResult):
            kept = (one for one in part.content if not getattr(one, "url", ""))
            part = altered(part, content=tuple(kept))
        if isinstance(part, Document):
            part = altered(part, name="")
        if not (isinstance(part, Image) and part.url):
            parts.append(part)
    return Message(message.role, tuple(parts) or (Text("x"),))


def _beside(message: Message) -> Message:
    """Results are text here; what they show stands beside them."""
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    media = [one for result in results for one in result.content if not isinstance(one, Text)]
    rest = [part for part in message.parts if not isinstance(part, ToolResult)]
    texts = [_text(result) for result in results]
    return altered(message, parts=(*texts, *media, *rest))


def _text(result: ToolResult) -> ToolResult:
    said = "\n".join(part.text for part in result.content if isinstance(part, Text))
    return altered(result, content=(Text(said),) if said else ())


@given(anything())
@pytest.mark.parametrize(
    "source", [anthropic.DIALECT, openai_chat.DIALECT, gemini.DIALECT], ids=lambda d: d.name
)
def test_whatever_can_be_translated_is_in_order(source: Any, sent: bytes) -> None:
    with suppress(WireError):
        request = source.read_request(sent, PATH)
        check_gemini(json.loads(gemini.DIALECT.write_request(request, G3).body))


GOLDENS = {
    "claude_code.anthropic": anthropic.DIALECT,
    "chat_agent.openai_chat": openai_chat.DIALECT,
}


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name: str, update_golden: bool) -> None:
    request = GOLDENS[name].read_request((GOLDEN / f"{name}.json").read_bytes(), "")
    written = gemini.DIALECT.write_request(request, replace(G3, image_urls=True))
    got = json.dumps(json.loads(written.body), indent=1) + "\n"
    golden = GOLDEN / f"{name.partition('.')[0]}.gemini.json"
    if update_golden:
        golden.write_text(got)
    assert got == golden.read_text()


TOLD: dict[str, tuple[Any, Target]] = {
    "anthropic": (anthropic.DIALECT, Target(model="claude-t", reasoning="adaptive")),
    "openai_chat": (openai_chat.DIALECT, Target(model="gpt-t", reasoning="effort")),
}


@pytest.mark.parametrize("name", TOLD)
def test_c78_golden(name: str, update_golden: bool) -> None:
    """A turn of gemini-cli, as other models are told it."""
    request = gemini.DIALECT.read_request((GOLDEN / "gemini_cli.gemini.json").read_bytes(), PATH)
    dialect, target = TOLD[name]
    body = dialect.write_request(request, target).body
    got = json.dumps(json.loads(body), indent=1) + "\n"
    golden = GOLDEN / f"gemini_cli.{name}.json"
    if update_golden:
        golden.write_text(got)
    assert got == golden.read_text()
    assert b"CqQB0" not in body


EFFORTS: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


@pytest.mark.parametrize("effort", EFFORTS)
def test_c77_every_effort_is_said_in_both_generations(effort: Effort) -> None:
    for target, name in ((G3, "thinkingLevel"), (G2, "thinkingBudget")):
        config = generation(target, effort=effort).get("thinkingConfig", {})
        assert set(config) <= {name}
