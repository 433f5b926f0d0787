"""Schemas on their way to another dialect. Cases of conformance 33 carry its number."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turnout.errors import UnsupportedError
from turnout.wire import schema

type Schema = dict[str, Any]

POINT = {"type": "object", "properties": {"x": {"type": "number"}}}
TREE = {
    "type": "object",
    "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
    "$defs": {
        "node": {"type": "object", "properties": {"kids": {"items": {"$ref": "#/$defs/node"}}}}
    },
}


def props(**named: Any) -> Schema:
    return {"type": "object", "properties": named}


INLINE: dict[str, tuple[Schema, Schema]] = {
    "no reference: nothing changes": (props(a={"type": "string"}), props(a={"type": "string"})),
    "$defs": (
        {**props(a={"$ref": "#/$defs/p"}), "$defs": {"p": POINT}},
        props(a=POINT),
    ),
    "definitions, as older drafts say": (
        {**props(a={"$ref": "#/definitions/p"}), "definitions": {"p": POINT}},
        props(a=POINT),
    ),
    "a description beside the reference wins": (
        {**props(a={"$ref": "#/$defs/p", "description": "where"}), "$defs": {"p": POINT}},
        props(a={**POINT, "description": "where"}),
    ),
    "rules that clash are both kept": (
        {
            **props(a={"$ref": "#/$defs/s", "maxLength": 3}),
            "$defs": {"s": {"type": "string", "maxLength": 9}},
        },
        props(a={"allOf": [{"type": "string", "maxLength": 9}, {"maxLength": 3}]}),
    ),
    "a reference through a reference": (
        {
            **props(a={"$ref": "#/$defs/q"}),
            "$defs": {"q": {"$ref": "#/$defs/p"}, "p": POINT},
        },
        props(a=POINT),
    ),
    "twice the same is no recursion": (
        {**props(a={"$ref": "#/$defs/p"}, b={"$ref": "#/$defs/p"}), "$defs": {"p": POINT}},
        props(a=POINT, b=POINT),
    ),
    "escapes in the pointer": (
        {**props(a={"$ref": "#/$defs/a~1b%20c"}), "$defs": {"a/b c": POINT}},
        props(a=POINT),
    ),
    "into a list": (
        {**props(a={"$ref": "#/properties/b/anyOf/0"}, b={"anyOf": [POINT]})},
        props(a=POINT, b={"anyOf": [POINT]}),
    ),
    "a recursive definition that nobody names": (
        {**props(a={"$ref": "#/$defs/p"}), "$defs": {"p": POINT, **TREE["$defs"]}},
        props(a=POINT),
    ),
    "a property named $ref": (
        {**props(**{"$ref": {"$ref": "#/$defs/p"}}), "$defs": {"p": POINT}},
        props(**{"$ref": POINT}),
    ),
    "an example that looks like a reference": (
        {
            **props(a={"$ref": "#/$defs/p"}, b={"default": {"$ref": "#/$defs/no"}}),
            "$defs": {"p": POINT},
        },
        props(a=POINT, b={"default": {"$ref": "#/$defs/no"}}),
    ),
}


@pytest.mark.parametrize(("given", "means"), INLINE.values(), ids=INLINE)
def test_inline(given: Schema, means: Schema) -> None:
    before = copy.deepcopy(given)
    assert schema.inline(given) == means
    assert given == before


BOMB = {
    **props(a={"$ref": "#/$defs/n0"}),
    "$defs": {
        f"n{i}": {"anyOf": [{"$ref": f"#/$defs/n{i + 1}"}, {"$ref": f"#/$defs/n{i + 1}"}]}
        for i in range(40)
    }
    | {"n40": POINT},
}
REFUSED: dict[str, tuple[Schema, str]] = {
    "recursive": (TREE, "recursive_schema"),
    "the root itself": (props(a={"$ref": "#"}), "recursive_schema"),
    "dangling": (props(a={"$ref": "#/$defs/no"}), "schema"),
    "another document": (props(a={"$ref": "https://example.com/s.json"}), "schema"),
    "an anchor": (props(a={"$ref": "#node"}), "schema"),
    "not a schema": ({**props(a={"$ref": "#/$defs/p"}), "$defs": {"p": 1}}, "schema"),
    "grows without end": (BOMB, "schema"),
}


@pytest.mark.parametrize(("given", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_inlined(given: Schema, reason: str) -> None:
    with pytest.raises(UnsupportedError) as e:
        schema.inline(given)
    assert e.value.reason == reason


def test_a_recursive_schema_goes_as_it_is_where_references_are_taken() -> None:
    sent = schema.for_chat(TREE, pattern=True, refs=True)
    assert sent["$defs"] == TREE["$defs"] | {}
    with pytest.raises(UnsupportedError, match="recursive_schema"):
        schema.for_chat(TREE, pattern=True, refs=False)


FILLED: dict[str, tuple[Schema, Schema]] = {
    "an array without items": ({"type": "array"}, {"type": "array", "items": {}}),
    "deep inside": (
        props(a=props(b={"type": "array"})),
        props(a=props(b={"type": "array", "items": {}})),
    ),
    "prefixItems are items": (
        {"type": "array", "prefixItems": [{"type": "string"}]},
        {"type": "array", "prefixItems": [{"type": "string"}]},
    ),
    "a typeless branch with an enum": (
        {"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]},
        {"anyOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "null"}]},
    ),
    "a typeless branch with a constant": (
        {"anyOf": [{"const": True}, {"const": 1.5}]},
        {"anyOf": [{"type": "boolean", "const": True}, {"type": "number", "const": 1.5}]},
    ),
    "a typeless branch with properties": (
        {"anyOf": [{"properties": {}}]},
        {"anyOf": [{"type": "object", "properties": {}}]},
    ),
    "a branch of several types stays": (
        {"anyOf": [{"enum": ["a", 1]}, {}, True]},
        {"anyOf": [{"enum": ["a", 1]}, {}, True]},
    ),
}


@pytest.mark.parametrize(("given", "means"), FILLED.values(), ids=FILLED)
def test_gaps_are_filled(given: Schema, means: Schema) -> None:
    assert schema.for_chat(given, pattern=True, refs=False) == means


PATTERN: dict[str, tuple[Schema, Schema]] = {
    "c33 the description names the pattern": (
        props(a={"type": "string", "pattern": "^a+$", "description": "An a."}),
        props(a={"type": "string", "description": "An a. (pattern: ^a+$)"}),
    ),
    "c33 without a description": (
        {"items": {"pattern": "x"}},
        {"items": {"description": "(pattern: x)"}},
    ),
    "c33 a property named pattern": (
        props(pattern={"type": "string"}),
        props(pattern={"type": "string"}),
    ),
}


@pytest.mark.parametrize(("given", "means"), PATTERN.values(), ids=PATTERN)
def test_pattern_is_removed_where_refused(given: Schema, means: Schema) -> None:
    assert schema.for_chat(given, pattern=False, refs=False) == means
    assert schema.for_chat(given, pattern=True, refs=False) == given


TOOLS: dict[str, tuple[Schema, Schema | str]] = {
    "an object": (props(), props()),
    "no type means object": ({"properties": {}}, {"type": "object", "properties": {}}),
    "a string": ({"type": "string"}, "schema"),
    "a choice at the top": ({"type": "object", "oneOf": [POINT]}, "schema"),
}


@pytest.mark.parametrize(("given", "means"), TOOLS.values(), ids=TOOLS)
def test_a_tool_takes_an_object(given: Schema, means: Schema | str) -> None:
    if isinstance(means, str):
        with pytest.raises(UnsupportedError, match=means):
            schema.for_tool(given)
    else:
        assert schema.for_tool(given) == means


SHUT = {"additionalProperties": False}
STRICT: dict[str, tuple[Schema, bool]] = {
    "closed, all required": ({**POINT, "required": ["x"], **SHUT}, True),
    "an optional property": ({**POINT, **SHUT}, False),
    "open": ({**POINT, "required": ["x"]}, False),
    "open inside": ({**props(a=POINT), "required": ["a"], **SHUT}, False),
    "oneOf": ({**props(a={"oneOf": []}), "required": ["a"], **SHUT}, False),
    "no object at all": ({"type": "string"}, True),
    "a free map": ({"type": "object", **SHUT}, False),
}


@pytest.mark.parametrize(("given", "strict"), STRICT.values(), ids=STRICT)
def test_strict(given: Schema, strict: bool) -> None:
    assert schema.is_strict(given) is strict


CLOSED: dict[str, tuple[Schema, Schema | str]] = {
    "an open object is closed": (POINT, {**POINT, **SHUT}),
    "inside too": (props(a=POINT), {**props(a={**POINT, **SHUT}), **SHUT}),
    "a list of up to anything": (
        {"type": "array", "minItems": 1, "items": {"type": "string"}},
        {"type": "array", "minItems": 1, "items": {"type": "string"}},
    ),
    "expressly open": ({**POINT, "additionalProperties": True}, "structured_output"),
    "a free map": ({"type": "object"}, "structured_output"),
    "a map of numbers": (
        {"type": "object", "additionalProperties": {"type": "number"}},
        "structured_output",
    ),
    "a limit": (props(a={"type": "number", "minimum": 0}), "structured_output"),
    "at least two": ({"type": "array", "minItems": 2}, "structured_output"),
    "recursive": (TREE, "recursive_schema"),
    "a property named minimum": (
        props(minimum={"type": "number"}),
        {**props(minimum={"type": "number"}), **SHUT},
    ),
}


@pytest.mark.parametrize(("given", "means"), CLOSED.values(), ids=CLOSED)
def test_what_can_be_enforced(given: Schema, means: Schema | str) -> None:
    if isinstance(means, str):
        with pytest.raises(UnsupportedError, match=means):
            schema.closed(given)
    else:
        assert schema.closed(given) == means


KEYWORDS = st.sampled_from(
    ["$ref", "$defs", "properties", "items", "anyOf", "type", "pattern", "enum", "required", "x"]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["object", "array", "#/$defs/x", "#"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(KEYWORDS, VALUES, max_size=4), st.booleans(), st.booleans())
def test_whatever_a_client_sends(given: Schema, pattern: bool, refs: bool) -> None:
    """A schema comes out, without references unless they are taken; or the reason why not."""
    before = copy.deepcopy(given)
    try:
        sent = schema.for_chat(given, pattern=pattern, refs=refs)
    except UnsupportedError:
        return
    finally:
        assert given == before
    if not refs:
        assert not any(isinstance(node.get("$ref"), str) for node in schema.nodes(sent))
