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


class Stats(Told):
    since: float
    by: By
    groups: list[Group]
    total: Group


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


def _columns() -> dict[str, tuple[Any, str]]:
    """Column -> its type and what the schema's comment says of it."""
    sql = Path(__file__).parents[1].joinpath("decisions.sql").read_text(encoding="utf-8")
    table = sql.partition("CREATE TABLE decisions (")[2].partition("\n);")[0]
    lines = re.findall(
        r"^ {4}(\w+) (TEXT|REAL|INTEGER)([^-\n]*?)(?:-- (.*))?$", table, re.MULTILINE
    )
    return {name: (_typed(name, kind), said) for name, kind, _, said in lines}


def _typed(name: str, kind: str) -> Any:
    return {"id": str, "at": float}.get(name, Any if name in JSON_COLUMNS else _TYPES[kind])


Decision = msgspec.defstruct(
    "Decision",
    [
        (name, Annotated[kind, msgspec.Meta(description=said)] if said else kind)
        for name, (kind, said) in _columns().items()
    ],
)


class Decisions(Told):
    """`next`: the cursor of the next page; null after the last one."""

    decisions: list[Decision]  # type: ignore[valid-type]
    next: str | None
