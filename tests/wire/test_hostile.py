"""Whatever bytes strangers send: WireError, or an answer; never another exception."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.damage import damaged, jsonish, noisy
from wire.hostile import DOORS, seeded
from wire.vendors import few

SEEDS = seeded()
doors = pytest.mark.parametrize("name", DOORS)


@doors
@few
@given(data=st.data())
def test_any_bytes(name: str, data: st.DataObject) -> None:
    kinds = [noisy(SEEDS[name]), st.binary(max_size=60)] if SEEDS[name] else [st.binary()]
    if some := jsonish(SEEDS[name]):
        kinds += [damaged(some), damaged(some)]
    DOORS[name](data.draw(st.one_of(kinds)))


@doors
def test_good_bytes(name: str) -> None:
    for data in SEEDS[name]:
        DOORS[name](data)


NASTY: dict[str, bytes] = {
    "nothing": b"",
    "deep": b'{"a":' * 100_000,
    "deep lists": b"[" * 100_000,
    "a huge number": b'{"model": ' + b"9" * 5000 + b"}",
    "a page": b"<html><body>502</body></html>",
    "half a surrogate": rb'{"model": "m", "messages": [{"role": "user", "content": "\ud83d"}]}',
    "no UTF-8": b'{"model": "\xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"model": "m"}',
    "NaN": b'{"model": "m", "temperature": NaN, "messages": []}',
    "an array": b"[{}]",
    "a null": b"null",
}


@doors
@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY)
def test_nasty_bytes(name: str, nasty: bytes) -> None:
    for data in (nasty, b"data: " + nasty + b"\n\n"):
        DOORS[name](data)


def test_five_hundred_tools_and_one_of_64_levels() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(64):
        schema = {"type": "object", "properties": {"a": schema}}
    shallow = {"type": "object", "properties": {"a": {"type": "string"}}}
    tools = [{"name": f"t{i}", "input_schema": shallow if i else schema} for i in range(500)]
    hello = [{"role": "user", "content": "x"}]
    body = {"model": "m", "max_tokens": 9, "messages": hello, "tools": tools}
    for name in ("anthropic request", "anthropic edited", "anthropic peek"):
        DOORS[name](json.dumps(body).encode())
