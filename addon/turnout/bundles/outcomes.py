"""What a log says of models in task classes, counted; and what of it cannot be used, and why.

A class's number in the log has its meaning from the version beside it (namesakes.py).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turnout import history
from turnout.bundles.namesakes import Classes
from turnout.bundles.tables import DataError, Excluded
from turnout.errors import ArtifactError
from turnout.route import artifact
from turnout.route.bundle import Bundle
from turnout.route.shelves import Shelves
from turnout.session.alarm import FEEDBACK

type Row = Mapping[str, Any]
type Matrix = NDArray[np.float64]

CLASSES = ("centroids.npy", "head.npy")  # where they are the same, so is a number's class
OTHERS = "its task classes are others"
DAMAGED = "damaged: no class, model or outcome can be read from them"
ESCALATED = "came after another model had struggled: harder than what is usual there"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """(clusters, models) each: sessions that count, and those of them that had trouble; a person's
    word counts for several. `alarmed`: un-routed by an alarm that stands. `asked`: (clusters,)
    sessions. `sessions`, `words`: how many counted; `by_name`: of both, under another bundle.
    """

    count: Matrix
    troubled: Matrix
    alarmed: NDArray[np.bool_]
    asked: Matrix
    sessions: int
    words: int
    by_name: int = 0
    excluded: list[Excluded] = field(default_factory=list)


def read(log: Path, base: Bundle, alike: frozenset[str]) -> Outcomes:
    """`alike`: versions whose clusters are those of `base`. Raises ConfigError, with the mend."""
    with history.read(log) as reader:
        said, asked = list(reader.judged(0.0)), list(reader.classes())
        classes = Classes.of(base, alike, reader.named())
        raised = [row for row in reader.alarms() if row["released_at"] is None]
    if not said:
        raise DataError(
            f"{log}: nothing to learn from yet: no session has ended and nobody has given feedback;"
            " sessions end after half an hour without a step"
        )
    counted = _counted(log, said, base, classes)
    return replace(counted, asked=_asked(asked, classes), alarmed=_alarmed(raised, base, classes))


def _counted(log: Path, said: Iterable[Row], base: Bundle, classes: Classes) -> Outcomes:
    shape = (len(base.labels), len(base.models))
    count, troubled = np.zeros(shape), np.zeros(shape)
    out: Counter[tuple[str, str]] = Counter()
    struggled: dict[tuple[object, int | None], str] = {}  # session and class: the model that did
    kinds: Counter[bool] = Counter()
    named = 0
    for row in said:
        if why := _unusable(row, base, classes):
            out[why] += 1
            continue
        k, model, bad = _class(row, classes), row["model"], _bad(row)
        word = row["good"] is not None
        if not word and struggled.get((row["session"], k), model) != model:
            out["sessions", ESCALATED] += 1
            continue
        if bad and not word and row["session"]:
            struggled[row["session"], k] = model
        weight = FEEDBACK if word else 1.0
        count[k, base.models[model]] += weight
        troubled[k, base.models[model]] += weight * bad
        kinds[word] += 1
        named += row["bundle"] not in classes.alike
    excluded = [Excluded(what, rows, why) for (what, why), rows in sorted(out.items())]
    if not kinds.total():
        raise DataError(f"{log}: {_nothing(excluded, base)}")
    nothing = np.zeros(shape)
    return Outcomes(
        count, troubled, nothing > 0, nothing[:, 0], kinds[False], kinds[True], named, excluded
    )


def _alarmed(rows: Iterable[Row], base: Bundle, classes: Classes) -> NDArray[np.bool_]:
    found = np.zeros((len(base.labels), len(base.models)), bool)
    for row in rows:
        if not _unusable({**row, "troubled": 1, "good": None}, base, classes):
            found[_class(row, classes), base.models[row["model"]]] = True
    return found


def _class(row: Row, classes: Classes) -> int | None:
    return classes.find(row["bundle"], row["cluster"])


def _unusable(row: Row, base: Bundle, classes: Classes) -> tuple[str, str] | None:
    """What it is called, and why."""
    k, model = _class(row, classes), row["model"]
    if not isinstance(row["bundle"], str) or not isinstance(model, str) or not model:
        return "rows", DAMAGED
    if k is None and row["bundle"] not in classes.alike:
        return f"bundle {row['bundle']}", OTHERS
    if k is None or _outcome(row) not in (0, 1):
        return "rows", DAMAGED
    return None if model in base.models else (f"model {model}", "the bundle does not know it")


def _outcome(row: Row) -> object:
    return row["troubled"] if row["good"] is None else row["good"]


def _bad(row: Row) -> bool:
    return bool(row["troubled"]) if row["good"] is None else not row["good"]


def _nothing(excluded: Iterable[Excluded], base: Bundle) -> str:
    told = "; ".join(f"{one.rows:,} of {one.what}: {one.why}" for one in excluded)
    others = [one.what.removeprefix("bundle ") for one in excluded if one.why == OTHERS]
    mend = (
        f"; `--base {others[0]}` learns on top of that one, if it is still there" if others else ""
    )
    return f"nothing of it can be used on top of {base.version}: {told}{mend}"


def _asked(rows: Iterable[Row], classes: Classes) -> Matrix:
    found = np.zeros(classes.count)
    for row in rows:
        k = _class(row, classes)
        if k is not None:
            found[k] += row["sessions"]
    return found


def alike(shelves: Shelves, folder: Path) -> frozenset[str]:
    """Versions with the very clusters of the bundle in `folder`, by their digests."""
    wanted = _classes(folder)
    return frozenset(path.name for path in shelves.folders() if _classes(path) == wanted)


def _classes(folder: Path) -> object:
    """The digests of what defines them; a folder without any is like nothing else."""
    try:
        files = artifact.manifest(folder / "manifest.json")["files"]
        return tuple(files[name] for name in CLASSES if name in files) or folder
    except ArtifactError:
        return folder
