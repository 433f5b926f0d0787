"""Edits of a body in its own dialect, gathered one by one, each with its reason."""

from collections.abc import Mapping
from typing import Any

import msgspec

from turnout.wire import splice
from turnout.wire.changes import Changes
from turnout.wire.request import Written


class Edits:
    """What is asked about the body sees the edits so far."""

    def __init__(self, body: bytes, members: Mapping[str, splice.Field]) -> None:
        self.note = Changes()
        self._body, self._members = body, members
        self._new: dict[str, bytes] = {}
        self._gone: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._new or (name in self._members and name not in self._gone)

    def changed(self, name: str) -> bool:
        return name in self._new or name in self._gone

    def raw(self, name: str) -> bytes:
        """The JSON of a value; null when there is none."""
        if name in self._new:
            return self._new[name]
        if name not in self:
            return b"null"
        field = self._members[name]
        return self._body[field.value : field.end]

    def value(self, name: str) -> Any:
        return msgspec.json.decode(self.raw(name))

    def put(self, name: str, value: Any, why: str = "") -> None:
        """`value`: anything, or JSON in bytes. Without a reason when it is noted apart."""
        self._gone.discard(name)
        self._new[name] = value if isinstance(value, bytes) else msgspec.json.encode(value)
        if why:
            self.note(name, why)

    def drop(self, name: str, why: str) -> None:
        """Nothing happens where there is no such key."""
        if name in self:
            self._new.pop(name, None)
            self._gone.add(name)
            self.note(name, why)

    def put_in(self, name: str, key: str, value: Any, why: str) -> None:
        """One key of the object `name`, which is made where there is none."""
        raw = self.raw(name)
        if raw == b"null":
            self.put(name, {key: value}, why)
        else:
            new = {key: msgspec.json.encode(value)}
            there = key in splice.fields(raw)
            edited = splice.edit(raw, replace=new) if there else splice.edit(raw, insert=new)
            self.put(name, edited)
            self.note(f"{name}.{key}", why)

    def drop_in(self, name: str, key: str, why: str) -> None:
        """One key of the object `name`, and the object when nothing else is in it."""
        raw = self.raw(name)
        there = splice.fields(raw) if raw != b"null" else {}
        if key in there and len(there) == 1:
            self.drop(name, why)
        elif key in there:
            self.put(name, splice.edit(raw, remove=(key,)))
            self.note(f"{name}.{key}", why)

    def written(self) -> Written:
        there = self._members.keys()
        body = splice.edit(
            self._body,
            replace={name: value for name, value in self._new.items() if name in there},
            insert={name: value for name, value in self._new.items() if name not in there},
            remove=self._gone & there,
        )
        return Written(body, self.note.all)
