"""Anthropic Messages: the facts of a request that routing needs, most of the body left as bytes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from turnout.errors import reading
from turnout.wire import effort, excerpt, splice
from turnout.wire.anthropic.shape import (
    Block,
    Body,
    Format,
    Message,
    blocks,
    marks,
    of_server,
    parse,
    walk,
)
from turnout.wire.request import Ask, CacheTtl, Effort

INPUT = ("system", "tools", "messages")
FORCED = {"any", "tool"}


def peek(body: bytes, path: str) -> Ask:
    """Raises WireError. `path` says nothing in this dialect."""
    del path
    with reading("anthropic"):
        parsed, members = parse(body)
        return facts(parsed, members, walk(parsed))


def facts(body: Body, members: Mapping[str, splice.Field], walked: Sequence[Block]) -> Ask:
    types = {block.type for block in walked}
    system = _system(body)
    return Ask(
        dialect="anthropic",
        model=body.model,
        stream=body.stream,
        humans=_humans(body.messages),
        first_human=_first_human(body.messages),
        system=excerpt.head("\n".join(excerpt.without_billing(system)), excerpt.SYSTEM_HEAD),
        input_tokens=_input_tokens(members, walked),
        max_tokens=body.max_tokens,
        messages=len(body.messages),
        tools=tuple(tool.name for tool in body.tools or ()),
        server_tools=_server_tools(body, types),
        forced_tool=body.tool_choice is not None and body.tool_choice.type in FORCED,
        images="image" in types,
        documents="document" in types,
        structured=_format(body) is not None,
        signed_thinking=any(block.signed for block in walked if block.thinks),
        last_is_tool_result=_last_is_tool_result(body.messages),
        cache_ttl=_cache_ttl(body, walked),
        effort=_effort(body),
        session_hint=_session_hint(body),
        schema_keys=_schema_keys(body),
        sub_agent=any(excerpt.SUB_AGENT_MARK in text for text in system[:1]),
    )


def _system(body: Body) -> list[str]:
    if isinstance(body.system, str):
        return [body.system]
    return [block.words for block in blocks(body.system)]


def _human(message: Message) -> str:
    """What a person wrote in this turn; "" for tool results and a client's reminders."""
    if message.role != "user":
        return ""
    if isinstance(message.content, str):
        texts = [message.content]
    else:
        texts = [block.words for block in message.content if block.type == "text"]
    return "\n".join(text for text in texts if not excerpt.injected(text))


def _humans(messages: Sequence[Message]) -> tuple[str, ...]:
    written = filter(None, map(_human, reversed(messages)))
    return tuple(excerpt.tail(text, excerpt.HUMAN_TAIL) for text in islice(written, excerpt.HUMANS))


def _first_human(messages: Sequence[Message]) -> str:
    first = next(filter(None, map(_human, messages)), "")
    return excerpt.head(first, excerpt.FIRST_HUMAN_HEAD)


def _last_is_tool_result(messages: Sequence[Message]) -> bool:
    """Claude Code puts system messages after tool results, and reminders beside them."""
    last = next((message for message in reversed(messages) if message.role != "system"), None)
    if last is None or last.role != "user" or _human(last):
        return False
    types = {block.type for block in blocks(last.content)}
    return "tool_result" in types and types <= {"tool_result", "text"}


def _input_tokens(members: Mapping[str, splice.Field], walked: Sequence[Block]) -> int:
    """Bytes of JSON by four, but for images and files in base64."""
    present = [members[name] for name in INPUT if name in members]
    images = [memoryview(block.source).nbytes for block in walked if block.type == "image"]
    files = list(_files(walked))
    text = sum(field.end - field.value for field in present) - sum(images) - sum(files)
    return (
        max(text, 0) // excerpt.BYTES_PER_TOKEN
        + len(images) * excerpt.IMAGE_TOKENS
        + sum(files) // excerpt.FILE_BYTES_PER_TOKEN
    )


def _files(walked: Sequence[Block]) -> Iterator[int]:
    """Lengths of documents in base64; others are text."""
    for block in walked:
        if block.type == "document" and b'"base64"' in bytes(block.source):
            yield memoryview(block.source).nbytes


def _server_tools(body: Body, types: Iterable[str]) -> bool:
    return (
        any(not tool.of_client for tool in body.tools or ())
        or any(map(of_server, types))
        or bool(body.mcp_servers)
        or bytes(body.container) != b"null"
    )


def _cache_ttl(body: Body, walked: Sequence[Block]) -> CacheTtl | None:
    ttls = {mark.ttl for mark in marks(body, walked)}
    if not ttls:
        return None
    return "1h" if "1h" in ttls else "5m"


def _effort(body: Body) -> Effort | None:
    """As asked for; a thinking budget counts as the effort it buys."""
    said = (body.output_config and body.output_config.effort) or body.effort
    if said:
        return next((level for level in effort.LADDER if level == said), None)
    thinking = body.thinking
    if thinking and thinking.type == "disabled":
        return "none"
    if thinking and thinking.type == "enabled" and thinking.budget_tokens is not None:
        return effort.from_budget(thinking.budget_tokens)
    return None


def _session_hint(body: Body) -> str:
    return excerpt.session_of((body.metadata and body.metadata.user_id) or "")


def _format(body: Body) -> Format | None:
    return (body.output_config and body.output_config.format) or body.output_format


def _schema_keys(body: Body) -> tuple[str, ...]:
    asked = _format(body)
    return tuple(asked.schema.properties) if asked and asked.schema else ()
