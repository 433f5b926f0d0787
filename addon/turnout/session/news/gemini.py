"""Facts of Gemini generateContent. https://ai.google.dev/api/generate-content"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from turnout.session.news.facts import Call, Fact, Human, Result
from turnout.wire import excerpt
from turnout.wire.gemini.names import CONTENT, normal

NOTHING = msgspec.Raw(b"null")
# a member's name with a "_" in it: most messages have none, and need no second look
SNAKE = re.compile(rb'[{,]\s*"[a-z]+_[a-z_]+"\s*:')


class Body(msgspec.Struct):
    contents: list[msgspec.Raw]


class FunctionCall(msgspec.Struct):
    name: str = ""
    id: str = ""
    args: msgspec.Raw = NOTHING


class FunctionResponse(msgspec.Struct):
    name: str = ""
    id: str = ""
    response: dict[str, Any] | None = None


class Part(msgspec.Struct, rename="camel"):
    text: str = ""
    thought: bool | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None


class Content(msgspec.Struct):
    role: str | None = None
    parts: list[Part] | None = None


_body = msgspec.json.Decoder(Body)
_content = msgspec.json.Decoder(Content)


def messages(body: bytes) -> list[msgspec.Raw]:
    return _body.decode(body).contents


def facts(raws: Iterable[msgspec.Raw]) -> Iterator[Fact]:
    """Older clients give their calls no ids: a name then has to do."""
    for raw in raws:
        content = _content.decode(_camel(bytes(raw)))
        parts = content.parts or []
        yield from filter(None, map(_of_part, parts))
        texts = [part.text for part in parts if part.text and not part.thought]
        text = "\n".join(t for t in texts if not excerpt.injected(t))
        if content.role != "model" and text:
            yield Human(text)


def _camel(raw: bytes) -> bytes:
    if not SNAKE.search(raw):
        return raw
    return msgspec.json.encode(normal(msgspec.json.decode(raw), CONTENT))


def _of_part(part: Part) -> Fact | None:
    if call := part.function_call:
        return Call(call.id or call.name, call.name, bytes(call.args))
    if answer := part.function_response:
        response = answer.response or {}
        words = "\n".join(v if isinstance(v, str) else _json(v) for v in response.values())
        return Result(answer.id or answer.name, words, bool(response.get("error")))
    return None


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
