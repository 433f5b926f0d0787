"""What another binding would have cost for the same action, had the session been on it. Pure.

    tokens   the served model's count, times the ratio of the two tokenisers
    output   the same, times how wordy the other model is
    cache    a shadow of its prefix cache: what it would have been sent before, and when

The bounds are meant to hold the truth of a session's sum nine times in ten. An error of a pair of
models is the same in all its actions, so bounds of actions are added up, too.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from math import exp, hypot

from turnout.route.model import Binding
from turnout.route.price import cost
from turnout.session.cache_state import LEAST, Cached
from turnout.session.place import Place
from turnout.wire.events import Usage

Z = 1.96  # standard errors that a bound is away; start value, checked by scripts/simulate_money
RATIO_SD = 0.10  # of the logarithm of a ratio of two tokenisers: it depends on the text; guess
# of the logarithm of how wordy one model is against another: 1.06 among 105 pairs of 16 models that
# did the same tasks as agents (aoc_agent in the shared labels), and a little for the session
WORDY_SD = 1.1
HIT = 0.95  # share of what an automatic cache should give back that it does; guess
HIT_LOW = 0.60  # the worst of it, over a session; guess
EDGE_S = 20.0  # seconds by which the end of a cache's life is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Wordy:
    """Output of the other model for one token of the served one's, of the same work.

    `log`: natural logarithm; `sd`: its standard error.
    """

    log: float = 0.0
    sd: float = WORDY_SD


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """USD. `usage`: the likeliest, in the other model's own tokens."""

    usd: Decimal
    low: Decimal
    high: Decimal
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """What the other binding would have been sent so far. Tokens are its own.

    `cached`: its cache as it would be; None before its first action. `same`: it really served all
    of it. `cold`: it comes to a history that went on elsewhere. `foreign`: the part of the history
    that other models wrote.
    """

    cached: Cached | None = None
    same: bool = True
    cold: bool = False
    foreign: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One that was served. `at`: when it was asked, `ended`: answered; epoch seconds."""

    usage: Usage
    served: Binding
    place: Place
    at: float
    ended: float

    @property
    def input(self) -> int:
        u = self.usage
        return u.fresh_input + u.cache_read + u.cache_write_5m + u.cache_write_1h


def guess(action: Action, other: Binding, shadow: Shadow, wordy: Wordy) -> Guess | None:
    """None when a price is unknown."""
    if same(action.served, other) and shadow.same:
        return _exact(action, other)
    tokens = _Tokens.of(action, other, shadow, wordy)
    held = _held(action, other, shadow)
    when = datetime.fromtimestamp(action.at, UTC)
    usages = [tokens.usage(held=kept, place=action.place, other=other) for kept in held]
    bills = [cost(other.price, replace(usage, output=0), at=when) for usage in usages]
    whole = cost(other.price, usages[0], at=when)
    if whole is None or None in bills:
        return None
    usd = float(whole)
    down, up = _spread(usd, [float(bill or 0) for bill in bills], tokens)
    return Guess(
        usd=_usd(usd), low=_usd(max(usd - down, 0.0)), high=_usd(usd + up), usage=usages[0]
    )


def _spread(usd: float, inputs: list[float], tokens: "_Tokens") -> tuple[float, float]:
    """How far below and above. `inputs`: USD of the input, with the likeliest, most, least cache.

    What is said is paid for twice: as output, and in the history that every later step sends.
    """
    likely, warm, cold = inputs
    said = usd - likely + likely * tokens.said
    below = (said * _less(tokens.wordy_sd), usd * _less(tokens.ratio_sd), likely - warm)
    above = (said * _more(tokens.wordy_sd), usd * _more(tokens.ratio_sd), cold - likely)
    return hypot(*below), hypot(*above)


def _less(sd: float) -> float:
    return 1 - exp(-Z * sd)


def _more(sd: float) -> float:
    return exp(Z * sd) - 1


def same(one: Binding, other: Binding) -> bool:
    return (one.provider, one.model.id) == (other.provider, other.model.id)


def after(action: Action, other: Binding, shadow: Shadow, found: Guess | None) -> Shadow:
    """What is known when the action is over. `found`: as it was guessed."""
    usage = found.usage if found else action.usage
    seen = Cached.seen(
        (other.provider, other.model.id),
        action.place.prefix,
        usage,
        asked_at=action.at,
        at=action.ended,
        ttl=action.place.marks(other),
        marked=other.model.cache == "explicit",
    )
    before = shadow.cached
    grown = before is not None and action.place.prefix.extends(before.prefix)
    here = same(action.served, other)
    merged = before.merged(seen) if before and before.same(seen) else seen
    return Shadow(
        cached=merged,
        same=shadow.same and here,
        foreign=(shadow.foreign if grown else 0.0) + (0 if here else usage.output),
    )


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Of the other model. `said`: share of the input that models wrote, where the other one would
    have written it. The standard deviations are of logarithms.
    """

    input: float
    output: float
    said: float
    ratio_sd: float
    wordy_sd: float

    @classmethod
    def of(cls, action: Action, other: Binding, shadow: Shadow, wordy: Wordy) -> "_Tokens":
        mine, theirs = action.served.model, other.model
        ratio, ratio_sd = theirs.token_ratio / mine.token_ratio, RATIO_SD
        if mine.id == theirs.id or (mine.tokeniser and mine.tokeniser == theirs.tokeniser):
            ratio, ratio_sd = 1.0, 0.0
        whole = action.input * ratio
        words = 1.0 if mine.id == theirs.id else exp(wordy.log)
        return cls(
            input=whole,
            output=action.usage.output * ratio * words,
            said=min(shadow.foreign / whole, 1.0) if whole else 0.0,
            ratio_sd=ratio_sd,
            wordy_sd=wordy.sd,
        )

    def usage(self, *, held: float, place: Place, other: Binding) -> Usage:
        whole, output = round(self.input), round(self.output)
        read = min(round(held), whole)
        rest = whole - read
        marks = place.marks(other)
        if marks is None or whole < LEAST:
            return Usage(fresh_input=rest, cache_read=read, output=output)
        if marks == "1h":
            return Usage(cache_read=read, cache_write_1h=rest, output=output)
        return Usage(cache_read=read, cache_write_5m=rest, output=output)


def _held(action: Action, other: Binding, shadow: Shadow) -> tuple[float, float, float]:
    """Tokens that it would have read: likeliest, most, least."""
    if not action.place.keeps(other) or (shadow.cached is None and shadow.cold):
        return 0.0, 0.0, 0.0
    if shadow.cached is None:
        return _unseen(action, other)
    prefix, at = action.place.prefix, action.at
    likely, most, least = (shadow.cached.holds(prefix, at + off) for off in (0.0, -EDGE_S, EDGE_S))
    if other.model.cache == "explicit":
        return likely, most, least
    return likely * HIT, most, least * HIT_LOW


def _unseen(action: Action, other: Binding) -> tuple[float, float, float]:
    """Its first action that we know of: as warm as the one that served it, or else cold."""
    share = action.usage.cache_read / action.input if action.input else 0.0
    read = share * action.input * other.model.token_ratio / action.served.model.token_ratio
    return read, read, 0.0


def _exact(action: Action, other: Binding) -> Guess | None:
    usd = cost(other.price, action.usage, at=datetime.fromtimestamp(action.at, UTC))
    return None if usd is None else Guess(usd=usd, low=usd, high=usd, usage=action.usage)


def _usd(value: float) -> Decimal:
    return Decimal(repr(round(value, 12)))
