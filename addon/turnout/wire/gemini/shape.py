"""The shape of a generateContent body, as far as routing and editing look into it.

https://ai.google.dev/api/generate-content

Whatever can be large or of many forms stays raw bytes. Unknown fields and parts are fine.
"""

import re
from collections.abc import Iterator

import msgspec

from turnout.errors import reading
from turnout.wire import splice
from turnout.wire.gemini.names import normal
from turnout.wire.twice import twice

NOTHING = msgspec.Raw(b"null")


class Shape(msgspec.Struct, rename="camel"):
    """Fields by the dialect's names for them."""


class Blob(Shape):
    mime_type: str = ""


class Response(Shape):
    parts: list["Part"] | None = None


class Part(Shape):
    text: msgspec.Raw = NOTHING
    thought: bool | None = None
    thought_signature: msgspec.Raw = NOTHING
    inline_data: msgspec.Raw = NOTHING
    file_data: msgspec.Raw = NOTHING
    function_call: msgspec.Raw = NOTHING
    function_response: msgspec.Raw = NOTHING
    # in these a server's tool speaks
    executable_code: msgspec.Raw = NOTHING
    code_execution_result: msgspec.Raw = NOTHING
    tool_call: msgspec.Raw = NOTHING
    tool_response: msgspec.Raw = NOTHING

    @property
    def words(self) -> str:
        if self.text is NOTHING or self.thought:
            return ""
        return msgspec.json.decode(self.text, type=str)

    @property
    def inside(self) -> list["Part"]:
        """What stands in a function's response beside its words."""
        if self.function_response is NOTHING or b'"parts"' not in bytes(self.function_response):
            return []
        return msgspec.json.decode(self.function_response, type=Response).parts or []

    @property
    def of_server(self) -> bool:
        return (
            self.executable_code is not NOTHING
            or self.code_execution_result is not NOTHING
            or self.tool_call is not NOTHING
            or self.tool_response is not NOTHING
        )


class Content(Shape):
    role: str | None = None
    parts: list[Part] | None = None


class Named(Shape):
    name: str = ""


class Calling(Shape):
    mode: str | None = None


class ToolConfig(Shape):
    function_calling_config: Calling | None = None


class ThinkingConfig(Shape):
    thinking_budget: int | None = None
    thinking_level: str | None = None
    include_thoughts: bool | None = None


class Schema(Shape):
    properties: dict[str, msgspec.Raw] | None = None


class Generation(Shape):
    max_output_tokens: int | None = None
    stop_sequences: list[str] | None = None
    response_mime_type: str | None = None
    response_schema: Schema | None = None
    response_json_schema: Schema | None = None
    thinking_config: ThinkingConfig | None = None


class Body(Shape):
    contents: list[Content]
    system_instruction: Content | str | None = None
    tools: list[dict[str, msgspec.Raw]] | None = None
    tool_config: ToolConfig | None = None
    generation_config: Generation | None = None
    cached_content: str | None = None


# the ends of their names in snake_case: a body with none of them needs no second look
_ENDS = {
    name.rpartition("_")[2]
    for shape in Shape.__subclasses__()
    for name in (*shape.__struct_fields__, "function_declarations")
    if "_" in name
}
_SNAKE = re.compile(rb'_(?:%b)"\s*:' % "|".join(sorted(_ENDS)).encode())
_body = msgspec.json.Decoder(Body)
_names = msgspec.json.Decoder(list[Named])


@twice
def parse(body: bytes) -> tuple[Body, dict[str, splice.Field]]:
    """The body, and where its members are, as this body spells them. Raises WireError."""
    with reading("gemini"):
        members = splice.fields(body)
        if _SNAKE.search(body):
            return _body.decode(msgspec.json.encode(normal(msgspec.json.decode(body)))), members
        return _body.decode(body), members


def parts(body: Body) -> Iterator[Part]:
    """All parts, those inside functions' responses too."""
    for content in body.contents:
        for part in content.parts or ():
            yield part
            yield from part.inside


def functions(body: Body) -> tuple[str, ...]:
    raws = (tool.get("functionDeclarations", NOTHING) for tool in body.tools or ())
    return tuple(one.name for raw in raws if raw is not NOTHING for one in _names.decode(raw))


def server_tools(body: Body) -> list[str]:
    return [name for tool in body.tools or () for name in tool if name != "functionDeclarations"]
