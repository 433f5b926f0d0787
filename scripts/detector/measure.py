"""Runs the evidence over the corpus, request by request, as a session goes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from detector.corpus import WRITERS, Trajectory, bodies, corpus
from turnout.session import evidence
from turnout.session.escalate import LEAST_SCORE
from turnout.session.evidence import Evidence
from turnout.session.known import TROUBLE
from turnout.session.news.read import news
from turnout.wire.request import DialectName

# scores at which something happens: evidence is looked at, a part of a session counts as troubled
THRESHOLDS = {"looked at": LEAST_SCORE, "troubled": TROUBLE}
DIALECTS: tuple[DialectName, ...] = tuple(WRITERS)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Seen:
    """The highest score of a session in one dialect; and the signals that ever fired."""

    name: str
    fails: bool
    dialect: DialectName
    peak: float
    signals: tuple[str, ...]


def seen(one: Trajectory, dialect: DialectName) -> Seen:
    found, peak, fired = Evidence(), 0.0, set[str]()
    for body in bodies(one, dialect):
        found = evidence.fold(found, news(dialect, body, found.seen))
        peak = max(peak, found.score)
        fired |= found.loads.keys()
    return Seen(one.name, one.fails, dialect, peak, tuple(sorted(fired)))


def measured(ones: Sequence[Trajectory] = ()) -> list[Seen]:
    return [seen(one, dialect) for one in ones or corpus() for dialect in DIALECTS]


@dataclass(frozen=True, slots=True)
class Rate:
    caught: int
    failing: int
    alarms: int
    fine: int


def rate(all_seen: Sequence[Seen], least: float) -> Rate:
    bad = [one.peak >= least for one in all_seen if one.fails]
    good = [one.peak >= least for one in all_seen if not one.fails]
    return Rate(sum(bad), len(bad), sum(good), len(good))


def lines(all_seen: Sequence[Seen]) -> Iterator[str]:
    """A report; what was missed and what was a false alarm, by name."""
    yield "Made-up sessions with the real closing lines of runners; no trajectory of a real agent."
    yield ""
    yield f"{'dialect':18} {'score':>5}  {'caught':>8}  {'false alarms':>12}"
    for dialect in (*DIALECTS, ""):
        mine = [one for one in all_seen if dialect in ("", one.dialect)]
        for least in THRESHOLDS.values():
            r = rate(mine, least)
            caught, false = f"{r.caught} of {r.failing}", f"{r.alarms} of {r.fine}"
            yield f"{dialect or 'all':18} {least:5.1f}  {caught:>8}  {false:>12}"
    yield ""
    for word, wrong in (("missed", True), ("false alarm", False)):
        for one in all_seen:
            if one.fails is wrong and (one.peak < TROUBLE) is wrong:
                told = ", ".join(one.signals) or "nothing"
                yield f"{word}: {one.name} ({one.dialect}) {one.peak:.2f}: {told}"
