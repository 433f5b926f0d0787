"""JSON schemas on their way to another dialect: references resolved, gaps filled, limits checked.

Only the places where JSON Schema expects a schema are visited, so that a property *named* `$ref` or
`pattern`, or an example that looks like a schema, stays what it is. The client's schema is never
changed: every function gives back the same object, or a copy.
https://json-schema.org/draft/2020-12/json-schema-core#section-10
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from turnout.errors import UnsupportedError

type Schema = dict[str, Any]

DEFINITIONS = ("$defs", "definitions")
# keywords whose value is                  name -> schema
NAMED = ("properties", "patternProperties", "dependentSchemas", *DEFINITIONS)
#                                          a list of schemas
LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
#                                          one schema (`items`, of old, a list as well)
SINGLE = ("items", "additionalProperties", "additionalItems", "not", "if", "then", "else",
          "contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties")  # fmt: skip
# say nothing about which values are valid
ANNOTATIONS = {"title", "description", "default", "examples", "deprecated", "$comment",
               "readOnly", "writeOnly"}  # fmt: skip
# a schema that grows beyond this many nodes when its references are resolved is not sent
LARGEST = 20_000


def children(schema: Schema) -> Iterator[Schema]:
    """The direct subschemas that are objects."""
    named = [
        sub for key in NAMED if isinstance(named := schema.get(key), dict) for sub in named.values()
    ]
    listed = [
        sub
        for key in (*LISTED, "items")
        if isinstance(subs := schema.get(key), list)
        for sub in subs
    ]
    single = [schema.get(key) for key in SINGLE]
    return (sub for sub in (*named, *listed, *single) if isinstance(sub, dict))


def nodes(schema: Schema) -> Iterator[Schema]:
    """The schema and all schemas in it."""
    yield schema
    for sub in children(schema):
        yield from nodes(sub)


def mapped(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """A copy with `change` applied to each direct subschema that is an object."""

    def one(value: Any) -> Any:
        return change(value) if isinstance(value, dict) else value

    copy = dict(schema)
    for key, value in schema.items():
        if key in NAMED and isinstance(value, dict):
            copy[key] = {name: one(sub) for name, sub in value.items()}
        elif key in (*LISTED, "items") and isinstance(value, list):
            copy[key] = [one(sub) for sub in value]
        elif key in SINGLE:
            copy[key] = one(value)
    return copy


def inline(schema: Schema) -> Schema:
    """Local `$ref`s replaced by what they name; definitions left out.

    Raises UnsupportedError: `recursive_schema`, or `schema` for a reference that leads nowhere.
    """
    if not any("$ref" in node for node in nodes(schema)):
        return schema
    return _Inliner(schema).resolve(schema, ())


class _Inliner:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._nodes = 0

    def resolve(self, schema: Schema, opened: tuple[str, ...]) -> Schema:
        """`opened`: the references that led here."""
        self._nodes += 1
        if self._nodes > LARGEST:
            raise UnsupportedError(
                "schema", f"more than {LARGEST} nodes with its references resolved"
            )
        rest = {key: value for key, value in schema.items() if key not in ("$ref", *DEFINITIONS)}
        beside = mapped(rest, lambda sub: self.resolve(sub, opened))
        ref = schema.get("$ref")
        if not isinstance(ref, str):
            return beside
        if ref in opened:
            raise UnsupportedError("recursive_schema", ref)
        return _joined(self.resolve(self._find(ref), (*opened, ref)), beside)

    def _find(self, ref: str) -> Schema:
        """https://www.rfc-editor.org/rfc/rfc6901#section-6"""
        here: Any = self._root
        if ref != "#" and not ref.startswith("#/"):
            raise UnsupportedError("schema", f"$ref {ref}")
        for step in ref.split("/")[1:]:
            key = unquote(step).replace("~1", "/").replace("~0", "~")
            here = here.get(key) if isinstance(here, dict) else _item(here, key)
        if not isinstance(here, dict):
            raise UnsupportedError("schema", f"$ref {ref} leads nowhere")
        return here


def _item(value: Any, key: str) -> Any:
    if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
        return value[int(key)]
    return None


def _joined(found: Schema, beside: Schema) -> Schema:
    """Both hold. Annotations beside a reference win; rules that clash are kept side by side."""
    if any(key in found for key in beside.keys() - ANNOTATIONS):
        return {"allOf": [found, beside]}
    return found | beside


