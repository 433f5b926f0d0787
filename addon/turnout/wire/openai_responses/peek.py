"""OpenAI Responses: the facts of a request that routing needs, most of it left as bytes."""

from collections.abc import Mapping, Sequence
from itertools import islice

import msgspec

from turnout.errors import reading
from turnout.wire import effort, excerpt, splice
from turnout.wire.openai_responses.shape import (
    NOTHING,
    RESULTS,
    SILENT,
    SYSTEM,
    Body,
    Item,
    Part,
    parse,
    parts,
)
from turnout.wire.openai_responses.tools import OFFERED
from turnout.wire.request import Ask, Effort

INPUT = ("instructions", "input", "tools")
# tool_choice that leaves the model a choice; anything else forces its hand
FREE = {b"null", b'"auto"', b'"none"'}


def peek(body: bytes, path: str) -> Ask:
    """Raises WireError. `path` says nothing in this dialect."""
    del path
    with reading("openai_responses"):
        return facts(*parse(body))


def facts(body: Body, members: Mapping[str, splice.Field]) -> Ask:
    said = list(parts(body))
    types = {part.type for part in said}
    humans = _humans(body)
    asked = body.text.format if body.text else None
    return Ask(
        dialect="openai_responses",
        model=body.model,
        stream=bool(body.stream),
        humans=tuple(excerpt.tail(t, excerpt.HUMAN_TAIL) for t in islice(humans, excerpt.HUMANS)),
        first_human=excerpt.head(humans[-1] if humans else "", excerpt.FIRST_HUMAN_HEAD),
        system=_system(body),
        input_tokens=_input_tokens(said, members),
        max_tokens=body.max_output_tokens,
        messages=len(body.items) if isinstance(body.input, list) else 1,
        tools=tuple(name for tool in body.every_tool for name in tool.names),
        server_tools=_native(body, body.items),
        forced_tool=bytes(body.tool_choice) not in FREE,
        images="input_image" in types,
        documents="input_file" in types,
        structured=asked is not None and asked.type != "text",
        signed_thinking=any(item.encrypted_content for item in body.items),
        last_is_tool_result=_last_is_tool_result(body.items),
        effort=_effort(body),
        session_hint=body.prompt_cache_key or excerpt.session_of(body.user or ""),
        schema_keys=tuple(asked.schema.properties) if asked and asked.schema else (),
        compaction=body.compacts,
        summable=body.compacts and not _native(body, body.items[:-1]),
    )


def _system(body: Body) -> str:
    raw = bytes(body.instructions)
    first = [msgspec.json.decode(raw, type=str)] if raw.startswith(b'"') else []
    texts = [*first, *(t for item in body.items if item.role in SYSTEM for t in item.words)]
    return excerpt.head("\n".join(filter(None, texts)), excerpt.SYSTEM_HEAD)


def _humans(body: Body) -> list[str]:
    """What people wrote, the latest first."""
    if isinstance(body.input, str):
        return [body.input] if body.input and not excerpt.injected(body.input) else []
    return list(filter(None, map(_human, reversed(body.items))))


def _human(item: Item) -> str:
    """What a person wrote in this turn; "" for any other, and for a client's reminders."""
    if item.role != "user":
        return ""
    return "\n".join(text for text in item.words if not excerpt.injected(text))


def _last_is_tool_result(items: Sequence[Item]) -> bool:
    spoken = (i for i in reversed(items) if i.role not in SYSTEM and i.kind not in SILENT)
    last = next(spoken, None)
    return last is not None and last.kind in RESULTS


def _input_tokens(said: Sequence[Part], members: Mapping[str, splice.Field]) -> int:
    """Bytes of JSON by four, but for images and files in base64."""
    present = [members[name] for name in INPUT if name in members]
    images = [memoryview(part.image_url).nbytes for part in said if part.type == "input_image"]
    files = [memoryview(part.file_data).nbytes for part in said if part.type == "input_file"]
    text = sum(field.end - field.value for field in present) - sum(images) - sum(files)
    return (
        max(text, 0) // excerpt.BYTES_PER_TOKEN
        + len(images) * excerpt.IMAGE_TOKENS
        + sum(files) // excerpt.FILE_BYTES_PER_TOKEN
    )


def _native(body: Body, items: Sequence[Item]) -> bool:
    """OpenAI's own tools, what it keeps for the client, and items that only it can read."""
    kept = (body.previous_response_id, body.conversation, body.prompt)
    return (
        _hosted(body)
        or not all(item.portable for item in items)
        or any(bytes(raw) != bytes(NOTHING) for raw in kept)
        or bool(body.background)
    )


def _hosted(body: Body) -> bool:
    """A search offered beside the client's own tools is a convenience; any other is needed."""
    tools = list(body.every_tool)
    hosted = {tool.type for tool in tools if not tool.of_client}
    own = any(tool.of_client for tool in tools)
    return bool(hosted - OFFERED if own else hosted)


def _effort(body: Body) -> Effort | None:
    """The latest word on it counts."""
    updates = [item.reasoning for item in body.items if item.type == "configuration_update"]
    said = [one.effort for one in (body.reasoning, *updates) if one and one.effort]
    return next((level for level in effort.LADDER if said and level == said[-1]), None)
