"""What was altered on the way to another dialect: collected while writing, each thing once."""

from collections.abc import Iterable

from turnout.wire.request import Change


class Changes:
    def __init__(self, before: Iterable[Change] = ()) -> None:
        self._seen = dict.fromkeys(before)

    def __call__(self, what: str, why: str) -> None:
        self._seen[Change(what, why)] = None

    def again(self, changes: Iterable[Change]) -> None:
        """What was noted when the same work was done before."""
        for change in changes:
            self._seen[change] = None

    @property
    def all(self) -> tuple[Change, ...]:
        return tuple(self._seen)
