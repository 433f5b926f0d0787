"""What a simulated model says: a play for a task, and its turn by the tools run so far.

A play is a list of turns. The human's latest text chooses the play, the number of answers with
tool calls since that text chooses the turn; so a conversation may move between providers.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    input: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One answer. `thinking` is said only to clients that asked for it."""

    text: str = ""
    thinking: str = ""
    calls: tuple[Call, ...] = ()


# a piece of the human's text -> the answers to it, by rounds of tools so far; "" is for any text
type Plays = Mapping[str, Sequence[Turn]]

LONG = 100_000  # characters
DEFAULT = Turn(text="All done: the answer is 42.", thinking="Let me think about that.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a simulated model notices of a request, whatever its dialect.

    `rounds`: answers with tool calls since `human`, the latest text a person wrote. `segments`:
    the prompt in the order in which it is cached, each with its cache mark ("", "5m", "1h").
    `array`: a stream is to be a growing array of JSON.
    """

    model: str
    stream: bool
    human: str
    rounds: int
    tools: Mapping[str, Any]
    segments: tuple[tuple[bytes, str], ...]
    forced_tool: str = ""
    schema: Mapping[str, Any] | None = None
    thinks: bool = False
    wants_usage: bool = True
    array: bool = False


def turn(plays: Plays, heard: Heard) -> Turn:
    """What must be said, else the play's next line, else a call of the first tool, and an end."""
    if heard.forced_tool:
        return Turn(calls=(_call(heard, heard.forced_tool),))
    if heard.schema is not None and not heard.tools:
        return Turn(text=json.dumps(instance(heard.schema)))
    if play := next((turns for key, turns in plays.items() if key in heard.human), ()):
        return play[min(heard.rounds, len(play) - 1)]
    if heard.tools and not heard.rounds:
        return Turn(text="I will look.", thinking=DEFAULT.thinking, calls=(_first(heard),))
    return DEFAULT


def _first(heard: Heard) -> Call:
    return _call(heard, next(iter(heard.tools)))


def _call(heard: Heard, name: str) -> Call:
    made = instance(heard.tools.get(name) or {"type": "object"})
    return Call(name, made if isinstance(made, dict) else {})


SIMPLEST: dict[str, Any] = {
    "string": "x",
    "integer": 1,
    "number": 1,
    "boolean": False,
    "null": None,
}


def instance(schema: Mapping[str, Any]) -> Any:
    """A small value that fits a plain JSON schema: what is required, the first of each enum."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if kind == "object":
        wanted = schema.get("required", ())
        parts = schema.get("properties", {})
        return {name: instance(part) for name, part in parts.items() if name in wanted}
    if kind == "array":
        return []
    return SIMPLEST.get(kind if isinstance(kind, str) else kind[0], "x")


def signature(thinking: str, by: str = "") -> str:
    """Opaque to everybody else; the simulated provider takes back only what it minted.

    `by`: its secret and the model, where it is bound to them.
    """
    told = f"simulated{by}{thinking}".encode()
    return base64.b64encode(hashlib.sha256(told).digest()).decode()


def pieces(text: str, size: int = 24) -> list[str]:
    """The text as it is streamed; megabytes of it come in larger pieces, 500 at most."""
    size = max(size, len(text) // 500 if len(text) > LONG else 0)
    return [text[i : i + size] for i in range(0, len(text), size)]
