"""Reasoning that only its maker can read, in the history of a client of another dialect.

The client keeps it where its own dialect keeps such things: Anthropic's `signature`, Responses'
`encrypted_content`. It travels there in an envelope whose payload says what it is:

    kind:model:id:data

What stands there without an envelope is of the client's own dialect.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import quote, unquote

from turnout.errors import UnsupportedError
from turnout.wire import envelope

# where its maker's dialect keeps it: Anthropic's two carriers, Responses' one
Kind = Literal["signature", "redacted", "encrypted"]

# whose models read each other's reasoning; any other reads only its own
FAMILIES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"gpt-oss"), "gptoss"),
    (re.compile(r"gpt-|o\d|codex|computer-use"), "openai"),
    (re.compile(r"grok"), "xai"),
    (re.compile(r"claude"), "anthropic"),
)
OTHER = "other"
DATED = re.compile(r"-\d{4}-?\d\d-?\d\d\Z")


@dataclass(frozen=True, slots=True)
class Sealed:
    """`model` minted it, by its upstream's name; `id` is of the item it was part of, or ""."""

    kind: Kind
    model: str
    data: str
    id: str = ""


def encode(sealed: Sealed) -> str:
    head = (quote(text, safe="", errors="replace") for text in (sealed.model, sealed.id))
    payload = ":".join((sealed.kind, *head, sealed.data))
    return envelope.encode(envelope.Envelope(maker(sealed.model), payload))


def is_sealed(value: str) -> bool:
    """In an envelope, of whatever family and version."""
    return bool(envelope.ENVELOPE.fullmatch(value))


def decode(value: str) -> Sealed | None:
    """None for what is no envelope, cannot be opened, or is of a dialect that packs otherwise."""
    try:
        opened = envelope.decode(value)
    except UnsupportedError:
        return None
    parts = opened.payload.split(":", 3) if opened else []
    kind = next((known for known in get_args(Kind) if parts and known == parts[0]), None)
    if kind is None or len(parts) < 4:
        return None
    return Sealed(kind, unquote(parts[1]), parts[3], unquote(parts[2]))


def reads(sealed: Sealed, model: str) -> bool:
    """Can `model`? A thinking signature is one model's, encrypted reasoning a family's."""
    same_model = bare(sealed.model) == bare(model)
    if sealed.kind != "encrypted":
        return same_model
    family = maker(model)
    return same_model or (family == maker(sealed.model) and family != OTHER)


def maker(model: str) -> str:
    """`openai/gpt-5.1-2025-11-13` -> `openai`."""
    name = bare(model)
    return next((family for known, family in FAMILIES if known.match(name)), OTHER)


def bare(model: str) -> str:
    """A model's name without its provider's prefix and its date."""
    return DATED.sub("", model.rpartition("/")[2].lower())
