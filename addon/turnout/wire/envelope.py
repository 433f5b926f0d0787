"""Opaque signatures of one family on their way through clients of another.

    turnout_1_gemini_Q2lRQ...            alone, where a client gives back a text of ours unchanged
    call_7__turnout_1_gemini_Q2lRQ...    behind a tool id, where it gives back nothing else

Letters, digits, "_" and "-" only, as ids take. The payload comes out byte for byte as it went in,
for the family that minted it; everybody else gets the bare id. Envelopes of versions that nobody
here has written are refused.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from turnout.errors import UnsupportedError

VERSION = "1"
GEMINI = "gemini"
DETAILS = "details"  # OpenRouter's `reasoning_details`, whoever made what is in them
# of what other dialects have no place for; it is remembered, and goes to no other client
HOMELESS = frozenset({GEMINI, DETAILS})
ENVELOPE = re.compile(r"turnout_(\d+)_([a-z]+)_([A-Za-z0-9_-]*)")
MARK = "__turnout_"  # before one that an id carries
IN_BODY = re.compile(rb'(?<=[A-Za-z0-9_-])__turnout_\d+_[a-z]+_[A-Za-z0-9_-]*(?=")')
IN_ID = re.compile(r"(.*?)__(turnout_\d+_[a-z]+_[A-Za-z0-9_-]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Envelope:
    """`family`: a word of small letters. `payload`: what it signed, as it came."""

    family: str
    payload: str


def encode(envelope: Envelope) -> str:
    raw = envelope.payload.encode("utf-8", "surrogatepass")
    packed = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return f"turnout_{VERSION}_{envelope.family}_{packed}"


def decode(text: str) -> Envelope | None:
    """None for a text that is none. Raises UnsupportedError for one that cannot be opened."""
    match = ENVELOPE.fullmatch(text)
    if not match:
        return None
    version, family, packed = match.groups()
    if version != VERSION:
        raise UnsupportedError("signature", f"an envelope of version {version}")
    try:
        raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        return Envelope(family, raw.decode("utf-8", "surrogatepass"))
    except (binascii.Error, ValueError) as e:
        raise UnsupportedError("signature", "a damaged envelope") from e


def homeless(text: str) -> bool:
    """In an envelope that means nothing outside its own dialect, of whatever version."""
    match = ENVELOPE.fullmatch(text)
    return match is not None and match[2] in HOMELESS


def with_id(id: str, envelope: Envelope) -> str:
    return f"{id}__{encode(envelope)}"


def split_id(id: str) -> tuple[str, Envelope | None]:
    """The bare id, and what it carried."""
    match = IN_ID.fullmatch(id) if MARK in id else None
    return (match[1], decode(match[2])) if match else (id, None)


def stripped(body: bytes) -> bytes:
    """A body whose ids carry nothing: for its own dialect's models, which made none of it."""
    return IN_BODY.sub(b"", body) if MARK.encode() in body else body
