"""Both spellings of this dialect's fields: camelCase, and the snake_case that it takes as well.

Only the dialect's own objects are renamed; what a client puts in its arguments, results and schemas
stays as it is.
"""

import re
from typing import Any

from turnout.errors import WireError

type Places = dict[str, Places]

# where the dialect's objects are, by the fields that hold them
PART: Places = {"inlineData": {}, "fileData": {}, "functionCall": {}}
PART["functionResponse"] = {"parts": PART}
CONTENT: Places = {"parts": PART}
BODY: Places = {
    "contents": CONTENT,
    "systemInstruction": CONTENT,
    "tools": {"functionDeclarations": {}},
    "toolConfig": {"functionCallingConfig": {}},
    "generationConfig": {"thinkingConfig": {}},
}

_WORD = re.compile(r"(?<=[a-z0-9])_([a-z])")


def camel(name: str) -> str:
    return _WORD.sub(lambda match: match[1].upper(), name) if "_" in name else name


def normal(value: Any, places: Places = BODY) -> Any:
    """A body in camelCase. Raises WireError where a field occurs in both spellings."""
    if isinstance(value, list):
        return [normal(item, places) for item in value]
    if not isinstance(value, dict):
        return value
    said = _renamed(value) if "_" in "".join(value) else value
    inside = places.keys() & said.keys()
    return said | {name: normal(said[name], places[name]) for name in inside} if inside else said


def _renamed(value: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, field in value.items():
        key = camel(name)
        if key in said:
            raise WireError(f"{key} occurs in both spellings")
        said[key] = field
    return said
