"""Live quality: outcomes of sessions and what people say, written down and told to the alarm.

An alarm outlives its bundle: in another one it stands for the class of the same name, until it is
released or the user's own bundle has learned from it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from turnout import history
from turnout.errors import ConfigError, TurnoutError
from turnout.record import new_id
from turnout.route.score import UNFAMILIAR, UNREAD
from turnout.session import alarm
from turnout.session.alarm import Alarms, Ended, Place, Raised, Tally
from turnout.store import Store

log = logging.getLogger(__name__)

RECALLED_S = 90 * 86_400.0  # seconds of the log that a new process starts from

type Row = Mapping[str, Any]


class Quality:
    """`alarmed` is asked for every request: it is in memory; all else goes to the log."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store, self._clock = store, clock
        self._alarms = Alarms()
        self._names: dict[tuple[str, int], str] = {}  # of classes with alarms of earlier processes
        self._learned: frozenset[str] = frozenset()

    def recall(self, learned: Iterable[str] = ()) -> None:
        """What earlier processes knew. A log that cannot be read is one that knows nothing.

        `learned`: versions that were made from it.
        """
        self._learned = frozenset(learned)
        try:
            with history.read(self._store.path) as log_file:
                ended = [_ended(row) for row in log_file.judged(self._clock() - RECALLED_S)]
                raised = [_raised(row) for row in log_file.alarms() if row["released_at"] is None]
                self._names = _names(log_file.alarming()) if raised else {}
        except (TurnoutError, LookupError, TypeError) as e:
            log.debug("no live quality yet: %s", e)
            return
        self._alarms.recall(ended, raised)

    def alarmed(self, bundle: str, cluster: int, name: str = "") -> frozenset[str]:
        """`name`: of the class."""
        found = self._alarms.alarmed(bundle, cluster)
        if not self._names or bundle in self._learned:
            return found
        name = name.removeprefix(UNFAMILIAR)
        return found | {
            one.place.model
            for one in self._alarms
            if one.place.bundle != bundle and self._names.get(one.place[:2]) == name
        }

    def warnings(self) -> Iterator[str]:
        for one in self._alarms:
            yield (
                f"{one.place.model} is not routed to in class {self._called(one.place)}: trouble in"
                f" {one.tally.troubled:.0f} of {one.tally.sessions:.0f} sessions,"
                f" {one.tally.promise:.0%} was to be expected;"
                f" release it with `turnout feedback --release '{_id(one.place)}'`"
            )

    def _called(self, place: Place) -> str:
        name = self._names.get(place[:2], "")
        return f"{place.cluster} ({name})" if name else str(place.cluster)

    def tell(self, one: Ended, **facts: object) -> None:
        """A part of a session has ended."""
        self._store.add(
            self._row(one)
            | {"troubled": int(one.troubled)}
            | {k: _plain(v) for k, v in facts.items()},
            "evidence",
        )
        self._count(one)

    def judged(self, decision: str) -> Row:
        """The action that a person speaks of: by id, or how that begins. Raises ConfigError.

        Waits until what was settled is written: for a thread of its own.
        """
        self._store.flush()
        try:
            with history.read(self._store.path) as log_file:
                row = log_file.decision(decision)
        except history.NoDecisionError as e:
            raise ConfigError(str(e)) from e
        placed = row["cluster"] is not None and row["cluster_label"] != UNREAD
        if not placed or not row["model"] or row["quality"] is None:
            raise ConfigError(f"{row['id']} was not routed by quality: there is nothing to learn")
        return row

    def feedback(self, row: Row, *, good: bool) -> Row:
        """A person's word on an action of the log."""
        place = Place(row["bundle"], row["cluster"], row["model"])
        one = alarm.feedback(place, row["quality"], good=good)
        said = {"decision": row["id"], "session": row["session"], "good": int(good)}
        self._store.add(self._row(one) | said, "feedback")
        self._count(one)
        return said | place._asdict()

    def listed(self) -> list[Row]:
        """`label`: of the class, where it is known."""
        return [
            _alarm_row(one) | {"label": self._names.get(one.place[:2], "")} for one in self._alarms
        ]

    def release(self, id: str) -> None:
        """By hand. Raises ConfigError when there is no such alarm."""
        raised = next((one for one in self._alarms if _id(one.place) == id), None)
        if raised is None:
            known = ", ".join(_id(one.place) for one in self._alarms) or "none"
            raise ConfigError(f"no alarm {id!r}; there are: {known}")
        self._alarms.release(raised.place)
        self._store.add(_alarm_row(raised) | {"released_at": self._clock()}, "alarms")

    def _count(self, one: Ended) -> None:
        if raised := self._alarms.tell(one, self._clock()):
            self._store.add(_alarm_row(raised), "alarms")
            log.warning(
                "quality alarm: %s", next(w for w in self.warnings() if one.place.model in w)
            )

    def _row(self, one: Ended) -> dict[str, Any]:
        return {
            "id": new_id(self._clock),
            "at": self._clock(),
            "bundle": one.place.bundle,
            "cluster": one.place.cluster,
            "model": one.place.model,
            "quality": one.quality,
        }


def _id(place: Place) -> str:
    return f"{place.bundle}|{place.cluster}|{place.model}"


def _plain(value: object) -> object:
    return msgspec.json.encode(value).decode() if isinstance(value, Mapping) else value


def _alarm_row(one: Raised) -> dict[str, Any]:
    return {
        "id": _id(one.place),
        "at": one.at,
        **one.place._asdict(),
        "sessions": one.tally.sessions,
        "troubled": one.tally.troubled,
        "promise": one.tally.promise,
        "worse": one.tally.worse,
    }


def _names(rows: Iterable[Row]) -> dict[tuple[str, int], str]:
    return {
        (row["bundle"], row["cluster"]): row["cluster_label"].removeprefix(UNFAMILIAR)
        for row in rows
        if isinstance(row["cluster_label"], str) and row["cluster_label"] != UNREAD
    }


def _place(row: Row) -> Place:
    return Place(str(row["bundle"]), int(row["cluster"]), str(row["model"]))


def _ended(row: Row) -> Ended:
    """A row of `evidence`, or of `feedback`: those have a word in `good`."""
    quality = float(row["quality"] or 0.0)
    if row["good"] is not None:
        return alarm.feedback(_place(row), quality, good=bool(row["good"]))
    return Ended(place=_place(row), troubled=bool(row["troubled"]), quality=quality)


def _raised(row: Row) -> Raised:
    troubled = float(row["troubled"])
    tally = Tally(float(row["sessions"]) - troubled, troubled, float(row["promise"]))
    return Raised(_place(row), float(row["at"]), tally)
