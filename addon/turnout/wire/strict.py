"""A tool's schema in OpenAI's strict mode: every argument obeys it, and every property is required.

https://platform.openai.com/docs/guides/structured-outputs#supported-schemas

An optional property may be null instead of absent; wire/tools.py takes such nulls out again.
"""

import json
from typing import Any

from turnout.wire.schema import Schema, children, mapped, nodes

# what strict mode has no word for: such a tool goes without it
REFUSED = {"oneOf", "allOf", "not", "if", "then", "else", "$ref", "patternProperties",
           "propertyNames", "prefixItems", "contains", "dependentRequired", "dependentSchemas",
           "unevaluatedItems", "unevaluatedProperties", "additionalItems"}  # fmt: skip
# refused, but said in the description instead
DESCRIBED = ("minLength", "maxLength", "uniqueItems", "minProperties", "maxProperties", "default")
SILENT = ("$schema", "$id", "$comment", "examples", "deprecated", "readOnly", "writeOnly")
FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
DEEPEST = 10
MOST_PROPERTIES = 1000


def strict(schema: Schema) -> Schema | None:
    """The parameters in strict mode; None when it cannot say them. The client's stay unchanged."""
    try:
        if _depth(schema) > DEEPEST or sum(map(_properties, nodes(schema))) > MOST_PROPERTIES:
            return None
        return _strict(schema) if all(map(_can, nodes(schema))) else None
    except (TypeError, ValueError, AttributeError):  # a schema that is none
        return None


def _depth(schema: Schema) -> int:
    return 1 + max(map(_depth, children(schema)), default=0)


def _properties(node: Schema) -> int:
    return len(node.get("properties") or ())


def _can(node: Schema) -> bool:
    if REFUSED & node.keys() or not ("type" in node or "anyOf" in node):
        return False
    types = _types(node)
    if "array" in types and not isinstance(node.get("items"), dict):
        return False
    if "object" not in types:
        return True
    # a free map cannot be closed
    return bool(node.get("properties")) and not node.get("additionalProperties")


def _types(node: Schema) -> list[Any]:
    said = node.get("type", [])
    return said if isinstance(said, list) else [said]


def _strict(schema: Schema) -> Schema:
    copy = _described(mapped(schema, _strict))
    if "object" not in _types(copy):
        return copy
    required = schema.get("required") or []
    properties = {
        name: sub if name in required else _nullable(sub)
        for name, sub in copy["properties"].items()
    }
    closed = {"required": list(properties), "additionalProperties": False}
    return copy | {"properties": properties} | closed


def _described(schema: Schema) -> Schema:
    copy = {key: value for key, value in schema.items() if key not in SILENT}
    said = {key: copy.pop(key) for key in DESCRIBED if key in copy}
    if copy.get("format", "date") not in FORMATS:
        said["format"] = copy.pop("format")
    if said:
        rules = ", ".join(f"{key}: {json.dumps(value)}" for key, value in said.items())
        copy["description"] = f"{copy.get('description', '')} ({rules})".lstrip()
    return copy


def _nullable(schema: Schema) -> Schema:
    """The same, or null."""
    if "anyOf" in schema and "type" not in schema:
        return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "const" in schema:
        described = {key: schema[key] for key in ("description",) if key in schema}
        return {"anyOf": [schema, {"type": "null"}]} | described
    types = _types(schema)
    copy = schema | {"type": types if "null" in types else [*types, "null"]}
    if "enum" in copy and None not in copy["enum"]:
        copy["enum"] = [*copy["enum"], None]
    return copy
