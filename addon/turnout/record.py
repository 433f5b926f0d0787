"""One frozen record for each action; the log, the trace and the dashboard are views of it.

    Decision   why it should go where it goes      known before anything is sent
    Outcome    what came of it                     known when the answer has ended
    row        both, as one row of the table `decisions`

What is not known is None here and NULL there, never 0.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from turnout.content import Content
    from turnout.route.plan import Candidate
    from turnout.wire.events import Usage
    from turnout.wire.request import Change

type Usd = Decimal | float | None
type Plain = str | int | float | None

JSON_COLUMNS = ("candidates", "evidence", "attempts", "changes")
MALFORMED = "malformed tool call"  # how the error of an attempt begins that another one replaced
TEXT_LIMIT = 500  # characters; what peers say may be megabytes

# column: field of wire.events.Usage
TOKENS = {
    "input_tokens": "fresh_input",
    "cache_read_tokens": "cache_read",
    "cache_write_5m_tokens": "cache_write_5m",
    "cache_write_1h_tokens": "cache_write_1h",
    "output_tokens": "output",
    "reasoning_tokens": "reasoning",
    "web_searches": "searches",
}
OF_DECISION = (
    *("id", "at", "session", "kind", "client", "tenant", "project", "dialect", "requested_model"),
    *("reason", "bundle", "cluster", "cluster_label", "quality", "quality_requested"),
    *("candidates", "fresh_model", "stay_usd", "switch_usd", "evidence", "changes", "route_ms"),
)
OF_OUTCOME = (
    *("status", "stop_reason", "cost_usd", "requested_same_tokens_usd"),
    *("requested_counterfactual_usd", "requested_counterfactual_low_usd"),
    *("requested_counterfactual_high_usd", "ttft_ms", "total_ms"),
    *("attempts_usd", "hedge_usd", "estimated", "routed_usd", "routed_low_usd", "routed_high_usd"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why this action should go to this model.

    `at`: epoch seconds. `quality`: predicted, 0 to 1. `fresh_model`: what would have been picked
    without the pin. `stay_usd`, `switch_usd`: the rest of the session on the pin, on `fresh_model`.
    `evidence`: the facts behind the reason, by name. `error`: the stage that broke, "" when none.
    `trace`: the client's `traceparent`. `embedded`: when embedding began after `at`, and how long
    it took, milliseconds; None when the prompt was known.
    """

    id: str
    at: float
    session: str = ""
    kind: str = ""
    client: str = ""
    tenant: str = ""
    project: str = ""
    dialect: str = ""
    requested_model: str = ""
    model: str = ""
    provider: str = ""
    reason: str = ""
    bundle: str = ""
    cluster: int | None = None
    cluster_label: str = ""
    quality: float | None = None
    quality_requested: float | None = None
    candidates: "tuple[Candidate, ...]" = ()
    fresh_model: str = ""
    stay_usd: Usd = None
    switch_usd: Usd = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    changes: "tuple[Change, ...]" = ()
    route_ms: float = 0.0
    error: str = ""
    trace: str = ""
    embedded: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt. `status`: None when no answer came. `ms`: until its headers or its failure.

    `hedge`: it was sent because the one before was slow.
    `usage`, `cost_usd`: of an attempt that was not given back; None is unknown. A cost without a
    usage is an estimate: of what was cut after it began.
    """

    provider: str
    model: str
    status: int | None = None
    error: str = ""
    ms: float = 0.0
    hedge: bool = False
    usage: "Usage | None" = None
    cost_usd: Usd = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an action.

    `model`, `provider`: who really served it, "" when it is the one that was decided.
    `ttft_ms`, `total_ms`: from the request's arrival to the client's first and last byte.
    `content`: what was asked and said, where it is kept; it has a table of its own.
    `attempts_usd`: part of `cost_usd`, of attempts that were not given back; `hedge_usd`: of these,
    the ones that lost a race. `estimated`: whether a part of it is. `routed_usd`: in shadow, what
    routing would have cost.
    """

    attempts: tuple[Tried, ...] = ()
    status: int | None = None
    stop_reason: str | None = None
    error: str = ""
    model: str = ""
    provider: str = ""
    usage: "Usage | None" = None
    cost_usd: Usd = None
    requested_same_tokens_usd: Usd = None
    requested_counterfactual_usd: Usd = None
    requested_counterfactual_low_usd: Usd = None
    requested_counterfactual_high_usd: Usd = None
    ttft_ms: float | None = None
    total_ms: float | None = None
    stream: bool = False
    content: "Content | None" = None
    attempts_usd: Usd = None
    hedge_usd: Usd = None
    estimated: bool | None = None
    routed_usd: Usd = None
    routed_low_usd: Usd = None
    routed_high_usd: Usd = None


def row(decision: Decision, outcome: Outcome) -> dict[str, Plain]:
    """Exactly the columns of `decisions`."""
    tried = [replace(attempt, error=_text(attempt.error)) for attempt in outcome.attempts]
    errors = filter(None, (decision.error, outcome.error))
    return (
        {name: _plain(getattr(decision, name)) for name in OF_DECISION}
        | {name: _plain(getattr(outcome, name)) for name in OF_OUTCOME}
        | {name: getattr(outcome.usage, kind, None) for name, kind in TOKENS.items()}
        | {
            "model": _text(outcome.model or decision.model),
            "provider": _text(outcome.provider or decision.provider),
            "attempts": _json(tried),
            "tries": len(tried),
            "error": _text("; ".join(errors)),
        }
    )


def as_json(decision: Decision) -> bytes:
    """The decision as one JSON document, for `turnout route` and the API."""
    return _encode(decision)


def _plain(value: Any) -> Plain:
    """What SQLite can hold."""
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Decimal):
        return float(value)
    return _json(value)


def _text(value: str) -> str:
    """Short, and free of the half characters that undecodable headers leave behind."""
    value = value if len(value) <= TEXT_LIMIT else value[: TEXT_LIMIT - 1] + "…"
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _number(value: Any) -> Any:
    """numpy's scalars have `item`; anything else is told in words."""
    return value.item() if hasattr(value, "item") else str(value)


_encode = msgspec.json.Encoder(enc_hook=_number, decimal_format="number").encode


def _json(value: Any) -> str:
    try:
        return _encode(value).decode()
    except (TypeError, ValueError):
        return _encode({"unreadable": _text(repr(value))}).decode()


# Crockford's base 32: no i, l, o, u; its letters sort as their values
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(
    clock: Callable[[], float] = time.time, random: Callable[[int], int] = secrets.randbits
) -> str:
    """14 characters that sort by time: 9 of milliseconds (until the year 3084), 5 of chance.

    `random(bits)` -> an int of so many bits.
    """
    number = (int(max(clock(), 0.0) * 1000) % (1 << 45)) << 25 | random(25)
    return "".join(_DIGITS[number >> shift & 31] for shift in range(65, -1, -5))
