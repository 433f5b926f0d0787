"""OpenAI Chat Completions: the facts of a request that routing needs, most of it left as bytes."""

from collections.abc import Mapping, Sequence
from itertools import islice

from turnout.errors import reading
from turnout.wire import effort, excerpt, splice
from turnout.wire.openai_chat.shape import NOTHING, SYSTEM, TOOL, Body, Message, parse, parts
from turnout.wire.request import Ask, CacheTtl, Effort

INPUT = ("messages", "tools", "functions")
# tool_choice and function_call that leave the model a choice; anything else forces its hand
FREE = {b"null", b'"auto"', b'"none"'}


def peek(body: bytes, path: str) -> Ask:
    """Raises WireError. `path` says nothing in this dialect."""
    del path
    with reading("openai_chat"):
        return facts(*parse(body))


def facts(body: Body, members: Mapping[str, splice.Field]) -> Ask:
    types = {part.type for part in parts(body)}
    functions = (*(body.tools or ()), *(body.functions or ()))
    return Ask(
        dialect="openai_chat",
        model=body.model,
        stream=bool(body.stream),
        humans=_humans(body.messages),
        first_human=_first_human(body.messages),
        system=_system(body.messages),
        input_tokens=_input_tokens(body, members),
        max_tokens=body.max_completion_tokens or body.max_tokens,
        messages=len(body.messages),
        tools=tuple(function.name for function in functions),
        server_tools=_server_tools(body),
        forced_tool=_forced_tool(body),
        images="image_url" in types,
        documents="file" in types,
        structured=body.response_format is not None and body.response_format.type != "text",
        signed_thinking=any(m.reasoning_details is not NOTHING for m in body.messages),
        last_is_tool_result=_last_is_tool_result(body.messages),
        cache_ttl=_cache_ttl(body),
        effort=_effort(body),
        session_hint=body.prompt_cache_key or excerpt.session_of(body.user or ""),
        schema_keys=_schema_keys(body),
    )


def _words(message: Message) -> list[str]:
    if isinstance(message.content, str):
        return [message.content]
    return [part.words for part in message.parts]


def _system(messages: Sequence[Message]) -> str:
    texts = [text for message in messages if message.role in SYSTEM for text in _words(message)]
    return excerpt.head("\n".join(excerpt.without_billing(texts)), excerpt.SYSTEM_HEAD)


def _human(message: Message) -> str:
    """What a person wrote in this turn; "" for any other, and for a client's reminders."""
    if message.role != "user":
        return ""
    return "\n".join(text for text in _words(message) if not excerpt.injected(text))


def _humans(messages: Sequence[Message]) -> tuple[str, ...]:
    written = filter(None, map(_human, reversed(messages)))
    return tuple(excerpt.tail(text, excerpt.HUMAN_TAIL) for text in islice(written, excerpt.HUMANS))


def _first_human(messages: Sequence[Message]) -> str:
    first = next(filter(None, map(_human, messages)), "")
    return excerpt.head(first, excerpt.FIRST_HUMAN_HEAD)


def _last_is_tool_result(messages: Sequence[Message]) -> bool:
    spoken = (message for message in reversed(messages) if message.role not in SYSTEM)
    last = next(spoken, None)
    return last is not None and last.role in TOOL


def _input_tokens(body: Body, members: Mapping[str, splice.Field]) -> int:
    """Bytes of JSON by four, but for images, files and sound in base64."""
    present = [members[name] for name in INPUT if name in members]
    images = [part.media for part in parts(body) if part.type == "image_url"]
    others = [part.media for part in parts(body) if part.type != "image_url"]
    text = sum(field.end - field.value for field in present) - sum(images) - sum(others)
    return (
        max(text, 0) // excerpt.BYTES_PER_TOKEN
        + len(images) * excerpt.IMAGE_TOKENS
        + sum(others) // excerpt.FILE_BYTES_PER_TOKEN
    )


def _server_tools(body: Body) -> bool:
    searches = body.web_search_options is not NOTHING
    return searches or any(not tool.of_client for tool in body.tools or ())


def _forced_tool(body: Body) -> bool:
    choices = {bytes(body.tool_choice), bytes(body.function_call)}
    return not choices <= FREE


def _cache_ttl(body: Body) -> CacheTtl | None:
    on_messages = (message.cache_control for message in body.messages)
    on_parts = (part.cache_control for part in parts(body))
    ttls = {mark.ttl for mark in (*on_messages, *on_parts) if mark}
    if not ttls:
        return None
    return "1h" if "1h" in ttls else "5m"


def _effort(body: Body) -> Effort | None:
    said = body.reasoning_effort or (body.reasoning and body.reasoning.effort)
    return next((level for level in effort.LADDER if level == said), None)


def _schema_keys(body: Body) -> tuple[str, ...]:
    named = body.response_format and body.response_format.json_schema
    return tuple(named.schema.properties) if named and named.schema else ()