def for_chat(schema: Schema, *, pattern: bool, refs: bool) -> Schema:
    """What OpenAI-compatible servers take as a tool's parameters.

    `pattern`: the target takes that keyword. `refs`: it takes `$ref`, so a recursive schema may go
    as it is.
    """
    try:
        inlined = inline(schema)
    except UnsupportedError as e:
        if e.reason != "recursive_schema" or not refs:
            raise
        inlined = schema
    filled = _filled(inlined)
    return filled if pattern else without_pattern(filled)


def _filled(schema: Schema) -> Schema:
    """Arrays get `items`, branches of anyOf a type where it is plain."""
    copy = mapped(schema, _filled)
    if copy.get("type") == "array" and not ("items" in copy or "prefixItems" in copy):
        copy["items"] = {}
    if isinstance(branches := copy.get("anyOf"), list):
        copy["anyOf"] = [_typed(sub) if isinstance(sub, dict) else sub for sub in branches]
    return copy


# a keyword that is only of use for    a type
TELLTALES = {"properties": "object", "items": "array", "minLength": "string", "minimum": "number"}
TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def _typed(schema: Schema) -> Schema:
    if "type" in schema or "$ref" in schema:
        return schema
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    kinds = {TYPES.get(type(value)) for value in values} if isinstance(values, list) else set()
    kinds |= {kind for key, kind in TELLTALES.items() if key in schema}
    kind = kinds.pop() if len(kinds) == 1 else None
    return {"type": kind, **schema} if kind else schema


def without_pattern(schema: Schema) -> Schema:
    """The description says which pattern holds, as the target refuses the keyword."""
    copy = mapped(schema, without_pattern)
    if "pattern" in copy:
        said = copy.get("description", "")
        copy["description"] = f"{said} (pattern: {copy.pop('pattern')})".lstrip()
    return copy


# a tool's parameters are an object; both vendors refuse these at the top
NOT_ON_TOP = ("anyOf", "oneOf", "allOf", "enum", "not")


def for_tool(schema: Schema) -> Schema:
    """The parameters of a tool; raises UnsupportedError when they cannot be any vendor's."""
    if refused := [key for key in NOT_ON_TOP if key in schema]:
        raise UnsupportedError("schema", f"{refused[0]} at the top of a tool's parameters")
    if schema.get("type", "object") != "object":
        raise UnsupportedError(
            "schema", f"a tool's parameters are {schema['type']!r}, not an object"
        )
    return schema if "type" in schema else {"type": "object", **schema}


# https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
NOT_STRICT = {"oneOf", "allOf", "not", "if", "then", "else", "patternProperties", "propertyNames",
              "dependentRequired", "dependentSchemas", "unevaluatedItems",
              "unevaluatedProperties"}  # fmt: skip


def is_strict(schema: Schema) -> bool:
    """OpenAI's strict mode takes it: objects are closed and require all of their properties."""
    return all(_strict(node) for node in nodes(schema))


def _strict(node: Schema) -> bool:
    if NOT_STRICT & node.keys():
        return False
    if node.get("type") != "object" and "properties" not in node:
        return True
    named = node.get("properties")
    required = node.get("required", [])
    return (
        isinstance(named, dict)
        and isinstance(required, list)
        and node.get("additionalProperties") is False
        and set(named) <= {key for key in required if isinstance(key, str)}
    )


# https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
NOT_ENFORCED = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
                "minLength", "maxLength", "maxItems", "uniqueItems", "minProperties",
                "maxProperties", "oneOf", "not", "if", "then", "else", "contains", "prefixItems",
                "patternProperties", "propertyNames", "dependentRequired",
                "dependentSchemas"}  # fmt: skip


def closed(schema: Schema) -> Schema:
    """What Anthropic can enforce: closed objects, no numeric or length limits.

    Closing an object that merely says nothing of further properties narrows it, so the answer is
    still valid for the client; an object that is a free map cannot be closed.
    Raises UnsupportedError (`structured_output`, `recursive_schema`) for what cannot be enforced.
    """
    return _closed(inline(schema))


def _closed(schema: Schema) -> Schema:
    copy = mapped(schema, _closed)
    if refused := sorted(NOT_ENFORCED & copy.keys()):
        raise UnsupportedError("structured_output", refused[0])
    if copy.get("minItems", 0) not in (0, 1):
        raise UnsupportedError("structured_output", "minItems")
    if copy.get("type") == "object" or "properties" in copy:
        if copy.get("additionalProperties") is not False and (
            "additionalProperties" in copy or not copy.get("properties")
        ):
            raise UnsupportedError("structured_output", "additionalProperties")
        copy["additionalProperties"] = False
    return copy
