"""Checks the arguments of tool calls in translated answers, and mends what is wrong without loss.

Used where a model of one family answers a client of another. A client checks its tools' input
itself, so what cannot be mended is forwarded as it is, and noted.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from turnout.wire.arguments import Arguments
from turnout.wire.events import Event, Finished, ToolCall, ToolInput
from turnout.wire.mend import Schema

LARGEST_SCHEMA = 256 << 10  # characters


@dataclass(frozen=True, slots=True)
class Repaired:
    """`json` is an object; `ok` is False when something could not be saved."""

    json: str
    notes: tuple[str, ...]
    ok: bool


def repair(arguments: str, schema: Schema | None) -> Repaired:
    """The arguments of one call, whole. Without a schema only their JSON is mended."""
    notes: dict[str, None] = {}
    stream = Arguments(_checkable(schema), lambda note: notes.setdefault(note))
    mended = stream.feed(arguments) + stream.finish()
    return Repaired(mended, tuple(notes), stream.ok)


class Repair:
    """An event filter between a reader and a writer. One for each answer.

    `schemas`: of the request's tools, by name. `notes` hears of each kind of mend once a call, as
    "TOOL: removed:KEY", "TOOL: json_repaired", "TOOL: unknown_tool" ...
    """

    def __init__(self, schemas: Mapping[str, Schema], notes: Callable[[str], None]) -> None:
        self._schemas, self._notes = schemas, notes
        self._calls: dict[int, Arguments] = {}

    def feed(self, event: Event, /) -> Iterator[Event]:
        match event:
            case ToolCall(index, _, name):
                self._calls[index] = self._arguments(name)
                yield event
            case ToolInput(index, fragment) if index in self._calls:
                if piece := self._calls[index].feed(fragment):
                    yield ToolInput(index, piece)
            case Finished():
                yield from self._rest()
                yield event
            case _:
                yield event

    def _arguments(self, name: str) -> Arguments:
        said: set[str] = set()

        def note(what: str) -> None:
            if what not in said:
                said.add(what)
                self._notes(f"{name[:80]}: {what[:120]}")

        if name not in self._schemas:
            note("unknown_tool")
        return Arguments(_checkable(self._schemas.get(name)), note)

    def _rest(self) -> Iterator[ToolInput]:
        for index, arguments in sorted(self._calls.items()):
            if rest := arguments.finish():
                yield ToolInput(index, rest)


def _checkable(schema: Any) -> Schema | None:
    """None for a schema that is none, or too large to be worth the time."""
    if not isinstance(schema, dict) or len(json.dumps(schema)) > LARGEST_SCHEMA:
        return None
    return schema
