"""JSON schemas in the words that Gemini takes.

https://ai.google.dev/gemini-api/docs/structured-output#json-schema-support

What a keyword it does not take would have said goes into the description; what cannot be said even
so makes the target ineligible. The client's schema is never changed.
"""

import json
from typing import Any

from turnout.errors import UnsupportedError
from turnout.wire.schema import DEFINITIONS, LISTED, Schema, inline

KEPT = {
    "type", "format", "title", "description", "default", "enum", "nullable",
    "properties", "required", "additionalProperties", "minProperties", "maxProperties",
    "items", "prefixItems", "minItems", "maxItems", "anyOf",
    "minimum", "maximum", "minLength", "maxLength", "pattern", "propertyOrdering",
}  # fmt: skip
# says nothing of which values are valid
IDLE = {"$schema", "$id", "$anchor", "$comment", "examples", "example", "deprecated", "readOnly",
        "writeOnly", "contentEncoding", "contentMediaType", *DEFINITIONS}  # fmt: skip
REFUSED = {"oneOf", "not", "if", "then", "else", "dependentSchemas"}
FORMATS = {"date-time", "date", "time", "float", "double", "int32", "int64", "enum"}
# a bound that leaves its value out -> the bound that has it, and the sign for the description
EXCLUSIVE = {"exclusiveMinimum": ("minimum", ">", 1), "exclusiveMaximum": ("maximum", "<", -1)}
KINDS: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}


def fitted(schema: Schema) -> Schema:
    """Raises UnsupportedError: `schema`, or `recursive_schema`."""
    return _fitted(inline(schema))


def _fitted(schema: Schema) -> Schema:
    node = _merged(schema)
    if refused := sorted(REFUSED & node.keys()):
        raise UnsupportedError("schema", f"{refused[0]} has no word in Gemini's schemas")
    said: list[str] = []
    _bounds(node, said)
    _values(node, said)
    for name in sorted(node.keys() - KEPT):
        value = node.pop(name)
        if name not in IDLE:
            said.append(f"{name}: {_json(value)}")
    if "format" in node and node["format"] not in FORMATS:
        said.append(f"format: {node.pop('format')}")
    _inside(node)
    _several_types(node)
    if said:
        node["description"] = f"{node.get('description', '')} ({'; '.join(said)})".lstrip()
    return node


def _bounds(node: Schema, said: list[str]) -> None:
    """Exclusive bounds, widened by their value alone; whole numbers lose nothing."""
    for name, (bound, sign, step) in EXCLUSIVE.items():
        limit = node.pop(name, None)
        if not isinstance(limit, int | float) or isinstance(limit, bool):
            said.extend([f"not {bound} itself"] if limit is True else [])
            continue
        whole = node.get("type") == "integer" and isinstance(limit, int)
        node.setdefault(bound, limit + step if whole else limit)
        said.extend([] if whole else [f"{sign} {limit}"])


def _values(node: Schema, said: list[str]) -> None:
    """A constant is a choice of one; choices are strings and numbers, others go into words."""
    if "const" in node:
        node["enum"] = [node.pop("const")]
    values = node.get("enum")
    if not isinstance(values, list):
        return
    plain = [value for value in values if value is not None]
    if "type" not in node and plain and (kind := KINDS.get(type(plain[0]))):
        node["type"] = [kind, "null"] if len(plain) < len(values) else kind
    if any(isinstance(value, bool) or not isinstance(value, str | int | float) for value in plain):
        said.append(f"one of {_json(node.pop('enum'))}")
    elif len(plain) < len(values):
        node["enum"] = plain


def _inside(node: Schema) -> None:
    if "properties" in node:
        named = _object(node["properties"], "properties")
        node["properties"] = {name: _sub(sub, f"property {name}") for name, sub in named.items()}
    required, named = node.get("required", []), node.get("properties", {})
    if isinstance(required, list) and any(name not in named for name in required):
        raise UnsupportedError("schema", "required names a property that there is none of")
    if isinstance(items := node.get("items"), list):
        node["prefixItems"] = items
        del node["items"]
    if "items" in node:
        node["items"] = _sub(node["items"], "items")
    for name in ("prefixItems", "anyOf"):
        if name in node:
            node[name] = [_sub(sub, name) for sub in node[name] if sub is not False]
    more = node.get("additionalProperties")
    if isinstance(more, dict):
        node["additionalProperties"] = _fitted(more)


