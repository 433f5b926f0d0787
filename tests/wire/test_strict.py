"""OpenAI's strict mode: what can be said in it, and how."""

import copy
from typing import Any

import pytest
from hypothesis import given

from turnout.wire.openai_responses.tools import FREE_FORM
from turnout.wire.schema import is_strict
from turnout.wire.strict import strict
from turnout.wire.tools import repair
from wire.conversations import VALUES


def obj(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}

# a property that may be absent                     -> the same, or null
OPTIONAL: dict[str, tuple[Any, Any]] = {
    "a type": (TEXT, {"type": ["string", "null"]}),
    "two types": (
        {"type": ["string", "integer"]},
        {"type": ["string", "integer", "null"]},
    ),
    "null already": ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
    "an enum": (
        {"type": "string", "enum": ["a"]},
        {"type": ["string", "null"], "enum": ["a", None]},
    ),
    "a const": (
        {"type": "string", "const": "a", "description": "d"},
        {
            "anyOf": [{"type": "string", "const": "a", "description": "d"}, {"type": "null"}],
            "description": "d",
        },
    ),
    "a choice": ({"anyOf": [TEXT, NUMBER]}, {"anyOf": [TEXT, NUMBER, {"type": "null"}]}),
    "a list": (
        {"type": "array", "items": TEXT},
        {"type": ["array", "null"], "items": TEXT},
    ),
    "limits are described": (
        {"type": "string", "minLength": 2, "default": "ab", "description": "A word."},
        {"type": ["string", "null"], "description": 'A word. (minLength: 2, default: "ab")'},
    ),
    "a format nobody checks": (
        {"type": "string", "format": "uri"},
        {"type": ["string", "null"], "description": '(format: "uri")'},
    ),
    "a format": (
        {"type": "string", "format": "date", "$comment": "x"},
        {"type": ["string", "null"], "format": "date"},
    ),
}


@pytest.mark.parametrize(("sub", "becomes"), OPTIONAL.values(), ids=OPTIONAL)
def test_c73_optional_becomes_nullable(sub: Any, becomes: Any) -> None:
    schema = obj(("b",), a=sub, b=NUMBER)
    before = copy.deepcopy(schema)
    got = strict(schema)
    assert got == {
        "type": "object",
        "properties": {"a": becomes, "b": NUMBER},
        "required": ["a", "b"],
        "additionalProperties": False,
    }
    assert got is not None
    assert is_strict(got)
    assert schema == before, "the client's schema is not changed"


DEEP: Any = TEXT
for _ in range(11):
    DEEP = obj(a=DEEP)

NOT: dict[str, Any] = {
    "oneOf": obj(a={"oneOf": [TEXT, NUMBER]}),
    "allOf": obj(a={"allOf": [TEXT]}),
    "not": obj(a={"type": "string", "not": {"const": "a"}}),
    "if": obj(a={"type": "string", "if": TEXT}),
    "a reference": obj(a={"$ref": "#"}),
    "patternProperties": obj(a=TEXT) | {"patternProperties": {"x": TEXT}},
    "a branch without a type": obj(a={"anyOf": [{"description": "?"}]}),
    "anything": obj(a={}),
    "a list of anything": obj(a={"type": "array"}),
    "a tuple": obj(a={"type": "array", "items": [TEXT]}),
    "a free map": obj(a={"type": "object"}),
    "a map of texts": obj(a=TEXT) | {"additionalProperties": TEXT},
    "open on purpose": obj(a=TEXT) | {"additionalProperties": True},
    "no properties": obj(),
    "too deep": DEEP,
    "too many properties": obj((), **{f"p{i}": TEXT for i in range(1001)}),
    "no schema": {"type": "object", "properties": ["a"]},
}


@pytest.mark.parametrize("schema", NOT.values(), ids=NOT)
def test_c73_not_strict(schema: Any) -> None:
    assert strict(schema) is None


def test_c73_nulls_are_removed_from_the_answer() -> None:
    schema = obj(("b",), a=TEXT, b=NUMBER)
    assert repair('{"a":null,"b":1}', schema).json == '{"b":1}'


def test_a_free_form_tool_is_strict() -> None:
    assert strict(FREE_FORM) == FREE_FORM


@given(VALUES)
def test_any_schema_is_said_or_not(value: Any) -> None:
    if isinstance(value, dict) and (got := strict({"type": "object", "properties": value})):
        assert is_strict(got)
