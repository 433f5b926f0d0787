"""Fits parsed tool arguments to a tool's JSON schema where that loses nothing.

An optional property that is "" or null goes; a required one stays. A key that additionalProperties
forbids goes. A string becomes the number or boolean it spells, and the other way round; a scalar
becomes a list of one. Whatever would lose something, or cannot be understood, stays as it is: the
client's own check says so to the model.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from turnout.wire import lenient

type Schema = dict[str, Any]

DEPTH = 40  # of schemas; arguments nested deeper are left alone


class Dropped:
    """In place of a value: the property goes."""


DROPPED: Final = Dropped()


@dataclass(frozen=True, slots=True)
class Mender:
    """`root` is where local references lead; `note` hears of every mend."""

    root: Schema
    note: Callable[[str], None]

    def member(self, schema: Schema, key: str, value: Any, depth: int = 0) -> Any:
        """The property `key` of an object with this schema: its value mended, or DROPPED."""
        found = self._property(schema, key)
        if found is None:
            self.note(f"removed:{key}")
            return DROPPED
        if value in ("", None) and self.optional(schema, key):
            self.note(f"removed:{key}")
            return DROPPED
        return self.value(found, key, value, depth + 1)

    def value(self, schema: Schema, key: str, value: Any, depth: int = 0) -> Any:
        """`key` only names the place in notes."""
        kinds = self.kinds(schema)
        if kinds and not kinds & _kinds_of(value):
            value = self._convert(kinds, key, value)
        if depth > DEPTH:
            return value
        if isinstance(value, dict):
            return self.object(self.resolve(schema), value, depth)
        if isinstance(value, list):
            items = self.resolve(schema).get("items")
            if isinstance(items, dict):
                return [self.value(items, key, item, depth + 1) for item in value]
        return value

    def object(self, schema: Schema, value: dict[str, Any], depth: int = 0) -> dict[str, Any]:
        mended = ((key, self.member(schema, key, item, depth)) for key, item in value.items())
        return {key: item for key, item in mended if item is not DROPPED}

    def text_streams(self, schema: Schema, key: str) -> bool:
        """May a string be this property's value as it stands, whatever it says? ("" apart.)"""
        found = self._property(schema, key)
        kinds = None if found is None else self.kinds(found)
        return found is not None and (kinds is None or "string" in kinds)

    def optional(self, schema: Schema, key: str) -> bool:
        """Known and not required. Of a key that the schema does not name nothing is known."""
        required = schema.get("required")
        return key in _dict(schema.get("properties")) and key not in _list(required)

    def kinds(self, schema: Schema, depth: int = 0) -> frozenset[str] | None:
        """The JSON types that a value may have; None: any."""
        if depth > DEPTH:
            return None
        schema = self.resolve(schema)
        kinds = schema.get("type")
        if isinstance(kinds, str):
            return frozenset([kinds])
        if isinstance(kinds, list):
            return frozenset(kind for kind in kinds if isinstance(kind, str))
        branches = [self.kinds(branch, depth + 8) for branch in _branches(schema)]
        if not branches or None in branches:
            return None
        return frozenset().union(*(kinds for kinds in branches if kinds))

    def resolve(self, schema: Schema) -> Schema:
        """Follows local references, and an anyOf or oneOf with a single branch beside null."""
        for _ in range(DEPTH):
            ref = schema.get("$ref")
            branches = [b for b in _branches(schema) if b.get("type") != "null"]
            if isinstance(ref, str):
                schema = self._pointed(ref)
            elif "type" not in schema and "properties" not in schema and len(branches) == 1:
                schema = branches[0]
            else:
                return schema
        return {}

    def _pointed(self, ref: str) -> Schema:
        """`#/$defs/Name`; what leads nowhere allows anything."""
        value: Any = self.root
        for step in ref.removeprefix("#").split("/")[1:]:
            value = _dict(value).get(step.replace("~1", "/").replace("~0", "~"))
        return _dict(value) if ref.startswith("#") else {}

    def _property(self, schema: Schema, key: str) -> Schema | None:
        """The schema of a property; None when it may not be there."""
        named = _dict(schema.get("properties"))
        if key in named:
            return _dict(named[key])
        extra = schema.get("additionalProperties")
        patterns = bool(schema.get("patternProperties"))
        return None if extra is False and named and not patterns else _dict(extra)

    def _convert(self, kinds: frozenset[str], key: str, value: Any) -> Any:
        for kind, convert in CONVERSIONS:
            if kind in kinds:
                for converted in convert(value):
                    self.note(f"converted:{key}")
                    return converted
        return value


def _to_number(value: Any) -> Iterator[Any]:
    """ "12" -> 12, but not "012": only what is written back the same."""
    if isinstance(value, str):
        number = _parsed(value)
        if type(number) in (int, float) and json.dumps(number) == value:
            yield number


def _to_integer(value: Any) -> Iterator[Any]:
    return (number for number in _to_number(value) if isinstance(number, int))


def _to_boolean(value: Any) -> Iterator[Any]:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        yield value.lower() == "true"


def _to_string(value: Any) -> Iterator[Any]:
    if isinstance(value, bool | int | float):
        yield json.dumps(value)


def _to_list(value: Any) -> Iterator[Any]:
    """A list in a string is that list; any other scalar is a list of one."""
    if isinstance(value, str) and isinstance(items := _parsed(value), list):
        yield items
    elif isinstance(value, str | bool | int | float):
        yield [value]


def _to_object(value: Any) -> Iterator[Any]:
    if isinstance(value, str) and isinstance(fields := _parsed(value), dict):
        yield fields


KINDS: dict[type, frozenset[str]] = {
    type(None): frozenset({"null"}),
    bool: frozenset({"boolean"}),
    int: frozenset({"number", "integer"}),
    float: frozenset({"number"}),
    str: frozenset({"string"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
}
# the first that applies wins
CONVERSIONS: tuple[tuple[str, Callable[[Any], Iterator[Any]]], ...] = (
    ("integer", _to_integer),
    ("number", _to_number),
    ("boolean", _to_boolean),
    ("object", _to_object),
    ("array", _to_list),
    ("string", _to_string),
)


def _kinds_of(value: Any) -> frozenset[str]:
    if isinstance(value, float) and value.is_integer():
        return frozenset({"number", "integer"})
    return KINDS[type(value)]


def _branches(schema: Schema) -> list[Schema]:
    listed = schema.get("anyOf") or schema.get("oneOf")
    return [branch for branch in _list(listed) if isinstance(branch, dict)]


def _parsed(text: str) -> Any:
    try:
        return lenient.loads(text)
    except ValueError:
        return None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
