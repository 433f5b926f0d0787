"""JSON schemas in the words that Gemini takes."""

import json
from typing import Any

import pytest

from turnout.errors import UnsupportedError
from turnout.wire.gemini.subset import fitted

DESCRIBED = "description"
SCHEMAS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "c76 const": ({"const": "a"}, {"enum": ["a"], "type": "string"}),
    "c76 an integer enum": (
        {"type": "integer", "enum": [1, 2]},
        {"type": "integer", "enum": [1, 2]},
    ),
    "c76 a boolean const": ({"const": True}, {"type": "boolean", DESCRIBED: "(one of [true])"}),
    "c76 exclusiveMinimum of a whole number": (
        {"type": "integer", "exclusiveMinimum": 3},
        {"type": "integer", "minimum": 4},
    ),
    "c76 exclusiveMaximum": (
        {"type": "number", "exclusiveMaximum": 3, DESCRIBED: "D"},
        {"type": "number", "maximum": 3, DESCRIBED: "D (< 3)"},
    ),
    "c76 of old": (
        {"type": "number", "minimum": 3, "exclusiveMinimum": True},
        {"type": "number", "minimum": 3, DESCRIBED: "(not minimum itself)"},
    ),
    "c76 nullable": ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
    "c76 several types": (
        {"type": ["string", "integer"]},
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    ),
    "c76 a nullable enum": (
        {"enum": ["a", None]},
        {"type": ["string", "null"], "enum": ["a"]},
    ),
    "c76 allOf": (
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
                {"properties": {"b": True}},
                True,
            ]
        },
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]},
    ),
    "c76 a reference": (
        {"$ref": "#/$defs/s", "$defs": {"s": {"type": "string"}}},
        {"type": "string"},
    ),
    "c76 properties named like keywords": (
        {"properties": {"required": {"type": "string"}, "const": {"const": 1}, "$ref": {}}},
        {
            "properties": {
                "required": {"type": "string"},
                "const": {"type": "integer", "enum": [1]},
                "$ref": {},
            }
        },
    ),
    "c76 boolean schemas": ({"type": "array", "items": True}, {"type": "array", "items": {}}),
    "c76 idle words": (
        {"$schema": "x", "$id": "y", "examples": [1], "type": "string"},
        {"type": "string"},
    ),
    "c76 an unknown format": (
        {"type": "string", "format": "uri"},
        {"type": "string", DESCRIBED: "(format: uri)"},
    ),
    "c76 a known format": (
        {"type": "string", "format": "date"},
        {"type": "string", "format": "date"},
    ),
    "c76 propertyNames": (
        {"type": "object", "propertyNames": {"maxLength": 3}},
        {"type": "object", DESCRIBED: '(propertyNames: {"maxLength": 3})'},
    ),
    "c76 a free map": (
        {"type": "object", "additionalProperties": {"const": "a"}},
        {"type": "object", "additionalProperties": {"type": "string", "enum": ["a"]}},
    ),
    "c76 a tuple": (
        {"type": "array", "items": [{"type": "string"}, True]},
        {"type": "array", "prefixItems": [{"type": "string"}, {}]},
    ),
    "inside anyOf": (
        {"anyOf": [{"const": 1}, False, {"type": "null"}]},
        {"anyOf": [{"type": "integer", "enum": [1]}, {"type": "null"}]},
    ),
}


@pytest.mark.parametrize(("schema", "means"), SCHEMAS.values(), ids=SCHEMAS)
def test_schemas(schema: dict[str, Any], means: dict[str, Any]) -> None:
    before = json.dumps(schema)
    assert fitted(schema) == means
    assert json.dumps(schema) == before


UNSAID: dict[str, dict[str, Any]] = {
    "c76 oneOf": {"oneOf": [{"type": "string"}]},
    "c76 oneOf, deep inside": {"type": "array", "items": {"anyOf": [{"oneOf": []}]}},
    "c76 not": {"not": {"type": "string"}},
    "c76 items false": {"type": "array", "items": False},
    "c76 a required property that is not there": {"properties": {}, "required": ["a"]},
    "c76 a dangling reference": {"$ref": "#/$defs/gone"},
    "c76 a cycle": {"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}},
    "c76 allOf that says two things": {"allOf": [{"type": "string"}, {"type": "integer"}]},
}


@pytest.mark.parametrize("schema", UNSAID.values(), ids=UNSAID)
def test_what_cannot_be_said(schema: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError) as e:
        fitted(schema)
    assert e.value.reason in ("schema", "recursive_schema")
