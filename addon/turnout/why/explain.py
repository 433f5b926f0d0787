"""A decision, part by part: what `turnout why`, the dashboard and a dry run say of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from turnout.why import parts
from turnout.why.cost import money
from turnout.why.page import Line, Told
from turnout.why.session import session
from turnout.why.struggle import struggle

type Row = Mapping[str, Any]
type Part = Callable[[Row], Iterator[Told]]

# what is known before anything is sent; what came of it
DECIDED: tuple[Part, ...] = (
    parts.who,
    parts.what,
    session,
    struggle,
    parts.quality,
    parts.candidates,
    parts.evidence,
    parts.changes,
)
PARTS: tuple[Part, ...] = (*DECIDED, parts.attempts, parts.times, parts.damaged, money)


def explained(row: Row, which: tuple[Part, ...] = PARTS) -> Iterator[Told]:
    for part in which:
        yield from part(row)


def rationale(row: Row) -> list[str]:
    """In sentences, for programs that show them: "because: cheapest at parity"."""
    lines = (one for one in explained(row, DECIDED) if isinstance(one, Line))
    return [f"{one.label}: {one.words}" if one.label else one.words for one in lines]
