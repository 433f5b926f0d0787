"""Facts of Anthropic Messages. https://platform.claude.com/docs/en/api/messages"""

from collections.abc import Iterable, Iterator

import msgspec

from turnout.session.news.facts import Call, Fact, Human, Result
from turnout.wire import excerpt

NOTHING = msgspec.Raw(b"null")


class Body(msgspec.Struct):
    messages: list[msgspec.Raw]


class Block(msgspec.Struct):
    type: str = ""
    text: str = ""
    id: str = ""
    name: str = ""
    input: msgspec.Raw = NOTHING
    tool_use_id: str = ""
    content: msgspec.Raw = NOTHING
    is_error: bool | None = None


class Message(msgspec.Struct):
    role: str
    content: str | list[Block]


_body = msgspec.json.Decoder(Body)
_message = msgspec.json.Decoder(Message)
_content = msgspec.json.Decoder(str | list[Block] | None)


def messages(body: bytes) -> list[msgspec.Raw]:
    return _body.decode(body).messages


def facts(raws: Iterable[msgspec.Raw]) -> Iterator[Fact]:
    for raw in raws:
        message = _message.decode(raw)
        blocks = message.content if isinstance(message.content, list) else []
        yield from filter(None, map(_of_block, blocks))
        if message.role == "user" and (text := _human(message.content)):
            yield Human(text)


def _of_block(block: Block) -> Fact | None:
    if block.type == "tool_use":
        return Call(block.id, block.name, bytes(block.input))
    if block.type == "tool_result":
        return Result(block.tool_use_id, _words(block.content), bool(block.is_error))
    return None


def _words(content: msgspec.Raw) -> str:
    found = _content.decode(content)
    if isinstance(found, str):
        return found
    return "\n".join(block.text for block in found or () if block.type == "text")


def _human(content: str | list[Block]) -> str:
    texts = [content] if isinstance(content, str) else [b.text for b in content if b.type == "text"]
    return "\n".join(text for text in texts if text and not excerpt.injected(text))
