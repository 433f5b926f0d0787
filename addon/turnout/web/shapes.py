"""What the API is asked and what it answers, as types: they check, and they are the document."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from turnout.config.settings import Mode
from turnout.history import By
from turnout.record import JSON_COLUMNS
from turnout.web.rows import Moment, Text
from turnout.wire.request import DialectName

Model = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Asked(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A query or a body: what is not known here is refused."""


class Told(msgspec.Struct, kw_only=True):
    """An answer: more may come."""


class Problem(Told):
    message: str


class Refused(Told):
    error: Problem


class ModeAsked(Asked):
    mode: Mode


class RouteAsked(Asked):
    """`model`: of a gemini body, which has none in it."""

    dialect: DialectName | UnsetType = UNSET
    model: Annotated[str, msgspec.Meta(pattern=r"^[\w.-]{1,100}$")] | msgspec.UnsetType = (
        msgspec.UNSET
    )


class StatsAsked(Asked):
    by: By = "model"
    since: Moment = "7d"


class ProfileAsked(Asked):
    """Of the bundle: strict, parity, thrift or its own."""

    profile: Model


class PinAsked(Asked):
    """`session`: "" is every one."""

    model: Model
    session: Text = ""


class SessionAsked(Asked):
    session: Text = ""


class AlarmAsked(Asked):
    id: Text = ""


class FeedbackAsked(Asked):
    id: Model
    good: bool


class SwitchAsked(Asked):
    """`model`: provider/model."""

    model: Model
    on: bool


class Health(Told):
    status: Literal["ok"]
    mode: Mode


class Ready(Told):
    ready: bool
    reasons: list[str]


class Status(Told):
    mode: Mode
    profile: str
    version: str
    uptime_s: float
    providers: list[str]
    bundle: str
    requests: int
    routed: int
    untouched: int
    dropped_rows: int
    cache: dict[str, int]
    warnings: list[str]
    destinations: str
    db: str


class Group(Told):
    """Sums over known prices only; null is unknown."""

    key: str
    actions: int
    cost_usd: float | None
    requested_usd: float | None
    saved_usd: float | None


class Moved(Told):
    """`expected_usd`: what it was to save over the rest of the sessions."""

    name: str
    actions: int
    expected_usd: float | None
    cost_usd: float | None


class Stats(Told):
    since: float
    by: By
    groups: list[Group]
    total: Group
    moves: list[Moved]


class Offer(Told):
    """Prices in USD per million tokens; null is unknown. `on`: false when a person took it out."""

    provider: str
    id: str
    model: str
    key: Literal["present", "missing"]
    input: float | None
    output: float | None
    window: int | None
    wins: float
    why: str
    on: bool


class Offers(Told):
    models: list[Offer]
    report: str


class Pins(Told):
    pins: list[dict[str, Any]]


class Pinned(Told):
    pinned: str
    session: str


class Reloaded(Told):
    changed: tuple[str, ...]
    needs_restart: tuple[str, ...]


class Dropped(Told):
    dropped: int


class Judged(Told):
    decision: str
    session: str | None
    good: int


class Alarms(Told):
    alarms: list[dict[str, Any]]


class Switched(Told):
    model: str
    on: bool


class Decided(Told):
    """A decision that nobody carries out. `rationale`: its reasons, in sentences."""

    id: str
    reason: str
    model: str
    provider: str
    candidates: list[dict[str, Any]]
    rationale: list[str]


# a type of SQLite: ours
_TYPES: dict[str, Any] = {"TEXT": str | None, "REAL": float | None, "INTEGER": int | None}


_COLUMN = r"(\w+) (TEXT|REAL|INTEGER)([^-\n]*?)(?:-- (.*))?$"
_CREATED = re.compile(rf"^ {{4}}{_COLUMN}", re.MULTILINE)
_ADDED = re.compile(rf"^ALTER TABLE decisions ADD COLUMN {_COLUMN}", re.MULTILINE)


def _columns() -> dict[str, tuple[str, str]]:
    """Column -> its type in SQLite and what the schema's comment says of it."""
    folder = Path(__file__).parents[1]
    sql = folder.joinpath("decisions.sql").read_text(encoding="utf-8")
    table = sql.partition("CREATE TABLE decisions (")[2].partition("\n);")[0]
    later = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))]
    lines = [*_CREATED.findall(table), *(one for text in later for one in _ADDED.findall(text))]
    return {name: (kind, said) for name, kind, _, said in lines}


def _typed(name: str, kind: str) -> Any:
    return {"id": str, "at": float}.get(name, Any if name in JSON_COLUMNS else _TYPES[kind])


def _described(kind: Any, said: str) -> Any:
    return Annotated[kind, msgspec.Meta(description=said)] if said else kind


_COLUMNS = _columns()
KINDS = {name: kind for name, (kind, _) in _COLUMNS.items()}
Decision = msgspec.defstruct(
    "Decision",
    [(name, _described(_typed(name, kind), said)) for name, (kind, said) in _COLUMNS.items()],
)


class Decisions(Told):
    """`next`: the cursor of the next page; null after the last one."""

    decisions: list[Decision]  # type: ignore[valid-type]
    next: str | None
