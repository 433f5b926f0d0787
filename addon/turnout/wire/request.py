"""What a client asks, whatever dialect it speaks: `Ask` for routing, `Request` for translating.

`Ask` is read from every request and must be cheap: a few facts, most of the body left as bytes.
`Request` is the whole meaning; it is read only when the chosen target speaks another dialect.
`Target` is what the writer of a request has to know about the model that will read it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

import msgspec

DialectName = Literal["anthropic", "openai_chat", "openai_responses", "gemini"]
Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Role = Literal["system", "user", "assistant"]
CacheTtl = Literal["5m", "1h"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """The facts of an action that routing needs.

    `humans`: what people wrote in user turns, latest first, without tool results; at most 4 texts.
    `system`: the head of the system text. `input_tokens`: an estimate (bytes / 4, tools and results
    included). `sub_agent`: the body itself says that a client's sub-agent sent it. `compaction`:
    that it wants its conversation summed up. `summable`: that alone makes it the vendor's own
    (`server_tools`), and any model can be asked for it in words.
    """

    dialect: DialectName
    model: str
    stream: bool = False
    humans: tuple[str, ...] = ()
    first_human: str = ""
    system: str = ""
    input_tokens: int = 0
    max_tokens: int | None = None
    messages: int = 0
    tools: tuple[str, ...] = ()
    server_tools: bool = False
    forced_tool: bool = False
    images: bool = False
    documents: bool = False
    structured: bool = False
    signed_thinking: bool = False
    last_is_tool_result: bool = False
    cache_ttl: CacheTtl | None = None
    effort: Effort | None = None
    session_hint: str = ""
    schema_keys: tuple[str, ...] = ()
    sub_agent: bool = False
    compaction: bool = False
    summable: bool = False


class Text(msgspec.Struct, frozen=True, gc=False):
    """Like every part: `size` is about how many characters it has."""

    text: str
    cache: CacheTtl | None = None

    @property
    def size(self) -> int:
        return len(self.text)


class Image(msgspec.Struct, frozen=True, gc=False):
    """Either base64 `data` with its `media_type`, or a `url`."""

    media_type: str = ""
    data: str = ""
    url: str = ""
    cache: CacheTtl | None = None

    @property
    def size(self) -> int:
        return len(self.data)


class Document(msgspec.Struct, frozen=True, gc=False):
    media_type: str = ""
    data: str = ""
    url: str = ""
    name: str = ""
    cache: CacheTtl | None = None

    @property
    def size(self) -> int:
        return len(self.data)


class Thinking(msgspec.Struct, frozen=True, gc=False):
    """`signature` is "" when unsigned; `redacted` thinking has its opaque bytes in `signature`."""

    text: str
    signature: str = ""
    redacted: bool = False

    @property
    def size(self) -> int:
        return len(self.text)


class ToolUse(msgspec.Struct, frozen=True, gc=False):
    """`input` is JSON text, as it was sent. `signature`: Gemini's, which goes back there only."""

    id: str
    name: str
    input: str
    cache: CacheTtl | None = None
    signature: str = ""

    @property
    def size(self) -> int:
        return len(self.input)


class ToolResult(msgspec.Struct, frozen=True, gc=False):
    id: str
    content: tuple[Text | Image | Document, ...]
    is_error: bool = False
    cache: CacheTtl | None = None

    @property
    def size(self) -> int:
        return sum([part.size for part in self.content])


type Part = Text | Image | Document | Thinking | ToolUse | ToolResult


class Message(msgspec.Struct, frozen=True, gc=False):
    role: Role
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        return sum([part.size for part in self.parts])


def thinks(message: Message) -> bool:
    return Thinking in map(type, message.parts)


def plain(message: Message) -> bool:
    """Without thinking and blank texts: every dialect takes all of it into a history."""
    for part in message.parts:  # a loop, for speed: of every message, with every request
        if isinstance(part, Text):
            if not part.text.strip():
                return False
        elif isinstance(part, Thinking):
            return False
    return True


def marked(messages: Iterable[Message]) -> bool:
    """Whether a client's cache mark is on any part of theirs."""
    parts = chain.from_iterable([message.parts for message in messages])
    return any(part.cache for part in parts if not isinstance(part, Thinking))


@dataclass(frozen=True, slots=True)
class Tool:
    """`schema` is the JSON schema of its input, unchanged. `strict`: arguments are to obey it.

    `own_name`: what its client calls it inside `namespace`, where it has one. `free_form`: its
    client wants the one string of its input bare.
    """

    name: str
    description: str
    schema: dict[str, Any]
    strict: bool | None = None
    cache: CacheTtl | None = None
    namespace: str = ""
    own_name: str = ""
    free_form: bool = False


@dataclass(frozen=True, slots=True)
class ToolChoice:
    kind: Literal["auto", "any", "none", "tool"] = "auto"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """Structured output: a JSON schema, or any JSON object when `schema` is None."""

    schema: dict[str, Any] | None = None
    name: str = ""
    strict: bool | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was altered on the way, and why. Kept in the decision record."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, in nobody's dialect. `None` means: the client did not say.

    `thinking`: asked for (at whatever depth), or expressly switched off. `effort` "none": not asked
    for. `compaction`: the answer is a summary of the conversation. `changes`: what the reader left
    out as mere advice, or mended.
    """

    model: str
    system: tuple[Text, ...] = ()
    messages: tuple[Message, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tools: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    stream: bool = False
    effort: Effort | None = None
    thinking: bool | None = None
    thinking_budget: int | None = None
    format: Format | None = None
    user: str = ""
    wants_usage: bool = True
    compaction: bool = False
    changes: tuple[Change, ...] = ()

    @property
    def marked(self) -> bool:
        """Whether a client's cache mark is anywhere."""
        apart = any(text.cache for text in self.system) or any(tool.cache for tool in self.tools)
        return apart or marked(self.messages)


def nobody_knows(_: str) -> bool | None:
    """Whose opaque reasoning it is."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a model on one binding can be told. Defaults are the most permissive common case.

    `top_k`, `cache_key`: a server of OpenAI's dialect that takes `top_k`, or `prompt_cache_key`.
    `context_management`: a model of Anthropic's dialect that edits its own context. `minted`: did
    this binding make that opaque reasoning; None where nobody remembers. `asked`: it is who the
    client asks, whose work such reasoning is then taken for; None: the models' names decide.
    """

    model: str
    max_output: int | None = None
    images: bool = True
    image_urls: bool = True
    documents: bool = False
    tools: bool = True
    max_tools: int | None = None
    samplers: bool = True
    stop: int = 4
    structured: bool = True
    reasoning: Literal["none", "effort", "budget", "adaptive"] = "none"
    efforts: tuple[Effort, ...] = ()
    reasoning_required: bool = False
    replays_reasoning: bool = False
    pattern_in_schema: bool = True
    schema_refs: bool = True
    mid_system: bool = False
    prefill: bool = True
    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    top_k: bool = False
    cache_key: bool = False
    context_management: bool = True
    # not compared: what is written of a message that is kept does not depend on them
    minted: Callable[[str], bool | None] = nobody_knows
    asked: bool | None = None

    def takes(self, opaque: str, *, alike: bool) -> bool:
        """Reasoning that is its own. `alike`: the models' names say so, where nothing else does."""
        known = self.minted(opaque)
        if known is not None:
            return known
        return alike if self.asked is None else self.asked


@dataclass(frozen=True, slots=True)
class Written:
    """A request in the target's dialect."""

    body: bytes
    changes: tuple[Change, ...] = field(default=())
