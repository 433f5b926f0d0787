"""Signals in what a model does: the same call again, the same text back and forth."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec

from turnout.session.news.facts import Call

WINDOW = 10  # calls that are remembered; with the numbers below start values
REPEATS = 3  # of one call with no edit between them
LOOP = 5  # of one call, whatever was between them
WIDE, WIDE_CALLS = 2, 8  # so few different calls among so many
EDITS = 12  # edits that are remembered

EMPTY = (b"", b"{}", b"null")
PATHS = ("file_path", "filePath", "path", "absolute_path", "notebook_path")
BEFORE = ("old_string", "old_str", "oldString")
AFTER = ("new_string", "new_str", "newString", "content", "file_text", "new_source")
PATCH = "*** "


@dataclass(frozen=True, slots=True)
class Edit:
    """Digests of a place and of its text, before and after. `before` is "" for a whole file."""

    path: str
    before: str
    after: str


def digest(*parts: bytes) -> str:
    made = blake2b(digest_size=8)
    for part in parts:
        made.update(len(part).to_bytes(8) + part)
    return made.hexdigest()


def same(call: Call) -> str:
    """A name for this call, however its JSON is written; "" for one without arguments."""
    if call.input.strip() in EMPTY:
        return ""
    try:
        plain = json.dumps(json.loads(call.input), sort_keys=True).encode()
    except (ValueError, RecursionError):
        plain = call.input
    return digest(call.name.encode(), plain)


def edits(call: Call) -> Iterator[Edit]:
    """Of the editors of the known clients, and of codex's patches."""
    arguments = _arguments(call.input)
    patch = next((v for v in arguments.values() if _is_patch(v)), "")
    if patch:
        yield from _patched(patch)
        return
    path = _first(arguments, PATHS)
    several = arguments.get("edits")
    for one in several if isinstance(several, list) else [arguments]:
        after = _first(one, AFTER) if isinstance(one, dict) else ""
        if path and after:
            yield Edit(_text(path), _text(_first(one, BEFORE)), _text(after))


def call_repeated(recent: Sequence[str], call: str) -> bool:
    """`recent`: the latest calls before this one, "edit" where something was changed."""
    since = list(recent)[_after_last_edit(recent) :]
    return bool(call) and since.count(call) + 1 >= REPEATS


def loop(recent: Sequence[str], call: str) -> bool:
    """One call again and again, or a few in a circle."""
    latest = [one for one in (*recent, call) if one and one != "edit"][-WINDOW:]
    counts = Counter(latest)
    wide = len(latest) >= WIDE_CALLS and len(counts) <= WIDE and "edit" not in recent
    return bool(call) and (counts[call] >= LOOP or wide)


def edit_undone(recent: Sequence[Edit], edit: Edit) -> bool:
    """A text is what it was before an earlier edit of the same place."""
    mine = [one for one in recent if one.path == edit.path]
    if edit.before:
        return any((one.before, one.after) == (edit.after, edit.before) for one in mine)
    whole = [one.after for one in mine if not one.before]
    return edit.after in whole[:-1] and whole[-1] != edit.after


def _after_last_edit(recent: Sequence[str]) -> int:
    return max((place + 1 for place, one in enumerate(recent) if one == "edit"), default=0)


def _arguments(input: bytes) -> dict[str, Any]:
    if input.lstrip().startswith(PATCH.encode()):
        return {"patch": input.decode(errors="replace")}
    try:
        found = msgspec.json.decode(input)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_patch(value: object) -> bool:
    return isinstance(value, str) and "*** Begin Patch" in value


def _patched(patch: str) -> Iterator[Edit]:
    """One edit a file: the lines that went, and those that came."""
    for part in patch.split("\n*** ")[1:]:
        head, _, body = part.partition("\n")
        if head.startswith(("Update File:", "Add File:")):
            lines = body.splitlines()
            went = "\n".join(line[1:] for line in lines if line.startswith("-"))
            came = "\n".join(line[1:] for line in lines if line.startswith("+"))
            yield Edit(_text(head.partition(":")[2].strip()), _text(went), _text(came))


def _first(arguments: dict[str, Any], names: Sequence[str]) -> str:
    found = (arguments.get(name) for name in names)
    return next((value for value in found if isinstance(value, str) and value), "")


def _text(text: str) -> str:
    return digest(text.encode(errors="replace")) if text else ""
