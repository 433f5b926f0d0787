"""Gemini generateContent: the facts of a request that routing needs, most of it left as bytes."""

from collections.abc import Mapping, Sequence
from itertools import islice

import msgspec

from turnout.errors import reading
from turnout.wire import effort, excerpt, splice
from turnout.wire.dialect import Place
from turnout.wire.gemini import place
from turnout.wire.gemini.shape import (
    NOTHING,
    Blob,
    Body,
    Content,
    Generation,
    Part,
    ThinkingConfig,
    functions,
    parse,
    parts,
    server_tools,
)
from turnout.wire.request import Ask, Effort

INPUT = ("contents", "tools", "systemInstruction", "system_instruction")
PLAIN = "text/plain"
MODEL = "model"
_blob = msgspec.json.Decoder(Blob)


def peek(body: bytes, path: str) -> Ask:
    """Raises WireError. `path` says the model, and whether the answer is a stream."""
    with reading("gemini"):
        return facts(*parse(body), place.read(path))


def facts(body: Body, members: Mapping[str, splice.Field], at: Place) -> Ask:
    generation = body.generation_config or Generation()
    said = list(parts(body))
    kinds = [_kind(part) for part in said]
    return Ask(
        dialect="gemini",
        model=at.model,
        stream=at.stream,
        humans=_humans(body.contents),
        first_human=_first_human(body.contents),
        system=excerpt.head("\n".join(_system(body)), excerpt.SYSTEM_HEAD),
        input_tokens=_input_tokens(members, said, kinds),
        max_tokens=generation.max_output_tokens,
        messages=len(body.contents),
        tools=functions(body),
        server_tools=bool(server_tools(body)) or any(part.of_server for part in said),
        forced_tool=_mode(body) == "ANY",
        images="image" in kinds,
        documents="document" in kinds,
        structured=(generation.response_mime_type or PLAIN) != PLAIN,
        signed_thinking=any(part.thought_signature is not NOTHING for part in said),
        last_is_tool_result=_last_is_tool_result(body.contents),
        effort=_effort(generation.thinking_config or ThinkingConfig()),
        schema_keys=_schema_keys(generation),
    )


def _kind(part: Part) -> str:
    """Of media: an image, or anything else."""
    blob = part.inline_data if part.inline_data is not NOTHING else part.file_data
    if blob is NOTHING:
        return ""
    return "image" if _blob.decode(blob).mime_type.lower().startswith("image/") else "document"


def _system(body: Body) -> list[str]:
    content = body.system_instruction
    if isinstance(content, str):
        return [content]
    return [part.words for part in content.parts or ()] if content else []


def _human(content: Content) -> str:
    """What a person wrote in this turn; "" for results and a client's reminders."""
    if content.role == MODEL:
        return ""
    texts = [part.words for part in content.parts or ()]
    return "\n".join(text for text in texts if text and not excerpt.injected(text))


def _humans(contents: Sequence[Content]) -> tuple[str, ...]:
    written = filter(None, map(_human, reversed(contents)))
    return tuple(excerpt.tail(text, excerpt.HUMAN_TAIL) for text in islice(written, excerpt.HUMANS))


def _first_human(contents: Sequence[Content]) -> str:
    first = next(filter(None, map(_human, contents)), "")
    return excerpt.head(first, excerpt.FIRST_HUMAN_HEAD)


def _last_is_tool_result(contents: Sequence[Content]) -> bool:
    last = contents[-1] if contents else Content()
    answers = any(part.function_response is not NOTHING for part in last.parts or ())
    return answers and not _human(last)


def _input_tokens(
    members: Mapping[str, splice.Field], said: Sequence[Part], kinds: Sequence[str]
) -> int:
    """Bytes of JSON by four, but for images and files in base64."""
    present = [members[name] for name in INPUT if name in members]
    sizes = [memoryview(part.inline_data).nbytes for part in said]
    files = [size for size, kind in zip(sizes, kinds, strict=True) if kind == "document"]
    images = [size for size, kind in zip(sizes, kinds, strict=True) if kind == "image"]
    text = sum(field.end - field.value for field in present) - sum(images) - sum(files)
    return (
        max(text, 0) // excerpt.BYTES_PER_TOKEN
        + len(images) * excerpt.IMAGE_TOKENS
        + sum(files) // excerpt.FILE_BYTES_PER_TOKEN
    )


def _mode(body: Body) -> str:
    calling = body.tool_config and body.tool_config.function_calling_config
    return ((calling and calling.mode) or "").upper()


def _effort(config: ThinkingConfig) -> Effort | None:
    """A thinking budget counts as the effort it buys; a negative one leaves it to the model."""
    said, budget = (config.thinking_level or "").lower(), config.thinking_budget
    if said or budget is None or budget < 0:
        return next((level for level in effort.LADDER if level == said), None)
    return effort.from_budget(budget) if budget else "none"


def _schema_keys(generation: Generation) -> tuple[str, ...]:
    schema = generation.response_json_schema or generation.response_schema
    return tuple(schema.properties or ()) if schema else ()
