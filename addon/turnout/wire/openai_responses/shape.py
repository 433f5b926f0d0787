"""The shape of an OpenAI Responses body, as far as routing and editing look into it.

https://platform.openai.com/docs/api-reference/responses/create

Whatever can be large or of many forms stays raw bytes. Unknown fields, items and parts are fine.
"""

from collections.abc import Iterator

import msgspec

from turnout.errors import reading
from turnout.wire import splice
from turnout.wire.openai_responses import compaction
from turnout.wire.openai_responses.names import flat
from turnout.wire.twice import twice

NOTHING = msgspec.Raw(b"null")
SYSTEM = {"system", "developer"}
CLIENT_TOOLS = {"function", "custom", "namespace"}
RESULTS = {"function_call_output", "custom_tool_call_output"}
# items that other models can be told of
PORTABLE = {"message", "function_call", "custom_tool_call", *RESULTS, "reasoning",
            "additional_tools", "agent_message", "configuration_update"}  # fmt: skip
# items that say nothing in the conversation
SILENT = {"additional_tools", "configuration_update", compaction.TRIGGER}
WORDS = {"input_text", "output_text", "text"}


class Part(msgspec.Struct):
    """A part of content, of any type."""

    type: str = ""
    text: msgspec.Raw = NOTHING
    image_url: msgspec.Raw = NOTHING
    file_data: msgspec.Raw = NOTHING

    @property
    def words(self) -> str:
        return msgspec.json.decode(self.text, type=str) if self.type in WORDS else ""


class Tool(msgspec.Struct):
    """A function, a free-form tool, a namespace of both; or one that OpenAI runs itself."""

    type: str = ""
    name: str = ""
    tools: list["Tool"] | None = None

    @property
    def names(self) -> list[str]:
        if self.type == "namespace":
            return [flat(self.name, tool.name) for tool in self.tools or ()]
        return [self.name] if self.of_client else []

    @property
    def of_client(self) -> bool:
        return self.type in CLIENT_TOOLS


class Reasoning(msgspec.Struct):
    effort: str | None = None


class Item(msgspec.Struct):
    """An item of the input, of any type; a message may come without one."""

    type: str | None = None
    role: str | None = None
    id: str | None = None
    call_id: str | None = None
    content: msgspec.Raw = NOTHING
    output: msgspec.Raw = NOTHING
    encrypted_content: str | None = None
    tools: list[Tool] | None = None
    reasoning: Reasoning | None = None

    @property
    def kind(self) -> str:
        return self.type or ("message" if self.role else "item_reference")

    @property
    def portable(self) -> bool:
        """Other models can be told of it; of a summary, when it was written here."""
        kind = self.kind
        ours = kind == compaction.ITEM and compaction.opened(self.encrypted_content)
        return kind in PORTABLE or bool(ours)

    @property
    def parts(self) -> list[Part]:
        """Of what it says or returns."""
        raw = self.output if self.kind in RESULTS else self.content
        return _parts.decode(raw) if _starts(raw) == b"[" else []

    @property
    def words(self) -> list[str]:
        """A message's texts."""
        if self.kind != "message":
            return []
        if _starts(self.content) == b'"':
            return [msgspec.json.decode(self.content, type=str)]
        return [part.words for part in self.parts]


class Schema(msgspec.Struct):
    properties: dict[str, msgspec.Raw] = {}


class Format(msgspec.Struct):
    type: str = "text"
    schema: Schema | None = None


class Text(msgspec.Struct):
    format: Format | None = None


class Body(msgspec.Struct):
    model: str
    input: str | list[Item] | None = None
    stream: bool | None = None
    instructions: msgspec.Raw = NOTHING
    max_output_tokens: int | None = None
    tools: list[Tool] | None = None
    tool_choice: msgspec.Raw = NOTHING
    text: Text | None = None
    reasoning: Reasoning | None = None
    background: bool | None = None
    previous_response_id: msgspec.Raw = NOTHING
    conversation: msgspec.Raw = NOTHING
    prompt: msgspec.Raw = NOTHING
    prompt_cache_key: str | None = None
    user: str | None = None

    @property
    def items(self) -> list[Item]:
        return self.input if isinstance(self.input, list) else []

    @property
    def compacts(self) -> bool:
        """It ends with the wish for a summary of it."""
        return bool(self.items) and self.items[-1].kind == compaction.TRIGGER

    @property
    def every_tool(self) -> Iterator[Tool]:
        """Also those that stand in the input."""
        yield from self.tools or ()
        for item in self.items:
            if item.type == "additional_tools":
                yield from item.tools or ()


def _starts(raw: msgspec.Raw) -> bytes:
    """Its first byte."""
    return memoryview(raw)[:1].tobytes()


_body = msgspec.json.Decoder(Body)
_parts = msgspec.json.Decoder(list[Part])


@twice
def parse(body: bytes) -> tuple[Body, dict[str, splice.Field]]:
    """The body, and where its members are. Raises WireError."""
    with reading("openai_responses"):
        return _body.decode(body), splice.fields(body)


def parts(body: Body) -> Iterator[Part]:
    for item in body.items:
        if (kind := item.kind) == "message" or kind in RESULTS:
            yield from item.parts