def _sub(schema: Any, what: str) -> Schema:
    """`true` lets everything pass; `false`, nothing: no such value could be given."""
    if schema is False:
        raise UnsupportedError("schema", f"{what} that nothing fits")
    return {} if schema is True else _fitted(_object(schema, what))


def _object(value: Any, what: str) -> Schema:
    if not isinstance(value, dict):
        raise UnsupportedError("schema", f"{what} is no schema")
    return value


def _several_types(node: Schema) -> None:
    """One type, or one and null; others become alternatives."""
    kinds = node.get("type")
    if not isinstance(kinds, list):
        return
    named = [kind for kind in kinds if kind != "null"]
    if len(named) <= 1:
        return
    if "anyOf" in node:
        raise UnsupportedError("schema", "several types beside anyOf")
    del node["type"]
    node["anyOf"] = [{"type": kind} for kind in kinds]


def _merged(schema: Schema) -> Schema:
    """A copy with allOf, whose parts hold all at once, made one."""
    node = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema.get("allOf", ()):
        if part is True:
            continue
        for key, value in _merged(_object(part, "allOf")).items():
            node[key] = _both(key, node[key], value) if key in node else value
    return node


def _both(key: str, one: Any, other: Any) -> Any:
    if one == other or key in IDLE or key in ("title", "description", "default"):
        return one
    if key == "required" and isinstance(one, list) and isinstance(other, list):
        return list(dict.fromkeys([*one, *other]))
    if key == "properties" and isinstance(one, dict) and isinstance(other, dict):
        if clash := [name for name in one.keys() & other.keys() if one[name] != other[name]]:
            raise UnsupportedError("schema", f"allOf says two things of {clash[0]}")
        return one | other
    raise UnsupportedError("schema", f"allOf says two things of {key}")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# ---- and back

NUMBERS = {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"}
WORDS = {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"}


def plain(schema: Schema) -> Schema:
    """Google's own schema objects, and JSON schemas with its types in capitals, as JSON schema."""
    node = {_KEYS.get(key, key): value for key, value in schema.items()}
    _type(node)
    for name in NUMBERS & node.keys():
        if isinstance(node[name], str) and node[name].isdecimal():
            node[name] = int(node[name])
    for name in ("properties", "$defs"):
        if isinstance(named := node.get(name), dict):
            node[name] = {key: _plain(sub) for key, sub in named.items()}
    for name in ("items", "additionalProperties"):
        if name in node:
            node[name] = _plain(node[name])
    for name in LISTED:
        if isinstance(subs := node.get(name), list):
            node[name] = [_plain(sub) for sub in subs]
    return node


def _plain(schema: Any) -> Any:
    return plain(schema) if isinstance(schema, dict) else schema


# snake_case, and names that JSON schema spells otherwise
_KEYS = {
    "any_of": "anyOf", "min_items": "minItems", "max_items": "maxItems",
    "min_length": "minLength", "max_length": "maxLength", "min_properties": "minProperties",
    "max_properties": "maxProperties", "property_ordering": "propertyOrdering",
    "additional_properties": "additionalProperties", "defs": "$defs", "ref": "$ref",
}  # fmt: skip


def _type(node: Schema) -> None:
    kinds = node.get("type")
    if isinstance(kinds, list):
        node["type"] = [_lower(kind) for kind in kinds]
    elif kinds == "TYPE_UNSPECIFIED":
        del node["type"]
    elif kinds is not None:
        node["type"] = _lower(kinds)
    if node.pop("nullable", False) and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
        if isinstance(node.get("enum"), list):
            node["enum"] = [*node["enum"], None]
    node.pop("propertyOrdering", None)
    if node.get("format") in ("enum", "float", "double", "int32", "int64"):
        del node["format"]


def _lower(kind: Any) -> Any:
    return kind.lower() if kind in WORDS else kind
