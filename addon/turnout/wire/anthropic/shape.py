"""The shape of an Anthropic Messages body, as far as routing and editing look into it.

https://platform.claude.com/docs/en/api/messages

Whatever can be large or of many forms stays raw bytes. Unknown fields and block types are fine.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from turnout.errors import reading
from turnout.wire import splice
from turnout.wire.sealed import is_sealed
from turnout.wire.twice import twice

NOTHING = msgspec.Raw(b"null")

THINKING = {"thinking", "redacted_thinking"}
# and without what an id carries for another family (envelope.py)
LEGAL_ID = re.compile(r"(?!.*__turnout_\d)[A-Za-z0-9_-]+")
# blocks of tools that Anthropic runs itself, besides every `..._tool_result` but the plain one
SERVER_BLOCKS = {"server_tool_use", "mcp_tool_use", "container_upload"}


class Mark(msgspec.Struct):
    """cache_control"""

    type: str = "ephemeral"
    ttl: str | None = None


class Block(msgspec.Struct):
    """A block of content, of any type. Fields are raw where types give them different meanings."""

    type: str
    text: msgspec.Raw = NOTHING
    content: msgspec.Raw = NOTHING
    source: msgspec.Raw = NOTHING
    signature: str | None = None
    data: msgspec.Raw = NOTHING
    thought_signature: msgspec.Raw = NOTHING
    thought_signature_g: msgspec.Raw = msgspec.field(default=NOTHING, name="thoughtSignature")
    extra_content: msgspec.Raw = NOTHING
    id: str | None = None
    tool_use_id: str | None = None
    cache_control: Mark | None = None

    @property
    def words(self) -> str:
        return msgspec.json.decode(self.text, type=str) if self.type == "text" else ""

    @property
    def thinks(self) -> bool:
        return self.type in THINKING

    @property
    def signed(self) -> bool:
        """Thinking that only the model that minted it takes back; an envelope is of another."""
        own = bool(self.signature) and not is_sealed(self.signature or "")
        return self.thinks and (self.type == "redacted_thinking" or own)

    @property
    def opaque(self) -> str:
        """Of thinking, what its minter alone can read."""
        if self.type != "redacted_thinking":
            return self.signature or ""
        data = msgspec.json.decode(self.data)
        return data if isinstance(data, str) else ""

    @property
    def strays(self) -> bool:
        """Another dialect's signature travels on it."""
        foreign = (self.thought_signature, self.thought_signature_g, self.extra_content)
        own = self.signature is None or self.thinks
        return not own or any(raw is not NOTHING for raw in foreign)

    @property
    def call(self) -> str:
        """The id of the call that it makes or answers."""
        ids = {"tool_use": self.id, "tool_result": self.tool_use_id}
        return ids.get(self.type) or ""

    @property
    def odd_id(self) -> bool:
        """Not in this dialect's alphabet. Without any there is nothing to mend."""
        return bool(self.call) and not LEGAL_ID.fullmatch(self.call)


class Message(msgspec.Struct):
    role: str
    content: str | list[Block]


class Tool(msgspec.Struct):
    """`type` is absent or "custom" for the client's own; any other names one of Anthropic's."""

    name: str = ""
    type: str | None = None
    cache_control: Mark | None = None

    @property
    def of_client(self) -> bool:
        return self.type in (None, "custom")


class Named(msgspec.Struct):
    """Only its type counts: tool_choice, and the like."""

    type: str = ""


class Thinking(msgspec.Struct):
    type: str = ""
    budget_tokens: int | None = None


class Schema(msgspec.Struct):
    properties: dict[str, msgspec.Raw] = {}


class Format(msgspec.Struct):
    type: str = ""
    schema: Schema | None = None


class OutputConfig(msgspec.Struct):
    effort: str | None = None
    format: Format | None = None


class Metadata(msgspec.Struct):
    user_id: str | None = None


class Body(msgspec.Struct):
    model: str
    messages: list[Message]
    stream: bool = False
    system: str | list[Block] | None = None
    max_tokens: int | None = None
    tools: list[Tool] | None = None
    tool_choice: Named | None = None
    thinking: Thinking | None = None
    effort: str | None = None
    output_config: OutputConfig | None = None
    output_format: Format | None = None
    metadata: Metadata | None = None
    mcp_servers: list[msgspec.Raw] | None = None
    container: msgspec.Raw = NOTHING
    cache_control: Mark | None = None


_body = msgspec.json.Decoder(Body)
_blocks = msgspec.json.Decoder(list[Block])


@twice
def parse(body: bytes) -> tuple[Body, dict[str, splice.Field]]:
    """The body, and where its members are. Raises WireError."""
    with reading("anthropic"):
        return _body.decode(body), splice.fields(body)


def blocks(content: str | list[Block] | None) -> list[Block]:
    return content if isinstance(content, list) else []


def of_server(kind: str) -> bool:
    """A type of blocks."""
    return kind in SERVER_BLOCKS or kind.endswith("_tool_result")


def nested(block: Block) -> list[Block]:
    """The blocks inside a tool result."""
    if block.type != "tool_result" or memoryview(block.content)[:1].tobytes() != b"[":
        return []
    return _blocks.decode(block.content)


def walk(body: Body) -> list[Block]:
    """All blocks of all messages, a tool result before what is in it."""
    walked: list[Block] = []
    for message in body.messages:
        if isinstance(message.content, list):
            for block in message.content:
                walked.append(block)
                walked += nested(block)
    return walked


def marks(body: Body, walked: Iterable[Block]) -> Iterator[Mark]:
    """cache_control in the order the cache sees it: tools, system, messages (`walked`)."""
    for item in (*(body.tools or ()), *blocks(body.system), *walked, body):
        if item.cache_control is not None:
            yield item.cache_control
