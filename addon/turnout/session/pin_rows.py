"""Pins as rows of the table `pins`, and back. What cannot be read is no pin."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from turnout.session.pins import Pin

type Row = Mapping[str, Any]

_decode = msgspec.json.Decoder(Pin).decode


def row(key: str, pin: Pin) -> Row:
    return {
        "id": key,
        "at": pin.last_used,
        "session": pin.session,
        "agent": pin.agent,
        "asked": pin.asked,
        "provider": pin.provider,
        "model": pin.model,
        "forced": int(pin.forced),
        "steps": pin.steps,
        "state": msgspec.json.encode(pin).decode(),
    }


def pins(rows: Iterable[Row], now: float) -> Iterator[tuple[str, Pin]]:
    """A clock that was ahead when they were written must not make them live longer."""
    for one in rows:
        try:
            pin = _decode(one["state"])
        except (msgspec.MsgspecError, TypeError, LookupError):
            continue
        yield one["id"], replace(pin, last_used=min(pin.last_used, now))
