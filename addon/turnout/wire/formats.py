"""Structured output as OpenAI's two dialects name it, both ways."""

from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire import schema
from turnout.wire.changes import Changes
from turnout.wire.fields import get, only
from turnout.wire.request import Format, Target

NAME = "answer"  # required here; other dialects have no names for formats


def read(said: dict[str, Any], *also: str) -> Format:
    """What the format is for moves into the schema, where every dialect has room for it.

    `also`: further fields of the object it stands in.
    """
    only(said, ("name", "description", "schema", "strict", *also), "json_schema")
    wanted = get(said, "schema", dict, {})
    if (description := get(said, "description", str)) and "description" not in wanted:
        wanted = {**wanted, "description": description}
    return Format(wanted, get(said, "name", str, ""), get(said, "strict", bool))


def write(format: Format, target: Target, note: Changes) -> dict[str, Any] | None:
    """The named schema; None for any JSON object."""
    if not target.structured:
        raise UnsupportedError("structured_output")
    if format.schema is None:
        return None
    wanted = format.schema if target.schema_refs else schema.inline(format.schema)
    strict = bool(format.strict) and schema.is_strict(wanted)
    if format.strict and not strict:
        note("response_format.strict", "left out: this dialect cannot enforce the schema")
    return {"name": format.name or NAME, "schema": wanted, "strict": strict}
