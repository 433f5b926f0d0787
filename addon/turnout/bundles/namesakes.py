"""Which task class of a bundle a number in a log stands for.

The number has its meaning from the version beside it. A version with the very classes of the bundle
numbers them as it does. The classes of any other, be it gone by now, have their names in the log:
where the bundle has one class of that name, it is the one.

A new encoder tells classes apart a little otherwise, and so does every training; the tasks that a
name stands for are the same. Of 2,500 training prompts 2026-11-27d puts 89 % into the class that
2026-11-27b, of another encoder, has put them into, and 93 % into the same kind of work; of 376 that
2026-11-22b had in a group of the same name 84 % (scripts/classes_agree.py). A user's sessions are
not lost with each release.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from turnout.route.bundle import Bundle
from turnout.route.score import UNFAMILIAR, UNREAD

type Row = Mapping[str, Any]
type Place = tuple[object, object]  # a version, and a number in it


@dataclass(frozen=True, slots=True)
class Classes:
    """`alike`: versions whose classes are the bundle's. `named`: those of others, by their name."""

    count: int
    alike: frozenset[str]
    named: Mapping[Place, int] = field(default_factory=dict)

    @classmethod
    def of(cls, bundle: Bundle, alike: frozenset[str], rows: Iterable[Row]) -> Self:
        """`rows`: bundle, cluster and cluster_label, as in the log."""
        called: defaultdict[Place, set[str]] = defaultdict(set)
        for row in rows:
            if isinstance(label := row["cluster_label"], str) and label != UNREAD:
                called[row["bundle"], row["cluster"]].add(label.removeprefix(UNFAMILIAR))
        own = {name: k for k, name in enumerate(bundle.labels) if bundle.labels.count(name) == 1}
        named = {
            place: own[name] for place, (name, *more) in called.items() if name in own and not more
        }
        return cls(len(bundle.labels), alike, named)

    def find(self, version: object, number: object) -> int | None:
        """None: no class of the bundle."""
        if version not in self.alike:
            return self.named.get((version, number))
        return number if type(number) is int and 0 <= number < self.count else None
