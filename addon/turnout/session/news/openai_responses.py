"""Facts of OpenAI Responses. https://platform.openai.com/docs/api-reference/responses/create"""

from collections.abc import Iterable, Iterator

import msgspec

from turnout.session.news.facts import Call, Fact, Human, Result
from turnout.wire import excerpt

WORDS = {"input_text", "output_text", "text"}


class Body(msgspec.Struct):
    input: str | list[msgspec.Raw] | None = None


class Part(msgspec.Struct):
    type: str = ""
    text: str = ""


class Item(msgspec.Struct):
    type: str = "message"
    role: str = ""
    call_id: str = ""
    name: str = ""
    arguments: str | None = None
    input: str | None = None
    content: str | list[Part] | None = None
    output: str | list[Part] | None = None


_body = msgspec.json.Decoder(Body)
_item = msgspec.json.Decoder(Item)
_type = msgspec.json.Decoder(dict[str, msgspec.Raw])

KNOWN = {"message", "function_call", "custom_tool_call"}
RESULTS = {"function_call_output", "custom_tool_call_output"}


def messages(body: bytes) -> list[msgspec.Raw]:
    said = _body.decode(body).input
    if isinstance(said, str):
        return [msgspec.Raw(msgspec.json.encode({"role": "user", "content": said}))]
    return said or []


def facts(raws: Iterable[msgspec.Raw]) -> Iterator[Fact]:
    for raw in raws:
        item = _read(raw)
        if item.type in RESULTS:
            yield Result(item.call_id, "\n".join(_texts(item.output)))
        elif item.type in KNOWN and item.name:
            yield Call(item.call_id, item.name, (item.arguments or item.input or "").encode())
        elif item.role == "user":
            text = "\n".join(t for t in _texts(item.content) if not excerpt.injected(t))
            yield from [Human(text)] if text else []


def _read(raw: msgspec.Raw) -> Item:
    """An item of a kind that says nothing here may have fields of any type."""
    kind = _type.decode(raw).get("type")
    said = "message" if kind is None else msgspec.json.decode(kind)
    return _item.decode(raw) if said in KNOWN | RESULTS else Item(type="")


def _texts(content: str | list[Part] | None) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [part.text for part in content or () if part.type in WORDS]
