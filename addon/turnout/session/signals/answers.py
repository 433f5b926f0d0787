"""Signals in the end of an answer. What the provider's line did to it is no sign of the model."""

from collections.abc import Callable
from dataclasses import dataclass

from turnout.record import MALFORMED as REPLACED
from turnout.wire.events import StopReason

# words that wire.tools and the readers have for calls that a client cannot use as they were
MALFORMED = (
    REPLACED,
    "unknown_tool",
    "json_repaired",
    "not_json",
    "missing:",
    "call_without_name",
    "tools_without_call",
    "MALFORMED_FUNCTION_CALL",  # Gemini's, and the next
    "UNEXPECTED_TOOL_CALL",
)


@dataclass(frozen=True, slots=True)
class Said:
    """How an answer ended. `notes`: what was odd about it. `content`: it held anything at all."""

    stop_reason: StopReason | None = None
    content: bool = True
    notes: tuple[str, ...] = ()


def answer_empty(said: Said) -> bool:
    return said.stop_reason in ("end", "stop", "tools") and not said.content


def answer_cut(said: Said) -> bool:
    """It did not come to its end within the tokens it had."""
    return said.stop_reason == "length"


def refusal(said: Said) -> bool:
    return said.stop_reason == "refusal"


def call_malformed(said: Said) -> bool:
    return any(word in note for note in said.notes for word in MALFORMED)


ANSWER_SIGNALS: dict[str, Callable[[Said], bool]] = {
    "answer_empty": answer_empty,
    "answer_cut": answer_cut,
    "refusal": refusal,
    "call_malformed": call_malformed,
}
