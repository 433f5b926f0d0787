"""What a model says, one fact per event, whoever said it.

Every dialect has a reader (its bytes -> events) and a writer (events -> its bytes).
No reader knows a writer. Accounting, the cache and the log fold over the same events.

    Started ( Text | Thinking | Signature | Redacted | ToolCall | ToolInput | Usage )*
    ( Finished | Failed )
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

StopReason = Literal["end", "stop", "length", "tools", "refusal", "pause"]


@dataclass(frozen=True, slots=True)
class Started:
    """The upstream's own id of the answer, and the model name it gave."""

    id: str
    model: str


class Text(msgspec.Struct, frozen=True, gc=False):
    text: str


class Thinking(msgspec.Struct, frozen=True, gc=False):
    text: str


class Signature(msgspec.Struct, frozen=True, gc=False):
    """Closes the thinking before it. Opaque; means something only to the model that minted it."""

    value: str


class Redacted(msgspec.Struct, frozen=True, gc=False):
    """Thinking that only the model that minted it can read."""

    data: str


class ToolCall(msgspec.Struct, frozen=True, gc=False):
    """`index` counts the calls of one answer from 0; ToolInput refers to it."""

    index: int
    id: str
    name: str


class ToolInput(msgspec.Struct, frozen=True, gc=False):
    """A fragment of JSON: more input for the call `index`. Fragments of calls may interleave."""

    index: int
    json: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, as far as known yet. Cumulative: a later Usage replaces an earlier one.

    The kinds of input never overlap; reasoning is part of output. Providers disagree on both.
    `searches`: the provider's own, each with a price. `apart`: tokens among those before that are
    no text and have prices of their own (sound, images that were made).
    """

    fresh_input: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    searches: int = 0
    apart: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """`notes`: what was odd about the answer, as words for the log ("call_without_name")."""

    reason: StopReason
    stop_sequence: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """The upstream broke off or reported an error. Nothing follows.

    `status` is the HTTP status this failure would have had before the first byte.
    """

    message: str
    status: int = 502


type Event = (
    Started
    | Text
    | Thinking
    | Signature
    | Redacted
    | ToolCall
    | ToolInput
    | Usage
    | Finished
    | Failed
)
