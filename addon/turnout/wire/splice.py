"""Byte-level edits of a JSON object: what is not named stays as it is, to the byte.

msgspec finds the values (as raw slices, nothing is built); walking the text with their lengths
gives the offsets. A key that occurs twice makes the walk miss: peers differ in which of the two
they believe, so such an object is refused.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from turnout.errors import WireError, reading

_KEY = re.compile(rb'[ \t\r\n]*+("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\r\n]*+:[ \t\r\n]*+')
_NEXT = re.compile(rb"[ \t\r\n]*+([,}])")
_GAP = re.compile(rb"[ \t\r\n,]*+")
_NOTHING: Mapping[str, bytes] = MappingProxyType({})

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_string = msgspec.json.Decoder(str)

type Cut = tuple[int, int, bytes]


@dataclass(frozen=True, slots=True)
class Field:
    """Offsets of one member: the comma before it (-1: none), its key, its value's start and end."""

    comma: int
    key: int
    value: int
    end: int


def fields(body: bytes) -> dict[str, Field]:
    """The members of a JSON object in order. Checks all of `body`: JSON, UTF-8, no key twice."""
    with reading("JSON"):
        str(body, "utf-8")  # msgspec does not look inside the strings it skips
        return dict(_walk(body, _object.decode(body)))


def edit(
    body: bytes,
    *,
    replace: Mapping[str, bytes] = _NOTHING,
    remove: Collection[str] = (),
    insert: Mapping[str, bytes] = _NOTHING,
) -> bytes:
    """`body` with other values (JSON bytes) for some keys, without some, new ones at the end."""
    if not (replace or remove or insert):
        return body
    members = fields(body)
    if missing := replace.keys() - members.keys():
        raise WireError(f"no {', '.join(sorted(missing))} to replace")
    if taken := insert.keys() & members.keys() - set(remove):
        raise WireError(f"{', '.join(sorted(taken))} is there already")
    cuts = [*_cuts(members, replace, set(remove)), *_insertion(body, members, remove, insert)]
    return b"".join(_apply(body, cuts))


def elements(array: bytes) -> list[bytes]:
    """The items of a JSON array, each as it was written."""
    with reading("JSON"):
        return [bytes(item) for item in _array.decode(array)]


def spans(array: bytes) -> list[tuple[int, int]]:
    """Offsets of the items of a JSON array: start and end."""
    with reading("JSON"):
        sizes = [memoryview(item).nbytes for item in _array.decode(array)]
    found, at = list[tuple[int, int]](), array.index(b"[") + 1
    for size in sizes:
        at = _GAP.match(array, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        found.append((at, at + size))
        at += size
    return found


def items(array: bytes, new: Collection[bytes]) -> bytes:
    """`array` with other items, as many as before; b"" removes one, with a comma beside it."""
    cuts, end, kept = list[Cut](), -1, False
    for (start, stop), item in zip(spans(array), new, strict=True):
        if item and not kept:
            cuts.append((start if end < 0 else array.index(b"[") + 1, start, b""))
        if item:
            cuts.append((start, stop, item))
            kept = True
        elif kept:
            cuts.append((end, stop, b""))
        end = stop
    if not kept:
        return b"[]"
    return b"".join(_apply(array, cuts))


def array(items: Collection[bytes]) -> bytes:
    return b"[%b]" % b",".join(items)


def _walk(body: bytes, raws: Mapping[str, msgspec.Raw]) -> Iterator[tuple[str, Field]]:
    comma, at = -1, body.index(b"{") + 1
    for name, raw in raws.items():
        key = _KEY.match(body, at)
        if not key or _string.decode(key[1]) != name:
            raise WireError("a key occurs twice")
        end = key.end() + memoryview(raw).nbytes
        after = _NEXT.match(body, end)
        if not after or not body.startswith(bytes(raw), key.end()):
            raise WireError(f"{name!r} occurs twice")
        yield name, Field(comma, key.start(1), key.end(), end)
        comma, at = after.start(1), after.end()
    if comma >= 0 and body[comma] != ord("}"):
        raise WireError("a key occurs twice")


def _cuts(
    members: Mapping[str, Field], replace: Mapping[str, bytes], remove: Collection[str]
) -> Iterator[Cut]:
    """A removed member takes the comma before it along; at the object's head, the one after it."""
    kept, lost = False, -1  # is a member kept so far; where the removed head of the object begins
    for name, field in members.items():
        if name not in remove:
            if lost >= 0:
                yield lost, field.key, b""
                lost = -1
            kept = True
            if name in replace:
                yield field.value, field.end, replace[name]
        elif kept:
            yield field.comma, field.end, b""
        elif lost < 0:
            lost = field.key
    if lost >= 0:
        yield lost, max(field.end for field in members.values()), b""


def _insertion(
    body: bytes,
    members: Mapping[str, Field],
    remove: Collection[str],
    insert: Mapping[str, bytes],
) -> Iterator[Cut]:
    if not insert:
        return
    at = max((field.end for field in members.values()), default=body.rindex(b"}"))
    pairs = b",".join(b"%b:%b" % (msgspec.json.encode(name), insert[name]) for name in insert)
    comma = b"," if members.keys() - set(remove) else b""
    yield at, at, comma + pairs


def _apply(body: bytes, cuts: Collection[Cut]) -> Iterator[bytes]:
    at = 0
    for start, end, new in cuts:
        yield body[at:start]
        yield new
        at = end
    yield body[at:]
