"""Fields of a client's JSON object, checked: a wrong type is the client's fault."""

from collections.abc import Collection, Mapping
from typing import Any, cast, overload

from turnout.errors import UnsupportedError, WireError

NAMES: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    list: "a list",
    dict: "an object",
}


def of[T](value: Any, kind: type[T], what: str) -> T:
    """`value`, which must be a `kind`. An integer is a number; a boolean is neither."""
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    if kind is float and type(value) is int:
        return cast(T, float(value))
    raise WireError(f"{what} is not {NAMES[kind]}")


@overload
def get[T](body: Mapping[str, Any], name: str, kind: type[T]) -> T | None: ...
@overload
def get[T](body: Mapping[str, Any], name: str, kind: type[T], default: T) -> T: ...


def get[T](body: Mapping[str, Any], name: str, kind: type[T], default: T | None = None) -> T | None:
    """An optional field; null counts as absent."""
    value = body.get(name)
    if value is None:
        return default
    return value if type(value) is kind else of(value, kind, name)


def limit(body: Mapping[str, Any], name: str) -> int | None:
    """An output limit. None below 1: what that means (nothing but a warm cache, or an error) only
    whoever was asked can say; a model that wants room to reason would be given some.
    """
    value = get(body, name, int)
    if value is not None and value < 1:
        raise UnsupportedError("native_only", f"{name} {value}")
    return value


def need[T](body: Mapping[str, Any], name: str, kind: type[T]) -> T:
    value = body.get(name)
    return value if type(value) is kind else of(value, kind, name)


def only(body: Mapping[str, Any], known: Collection[str], where: str = "") -> None:
    """Fields that are not `known` might change the answer, so nobody else can serve the request."""
    for name, value in body.items():
        if name not in known and value is not None:
            raise UnsupportedError("unknown_field", f"{where}.{name}" if where else name)
