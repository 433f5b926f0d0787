"""The features of the fidelity table, each as the smallest request that has it.

Those of answers are in fidelity_answers.py.

`kept` is what must come out as it went in. `raw`, where it is given, is what is asked, as fields of
a body by the dialect that knows them; what the neutral request has no word for must be refused.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from turnout.wire.request import (
    DialectName,
    Document,
    Format,
    Image,
    Message,
    Part,
    Request,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
DEEP: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"$ref": "#/$defs/n"}},
    "$defs": {"n": {"type": "object", "properties": {"n": {"$ref": "#/$defs/n"}}}},
}
ADD = Tool("add", "Adds.", SCHEMA)
HELLO = Message("user", (Text("Hello"),))
PICTURE = Image("image/png", "iVBORw0KGgo=")
BASE = Request(model="source", messages=(HELLO,), max_tokens=64, effort="none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A feature of a request."""

    name: str
    request: Request = BASE
    kept: Callable[[Request], Any] = lambda _: object()
    raw: Mapping[DialectName, Mapping[str, Any]] = field(default_factory=dict)


def parts[T: Part](request: Request, kind: type[T]) -> list[T]:
    """Those of the conversation, those inside results too."""
    found: list[T] = []
    for part in (part for message in request.messages for part in message.parts):
        if isinstance(part, kind):
            found.append(part)
        if isinstance(part, ToolResult):
            found += [inner for inner in part.content if isinstance(inner, kind)]
    return found


def said(texts: Iterable[Text]) -> list[str]:
    return "\n".join(text.text for text in texts).split()


def looped(*results: ToolResult) -> Request:
    """A call for each result, made at once."""
    calls = tuple(ToolUse(result.id, "add", '{"a":"b"}') for result in results)
    messages = (HELLO, Message("assistant", calls), Message("user", results))
    return replace(BASE, messages=messages, tools=(ADD,))


def result(id: str, *content: Text | Image, failed: bool = False) -> ToolResult:
    return ToolResult(id, content, is_error=failed)


def came(request: Request) -> list[tuple[list[str], bool]]:
    """Texts of results, and whether they are errors: by a flag, or by the words in front."""
    found = []
    for one in parts(request, ToolResult):
        text = "\n".join(part.text for part in one.content if isinstance(part, Text))
        mark = "[tool error] "
        found.append((text.removeprefix(mark).split(), one.is_error or text.startswith(mark)))
    return found


def calls(request: Request) -> list[tuple[str, Any]]:
    return [(use.name, json.loads(use.input)) for use in parts(request, ToolUse)]


def shape(schema: Mapping[str, Any] | None) -> Any:
    return schema and (sorted(schema.get("properties", {})), schema.get("required"))


def user(*content: Part) -> Request:
    return replace(BASE, messages=(Message("user", content),))


def choice(kind: Any, name: str = "") -> Request:
    return replace(BASE, tools=(ADD,), tool_choice=ToolChoice(kind, name))


def chosen(request: Request) -> Any:
    return request.tool_choice and (request.tool_choice.kind, request.tool_choice.name)


def pictures(request: Request) -> list[tuple[str, str]]:
    return [(image.data, image.url) for image in parts(request, Image)]


HISTORY = (HELLO, Message("assistant", (Thinking("hm", "c2ln"), Text("Hi"))), HELLO)
LATE = (HELLO, Message("assistant", (Text("Hi"),)), Message("system", (Text("Be brief."),)), HELLO)
USER = {"role": "user", "parts": [{"text": "Hello"}]}
AUDIO = {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}
VOICE = {"inlineData": {"mimeType": "audio/wav", "data": "UklG"}}
CITED = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": "x"},
    "citations": {"enabled": True},
}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
MCP = {"type": "mcp", "server_label": "s", "server_url": "https://example.com"}
MCP_SERVER = {"type": "url", "name": "s", "url": "https://example.com"}

