"""Whatever bytes strangers send: WireError, or an answer; never another exception."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.conversations import LIKE, SAID, VALUES, places
from wire.hostile import DOORS, seeded
from wire.vendors import few

SEEDS = seeded()
NOISE = st.sampled_from([b"{", b"}", b"[", b"]", b'"', b",", b":", b"0", b"n", b"\\", b"\xff", b""])
doors = pytest.mark.parametrize("name", DOORS)


@st.composite
def noisy(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Good bytes with a few others in them."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(NOISE) + data[at + draw(st.integers(0, 3)) :]
    return data


@st.composite
def damaged(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Good JSON with a few fields gone, wrong, or somebody else's; in a stream, of one frame."""
    data = draw(st.sampled_from(seeds))
    head, mark, frame = data.rpartition(b"data: {")
    body = json.loads(b"{" + frame.split(b"\n")[0] if mark else data)
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(body))
        if not found:
            break
        inside, key = draw(st.sampled_from(found))
        damage(draw, inside, key)
    spoilt = json.dumps(body).encode()
    return head + b"data: " + spoilt + b"\n\n" if mark else spoilt


def damage(draw: st.DrawFn, inside: Any, key: Any) -> None:
    match draw(st.sampled_from(["like", "gone", "other", "renamed", "twice"])):
        case "gone":
            del inside[key]
        case "like":
            inside[key] = draw(LIKE.get(type(inside[key]), VALUES))
        case "renamed" if isinstance(inside, dict):
            inside[draw(st.sampled_from(SAID))] = inside.pop(key)
        case "twice" if isinstance(inside, list):
            inside.append(copy.deepcopy(inside[key]))
        case _:
            inside[key] = draw(VALUES)


def jsonish(seeds: list[bytes]) -> list[bytes]:
    """Those that `damaged` can take apart."""
    return [data for data in seeds if b"data: {" in data or data[:1] == b"{"]


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
