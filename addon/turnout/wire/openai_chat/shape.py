"""The shape of an OpenAI Chat Completions body, as far as routing and editing look into it.

https://platform.openai.com/docs/api-reference/chat/create

Whatever can be large or of many forms stays raw bytes. Unknown fields and part types are fine.
"""

from collections.abc import Iterator

import msgspec

from turnout.errors import reading
from turnout.wire import splice
from turnout.wire.twice import twice

NOTHING = msgspec.Raw(b"null")
SYSTEM = {"system", "developer"}
TOOL = {"tool", "function"}
CLIENT_TOOLS = {"function", "custom"}


class Mark(msgspec.Struct):
    """cache_control, which gateways take in this dialect too"""

    ttl: str | None = None


class Part(msgspec.Struct):
    """A part of content, of any type."""

    type: str = ""
    text: msgspec.Raw = NOTHING
    image_url: msgspec.Raw = NOTHING
    file: msgspec.Raw = NOTHING
    input_audio: msgspec.Raw = NOTHING
    cache_control: Mark | None = None

    @property
    def words(self) -> str:
        return msgspec.json.decode(self.text, type=str) if self.type == "text" else ""

    @property
    def media(self) -> int:
        """Bytes of JSON that are not text."""
        raws = (self.image_url, self.file, self.input_audio)
        return sum(memoryview(raw).nbytes for raw in raws if raw is not NOTHING)


class Message(msgspec.Struct):
    role: str
    content: str | list[Part] | None = None
    tool_calls: list[msgspec.Raw] | None = None
    reasoning_content: msgspec.Raw = NOTHING
    reasoning: msgspec.Raw = NOTHING
    reasoning_details: msgspec.Raw = NOTHING
    cache_control: Mark | None = None

    @property
    def parts(self) -> list[Part]:
        return self.content if isinstance(self.content, list) else []

    @property
    def reasons(self) -> bool:
        said = (self.reasoning_content, self.reasoning, self.reasoning_details)
        return any(raw is not NOTHING for raw in said)


class Named(msgspec.Struct):
    name: str = ""


class Tool(msgspec.Struct):
    type: str = "function"
    function: Named | None = None
    custom: Named | None = None

    @property
    def name(self) -> str:
        return (self.function or self.custom or Named()).name

    @property
    def of_client(self) -> bool:
        return self.type in CLIENT_TOOLS


class Schema(msgspec.Struct):
    properties: dict[str, msgspec.Raw] = {}


class NamedSchema(msgspec.Struct):
    schema: Schema | None = None


class Format(msgspec.Struct):
    type: str = "text"
    json_schema: NamedSchema | None = None


class Reasoning(msgspec.Struct):
    """OpenRouter's spelling"""

    effort: str | None = None


class Body(msgspec.Struct):
    model: str
    messages: list[Message]
    stream: bool | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    tools: list[Tool] | None = None
    functions: list[Named] | None = None
    tool_choice: msgspec.Raw = NOTHING
    function_call: msgspec.Raw = NOTHING
    response_format: Format | None = None
    reasoning_effort: str | None = None
    reasoning: Reasoning | None = None
    modalities: list[str] | None = None
    web_search_options: msgspec.Raw = NOTHING
    prompt_cache_key: str | None = None
    user: str | None = None


_body = msgspec.json.Decoder(Body)


@twice
def parse(body: bytes) -> tuple[Body, dict[str, splice.Field]]:
    """The body, and where its members are. Raises WireError."""
    with reading("openai_chat"):
        return _body.decode(body), splice.fields(body)


def parts(body: Body) -> Iterator[Part]:
    for message in body.messages:
        yield from message.parts