ASKED: tuple[Asked, ...] = (
    Asked(
        name="system text, several blocks",
        request=replace(BASE, system=(Text("You are"), Text("an agent."))),
        kept=lambda request: said(request.system),
    ),
    Asked(
        name="system message in the conversation",
        request=replace(BASE, messages=LATE),
        kept=lambda request: said(
            [
                *request.system,
                *(t for m in request.messages if m.role == "system" for t in parts_of(m)),
            ]
        ),
    ),
    Asked(
        name="parallel calls and their results",
        request=looped(result("t1", Text("1")), result("t2", Text("2"))),
        kept=lambda request: (calls(request), came(request)),
    ),
    Asked(
        name="a result that is an error",
        request=looped(result("t1", Text("no"), failed=True)),
        kept=came,
    ),
    Asked(
        name="an image in a result",
        request=looped(result("t1", Text("A cat:"), PICTURE)),
        kept=lambda request: (came(request), pictures(request)),
    ),
    Asked(name="an image", request=user(PICTURE), kept=pictures),
    Asked(
        name="an image by URL",
        request=user(Image("image/png", url="https://example.com/a.png")),
        kept=pictures,
    ),
    Asked(
        name="a PDF",
        request=user(Document("application/pdf", "JVBERi0=", name="a.pdf")),
        kept=lambda request: [document.data for document in parts(request, Document)],
    ),
    Asked(
        name="tools and their schemas",
        request=replace(BASE, tools=(ADD,)),
        kept=lambda request: [(t.name, t.description, shape(t.schema)) for t in request.tools],
    ),
    Asked(
        name="a recursive schema",
        request=replace(BASE, tools=(Tool("add", "Adds.", DEEP),)),
        kept=lambda request: [(t.name, shape(t.schema)) for t in request.tools],
    ),
    Asked(name="tool choice: any", request=choice("any"), kept=chosen),
    Asked(name="tool choice: none", request=choice("none"), kept=chosen),
    Asked(name="tool choice: one tool", request=choice("tool", "add"), kept=chosen),
    Asked(
        name="one call at a time",
        request=replace(BASE, tools=(ADD,), parallel_tools=False),
        kept=lambda request: request.parallel_tools,
    ),
    Asked(
        name="structured output",
        request=replace(BASE, format=Format(SCHEMA, "answer", strict=True)),
        kept=lambda request: request.format and shape(request.format.schema),
    ),
    Asked(
        name="any JSON object",
        request=replace(BASE, format=Format(None)),
        kept=lambda request: request.format is not None,
    ),
    Asked(
        name="limit of output",
        request=replace(BASE, max_tokens=32_000),
        kept=lambda request: request.max_tokens,
    ),
    Asked(
        name="temperature 0.5",
        request=replace(BASE, temperature=0.5),
        kept=lambda request: request.temperature,
    ),
    Asked(
        name="temperature 1.5",
        request=replace(BASE, temperature=1.5),
        kept=lambda request: request.temperature,
    ),
    Asked(name="top_k", request=replace(BASE, top_k=5), kept=lambda request: request.top_k),
    Asked(name="seed", request=replace(BASE, seed=7), kept=lambda request: request.seed),
    Asked(
        name="stop sequences",
        request=replace(BASE, stop=("END",)),
        kept=lambda request: request.stop,
    ),
    Asked(
        name="reasoning effort: high",
        request=replace(BASE, effort="high", thinking=True),
        kept=lambda request: request.effort,
    ),
    Asked(
        name="a thinking budget",
        raw={
            "anthropic": {"thinking": {"type": "enabled", "budget_tokens": 4096}},
            "gemini": {"generationConfig": {"thinkingConfig": {"thinkingBudget": 4096}}},
        },
        kept=lambda request: request.thinking,
    ),
    Asked(
        name="another model's sealed thoughts",
        request=replace(BASE, messages=HISTORY),
        kept=lambda request: [thought.signature for thought in parts(request, Thinking)],
    ),
    Asked(
        name="cache marks",
        request=replace(BASE, system=(Text("You are an agent.", cache="1h"),)),
        kept=lambda request: [text.cache for text in request.system],
    ),
    Asked(
        name="user",
        raw={
            "anthropic": {"metadata": {"user_id": "ann"}},
            "openai_chat": {"user": "ann"},
            "openai_responses": {"user": "ann"},
        },
        kept=lambda request: request.user,
    ),
    Asked(
        name="a prefill",
        request=replace(BASE, messages=(HELLO, Message("assistant", (Text("It"),)))),
        kept=lambda request: [message.role for message in request.messages],
    ),
    Asked(
        name="free-form tools",
        raw={
            "openai_chat": {"tools": [{"type": "custom", "custom": {"name": "patch"}}]},
            "openai_responses": {"tools": [{"type": "custom", "name": "patch"}]},
        },
        kept=lambda request: [tool.name for tool in request.tools],
    ),
    Asked(
        name="web search by the provider",
        raw={
            "anthropic": {"tools": [SEARCH]},
            "openai_chat": {"web_search_options": {}},
            "openai_responses": {"tools": [{"type": "web_search"}]},
            "gemini": {"tools": [{"googleSearch": {}}]},
        },
    ),
    Asked(
        name="MCP by the provider",
        raw={"anthropic": {"mcp_servers": [MCP_SERVER]}, "openai_responses": {"tools": [MCP]}},
    ),
    Asked(
        name="citations",
        raw={"anthropic": {"messages": [{"role": "user", "content": [CITED]}]}},
    ),
    Asked(
        name="audio",
        raw={
            "openai_chat": {"messages": [{"role": "user", "content": [AUDIO]}]},
            "gemini": {"contents": [{"role": "user", "parts": [VOICE]}]},
        },
    ),
    Asked(
        name="several answers",
        raw={"openai_chat": {"n": 2}, "gemini": {"generationConfig": {"candidateCount": 2}}},
    ),
    Asked(
        name="log probabilities",
        raw={
            "openai_chat": {"logprobs": True},
            "openai_responses": {"top_logprobs": 2},
            "gemini": {"generationConfig": {"responseLogprobs": True}},
        },
    ),
    Asked(
        name="a conversation kept by the provider",
        raw={
            "anthropic": {"container": "c_1"},
            "openai_responses": {"previous_response_id": "resp_1"},
            "gemini": {"cachedContent": "cachedContents/1"},
        },
    ),
    Asked(
        name="a field nobody knows",
        raw={
            "anthropic": {"novel": 1},
            "openai_chat": {"novel": 1},
            "openai_responses": {"novel": 1},
            "gemini": {"novel": 1},
        },
    ),
)


def parts_of(message: Message) -> list[Text]:
    return [part for part in message.parts if isinstance(part, Text)]
