"""From tables to frozen dataclasses, strictly: an unknown key or a wrong type is an error."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from turnout.config.sources import Key
from turnout.errors import ConfigError

type Where = Callable[[Key], str]


def build[T](cls: type[T], table: Any, where: Where, path: Key = ()) -> T:
    """A dataclass from a table; nested dataclasses, tables of them and lists of them too."""
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where(path)}: expected a table, got {type(table).__name__}")
    hints = get_type_hints(cls)
    for key in table:
        if key not in hints:
            raise ConfigError(f"{where((*path, key))}: unknown key; {suggest(key, hints)}")
    _require(cls, table, where, path)
    return cls(**{k: _value(hints[k], v, where, (*path, k)) for k, v in table.items()})


def _require(cls: Any, table: Mapping[str, Any], where: Where, path: Key) -> None:
    for f in fields(cls):
        if f.name not in table and f.default is MISSING and f.default_factory is MISSING:
            raise ConfigError(f"{where(path)}: {f.name} is missing")


def _value(hint: Any, value: Any, where: Where, path: Key) -> Any:
    if is_dataclass(hint):
        return build(hint, value, where, path)  # type: ignore[arg-type]
    inner = next((a for a in get_args(hint) if is_dataclass(a)), None)
    if inner and isinstance(value, Mapping) and issubclass(get_origin(hint), Mapping):
        return {k: build(inner, v, where, (*path, k)) for k, v in value.items()}  # type: ignore[arg-type]
    if inner and isinstance(value, list) and get_origin(hint) is tuple:
        return tuple(build(inner, v, where, (*path, i)) for i, v in enumerate(value))  # type: ignore[arg-type]
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as e:
        raise ConfigError(f"{where(path)}: {_complaint(hint, value, str(e))}") from e


def _complaint(hint: Any, value: Any, message: str) -> str:
    """Words of a Literal are listed; anything else keeps msgspec's sentence, less its marks."""
    if words := [str(word) for word in _words(hint) if word]:
        return f"{value!r} is not one of {', '.join(words)}{_nearest(str(value), words)}"
    return message.replace("`", "").replace("$", "").replace(" - at ", " at ")


def _words(hint: Any) -> Iterable[Any]:
    if get_origin(hint) is Literal:
        return get_args(hint)
    if bool in get_args(hint):
        return ["true", "false", *(w for arg in get_args(hint) for w in _words(arg))]
    return [word for arg in get_args(hint) for word in _words(arg)]


def suggest(word: str, known: Iterable[str]) -> str:
    """The mend for a typo, or the list to choose from."""
    names = sorted(known)
    return _nearest(word, names).removeprefix("; ") or f"there are {', '.join(names)}"


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
