"""Good bytes, spoilt: strategies for whoever reads what strangers send."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

from wire.conversations import LIKE, SAID, VALUES, places

NOISE = st.sampled_from([b"{", b"}", b"[", b"]", b'"', b",", b":", b"0", b"n", b"\\", b"\xff", b""])


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
