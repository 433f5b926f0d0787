"""What no translation of a request may lose, in a form that is the same for every dialect.

Dialects differ in where they put results, in how they join texts, and in how they name calls: so
texts are compared joined, media and results in their order, calls by number.
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any

from turnout.wire.request import (
    Document,
    Image,
    Part,
    Request,
    Text,
    Tool,
    ToolResult,
    ToolUse,
)

FAILED = "[tool error]"  # how dialects that have no flag for it say so


def essence(request: Request) -> dict[str, Any]:
    choice = request.tool_choice
    return {
        "system": plain(text.text for text in request.system),
        "user": plain(texts(request, "user")),
        "assistant": plain(texts(request, "assistant")),
        "calls": [(use.name, json.loads(use.input or "{}")) for use in parts(request, ToolUse)],
        "results": results(request),
        "images": [(image.data, image.url) for image in media(request) if isinstance(image, Image)],
        "documents": [part.data for part in media(request) if isinstance(part, Document)],
        "tools": [tool_facts(tool) for tool in request.tools],
        "choice": (choice.kind, choice.name) if choice and choice.kind != "auto" else None,
        "temperature": None if request.temperature == 1 else request.temperature,
        "stop": request.stop,
        "format": request.format and schema_facts(request.format.schema),
    }


def plain(said: Any) -> str:
    return "".join("".join(said).split())


def parts[T](request: Request, kind: type[T]) -> Iterator[T]:
    for message in request.messages:
        yield from (part for part in message.parts if isinstance(part, kind))


def texts(request: Request, role: str) -> Iterator[str]:
    for message in request.messages:
        if message.role == role:
            yield from (part.text for part in message.parts if isinstance(part, Text))


def results(request: Request) -> list[tuple[int, str]]:
    """The number of the call, and what came of it. Ids may come again in later turns."""
    numbers: dict[str, int] = {}
    found = []
    count = itertools.count()
    for part in (part for message in request.messages for part in message.parts):
        if isinstance(part, ToolUse):
            numbers[part.id] = next(count)
        elif isinstance(part, ToolResult):
            found.append((numbers[part.id], _came(part)))
    return sorted(found)


def _came(result: ToolResult) -> str:
    said = plain(part.text for part in result.content if isinstance(part, Text))
    failed = result.is_error or said.startswith(plain(FAILED))
    return f"{failed} {said.removeprefix(plain(FAILED))}"


def media(request: Request) -> Iterator[Part]:
    for message in request.messages:
        for part in message.parts:
            inner = part.content if isinstance(part, ToolResult) else (part,)
            yield from (one for one in inner if isinstance(one, Image | Document))


def tool_facts(tool: Tool) -> tuple[Any, ...]:
    return tool.name, tool.description, schema_facts(tool.schema)


def schema_facts(schema: Any) -> Any:
    if not schema:
        return schema
    properties = schema.get("properties", {})
    return {
        "type": schema.get("type"),
        "properties": {name: inner.get("type") for name, inner in properties.items()},
        "required": schema.get("required"),
    }
