"""Checks the arguments of tool calls in translated answers, and mends what is wrong without loss.

Used where a model of one family answers a client of another. A client checks its tools' input
itself, so what cannot be mended is forwarded as it is, and noted. `Check` only looks: at an answer
that goes back as it came.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from turnout.wire.arguments import Arguments
from turnout.wire.calls import CUTTING
from turnout.wire.events import Event, Finished, ToolCall, ToolInput
from turnout.wire.mend import Schema

LARGEST_SCHEMA = 256 << 10  # characters
# notes of the readers on calls that are none
NO_CALL = frozenset({"call_without_name", "tools_without_call"})

type Schemas = Mapping[str, Schema | None]


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


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    arguments: Arguments


class Repair:
    """An event filter between a reader and a writer. One for each answer.

    `schemas`: of the request's tools, by name. `notes` hears of each kind of mend once a call, as
    "TOOL: removed:KEY", "TOOL: json_repaired", "TOOL: unknown_tool" ...
    """

    def __init__(self, schemas: Schemas, notes: Callable[[str], None]) -> None:
        self._schemas, self._notes = schemas, notes
        self._names: frozenset[str] | None = _folded(schemas)
        self._calls: dict[int, _Call] = {}
        self._malformed: dict[str, None] = {}
        self._cut = False  # the limit ended the answer: an open call is no fault of the model's

    @property
    def malformed(self) -> tuple[str, ...]:
        """What no client can use, as far as it is known yet: "TOOL: not_json", "TOOL: missing:KEY",
        "TOOL: unknown_tool" (but for its case: some clients forgive that), "call_without_name" ...
        """
        return tuple(self._malformed)

    def feed(self, event: Event, /) -> Iterator[Event]:
        match event:
            case ToolCall(index, _, name):
                self._calls[index] = _Call(name, self._arguments(name))
                yield event
            case ToolInput(index, fragment) if index in self._calls:
                call = self._calls[index]
                piece = call.arguments.feed(fragment)
                self._judge(call)
                if piece:
                    yield ToolInput(index, piece)
            case Finished(reason, notes=notes):
                self._cut = reason in CUTTING
                yield from self._rest()
                self._malformed |= dict.fromkeys(note for note in notes if note in NO_CALL)
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
            if self._names is not None and name.casefold() not in self._names:
                self._malform(name, "unknown_tool")
        return Arguments(_checkable(self._schemas.get(name)), note)

    def _rest(self) -> Iterator[ToolInput]:
        for index, call in sorted(self._calls.items()):
            if rest := call.arguments.finish():
                yield ToolInput(index, rest)
            if not self._cut:
                self._judge(call)

    def _judge(self, call: _Call) -> None:
        if not call.arguments.ok:
            self._malform(call.name, "not_json")
            return  # what is missing may be in what was lost
        for key in call.arguments.missing:
            self._malform(call.name, f"missing:{key}")

    def _malform(self, name: str, what: str) -> None:
        self._malformed[f"{name[:80]}: {what[:120]}"] = None


class Check(Repair):
    """Beside an answer that goes back as it came: here JSON that needs a mend is malformed, too.

    `schemas`: asked for at the first call; None where nothing is known of the tools.
    """

    def __init__(self, schemas: Callable[[], Schemas | None]) -> None:
        super().__init__({}, self._noted)
        self._find, self._known = schemas, False

    def watch(self, event: Event) -> None:
        if isinstance(event, ToolCall) and not self._known:
            self._known, found = True, self._find()
            self._schemas = {} if found is None else found
            self._names = None if found is None else _folded(found)
        for _ in self.feed(event):
            pass

    def _noted(self, words: str) -> None:
        if words.endswith(": json_repaired") and not self._cut:
            self._malformed[words] = None


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(str.casefold, names))


def _checkable(schema: Any) -> Schema | None:
    """None for a schema that is none, or too large to be worth the time."""
    if not isinstance(schema, dict) or len(json.dumps(schema)) > LARGEST_SCHEMA:
        return None
    return schema
