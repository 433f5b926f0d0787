"""Facts of OpenAI Chat Completions. https://platform.openai.com/docs/api-reference/chat/create"""

from collections.abc import Iterable, Iterator

import msgspec

from turnout.session.news.facts import Call, Fact, Human, Result
from turnout.wire import excerpt


class Body(msgspec.Struct):
    messages: list[msgspec.Raw]


class Part(msgspec.Struct):
    type: str = ""
    text: str = ""


class Function(msgspec.Struct):
    """`arguments` of a function, `input` of a custom tool."""

    name: str = ""
    arguments: str | None = None
    input: str | None = None


class ToolCall(msgspec.Struct):
    id: str = ""
    function: Function | None = None
    custom: Function | None = None


class Message(msgspec.Struct):
    role: str
    content: str | list[Part] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str = ""

    @property
    def texts(self) -> list[str]:
        if isinstance(self.content, str):
            return [self.content]
        return [part.text for part in self.content or () if part.type == "text"]


_body = msgspec.json.Decoder(Body)
_message = msgspec.json.Decoder(Message)


def messages(body: bytes) -> list[msgspec.Raw]:
    return _body.decode(body).messages


def facts(raws: Iterable[msgspec.Raw]) -> Iterator[Fact]:
    for raw in raws:
        message = _message.decode(raw)
        for call in message.tool_calls or ():
            made = call.function or call.custom or Function()
            yield Call(call.id, made.name, (made.arguments or made.input or "").encode())
        if message.role in ("tool", "function"):
            yield Result(message.tool_call_id, "\n".join(message.texts))
        if message.role == "user":
            text = "\n".join(t for t in message.texts if t and not excerpt.injected(t))
            yield from [Human(text)] if text else []
