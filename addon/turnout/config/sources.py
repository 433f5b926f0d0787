"""Where settings were said. Every complaint about a setting starts with its place.

A source is a nested table as tomllib reads it, and a way to say where a key stands:
`turnout.toml:12: proxy.listen`, `TURNOUT_PROXY_LISTEN`, `--port`.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from turnout.errors import ConfigError

type Key = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


@dataclass(frozen=True, slots=True)
class Source:
    """`trusted`: a person put it there; a file that came with a working directory is not."""

    name: str
    table: Mapping[str, Any]
    where: Callable[[Key], str]
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class Merged:
    """All sources in one table; a later one wins key by key. Knows where each key is from."""

    table: dict[str, Any] = field(default_factory=dict)
    origin: dict[Key, Source] = field(default_factory=dict)
    outdone: dict[Key, Source] = field(default_factory=dict)  # what an earlier source had said

    def add(self, source: Source) -> None:
        for path, value in leaves(source.table):
            if path not in self.origin or value != {}:
                put(self.table, path, value)
                if path in self.origin:
                    self.outdone[path] = self.origin[path]
                self.origin[path] = source

    def source(self, path: Key) -> Source | None:
        return next(
            (self.origin[p] for n in range(len(path), 0, -1) if (p := path[:n]) in self.origin),
            None,
        )

    def untrusted(self, path: Key) -> bool:
        source = self.source(path)
        return source is not None and not source.trusted

    def where(self, path: Key) -> str:
        source = self.source(path) or self._inside(path)
        return source.where(path) if source else dotted(path)

    def _inside(self, path: Key) -> Source | None:
        """A source that says anything inside this table: for keys that are missing from it."""
        parents = (path[:n] for n in range(len(path), 0, -1))
        return next(
            (s for parent in parents for p, s in self.origin.items() if p[: len(parent)] == parent),
            None,
        )


def leaves(table: Mapping[str, Any], path: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Every value that is not a table, with its path; an empty table counts as a value."""
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def put(table: dict[str, Any], path: Key, value: Any) -> None:
    for key in path[:-1]:
        table = table.setdefault(str(key), {})
    table[str(path[-1])] = value


def dotted(path: Key) -> str:
    """("providers", "local", "models", 0, "id") -> providers.local.models[0].id"""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def toml(path: Path, *, trusted: bool = True) -> Source:
    """A file. Money is read as Decimal, so that a price is exactly what was written."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text, parse_float=Decimal)
    except OSError as e:
        raise ConfigError(f"{path}: cannot be read: {e.strerror or e}") from e
    except UnicodeDecodeError as e:
        raise ConfigError(f"{path}: not UTF-8 text at byte {e.start}; save it as UTF-8") from e
    except tomllib.TOMLDecodeError as e:
        raise ConfigError(_syntax(path, str(e))) from e

    def where(key: Key) -> str:
        return f"{path}:{line_of(text, key)}: {dotted(key)}"

    return Source(str(path), table, where, trusted)


def _syntax(path: Path, message: str) -> str:
    found = re.search(r" \(at line (\d+), column (\d+)\)", message)
    if not found:
        return f"{path}: not TOML: {message}"
    return f"{path}:{found[1]}: not TOML: {message.replace(found[0], '')} at column {found[2]}"


def line_of(text: str, path: Key) -> int:
    """The line (from 1) of a key, or of the nearest table around it. tomllib does not say."""
    best, found = 0, 1
    for number, here in _keys(text):
        same = next((n for n, (a, b) in enumerate(zip(here, path, strict=False)) if a != b), None)
        depth = min(len(here), len(path)) if same is None else same
        if depth > best:
            best, found = depth, number
    return found


def _keys(text: str) -> Iterator[tuple[int, Key]]:
    """(line, path) of every header and key that stands at the start of a line."""
    table: Key = ()
    seen: Counter[Key] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                seen[table] += 1
                table = (*table, seen[table] - 1)
            yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, *_parts(key[1]))


def _parts(text: str) -> Key:
    return tuple(part.strip("\"'") for part in _PART.findall(text))


def flags(values: Mapping[str, Any]) -> Source:
    """{"proxy.listen": "127.0.0.1:0"}, as the command line gave it; None was not given."""
    table: dict[str, Any] = {}
    for name, value in values.items():
        if value is not None:
            put(table, tuple(name.split(".")), value)
    return Source("command line", table, lambda key: f"command line: {dotted(key)}")
