"""Stay or switch, in dollars over the steps a session is expected to have left. Pure arithmetic.

    cost(m, warm) = T*read(m) + d*write(m) + o*out(m)
    cost(m, cold) = (T+d)*write(m) + o*out(m)
    stay   = cost(pin, warm or cold) + (H-1)*cost(pin, warm)
    switch = cost(new, cold)         + (H-1)*cost(new, warm) + handover losses
    switch if stay - switch > margin

T prefix, d new tokens, o output, H steps left with this one. Each model's tokens are T, d, o times
its tokeniser's ratio; o also times its verbosity. Where T is known to grow by some tokens a step,
the later steps read them too: the sum over j < H of T + j*growth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turnout.errors import ConfigError

type Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """USD per token. Where nothing can be cached all input costs the same."""

    read: float
    write: float
    output: float


@dataclass(frozen=True, slots=True)
class Tariffs:
    """Of many bindings: columns of what Tariff and Side have for one."""

    read: Column
    write: Column
    output: Column
    ratio: Column

    def trusted(self, faith: Column) -> "Tariffs":
        """`faith`: share of a warm prefix that is really read; the rest is written again."""
        read = faith * self.read + (1 - faith) * self.write
        return Tariffs(read, self.write, self.output, self.ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One binding. `tariff`: None when a price is unknown. `cached`: its own tokens in its cache.

    `ratio`: its tokens for one of `Traffic`. `verbosity`: its output against the other's, for the
    same work. `factor`: share of the list price that is really paid, as under a subscription.
    """

    tariff: Tariff | None
    cached: float = 0.0
    ratio: float = 1.0
    verbosity: float = 1.0
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What a session sends, in tokens of a tokeniser whose ratio is 1.

    `prefix`: of the history that was sent before (T). `new`: since then (d). `each`: new in each
    later step. `output`: of a step (o). `steps`: expected, this one included (H, at least 1).
    `growth`: by how much the prefix grows with each step.
    """

    prefix: float
    new: float
    each: float
    output: float
    steps: float = 1.0
    growth: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """A switch must save more than `margin_usd` and more than `margin_share` of staying.

    Start values of the design's section on switching.
    """

    margin_usd: float = 0.002
    margin_share: float = 0.02

    def __post_init__(self) -> None:
        if not (0 <= self.margin_usd < 1e6 and 0 <= self.margin_share <= 1):
            raise ConfigError("the margin of a switch is not from 0 up")

    def margin(self, stay: float) -> float:
        return max(self.margin_usd, self.margin_share * stay)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """USD of one side: of this step, and of the later ones; what for, over all of them."""

    now: float
    later: float
    reads: float
    writes: float
    output: float
    handover: float = 0.0

    @property
    def total(self) -> float:
        return self.now + self.later


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The verdict and its terms; a sum is None when a price in it is unknown.

    `reason`: same_model, pricing_missing, ev_negative (all of them stay), ev_positive, cold_cache.
    """

    switch: bool
    reason: str
    steps: float
    stay: Sum | None = None
    other: Sum | None = None
    margin_usd: float = 0.0

    @property
    def stay_usd(self) -> float | None:
        return self.stay.total if self.stay else None

    @property
    def switch_usd(self) -> float | None:
        return self.other.total if self.other else None


def total(side: Side, traffic: Traffic, *, handover: float = 0.0) -> Sum | None:
    """The rest of the session on one side. `handover`: USD lost by coming to it."""
    tariff = side.tariff
    if tariff is None:
        return None
    share, later = side.factor, max(traffic.steps - 1, 0.0)
    prefix, new = traffic.prefix * side.ratio, traffic.new * side.ratio
    said = traffic.output * side.ratio * side.verbosity * tariff.output * share
    read = min(side.cached, prefix)
    reads_now = read * tariff.read * share
    writes_now = (prefix + new - read) * tariff.write * share
    grown = later * prefix + traffic.growth * side.ratio * later * (later + 1) / 2
    reads = grown * tariff.read * share
    writes = later * traffic.each * side.ratio * tariff.write * share
    return Sum(
        now=reads_now + writes_now + said + handover,
        later=reads + writes + later * said,
        reads=reads_now + reads,
        writes=writes_now + writes,
        output=said * (1 + later),
        handover=handover,
    )


def afresh(
    sides: Tariffs,
    traffic: Traffic,
    *,
    verbosity: Column | float = 1.0,
    factor: Column | float = 1.0,
) -> Column:
    """`total` of many bindings with nothing in their caches, to the last bit."""
    later, ratio = max(traffic.steps - 1, 0.0), sides.ratio
    prefix, new = traffic.prefix * ratio, traffic.new * ratio
    said = traffic.output * ratio * verbosity * sides.output * factor
    grown = later * prefix + traffic.growth * ratio * later * (later + 1) / 2
    reads = grown * sides.read * factor
    writes = later * traffic.each * ratio * sides.write * factor
    now = (prefix + new) * sides.write * factor + said
    return now + (reads + writes + later * said)


def handover(new: Side, traffic: Traffic, *, thoughts: bool) -> float:
    """USD. `thoughts`: signed thinking is lost, and is thought again once (a guess)."""
    if not thoughts or new.tariff is None:
        return 0.0
    spent = traffic.output * new.ratio * new.verbosity
    return spent * new.tariff.output * new.factor


def weigh(
    pinned: Side, fresh: Side, traffic: Traffic, knobs: Knobs, *, thoughts: bool = False
) -> Weighed:
    """Two different bindings. Equal to the margin stays."""
    stay = total(pinned, traffic)
    other = total(fresh, traffic, handover=handover(fresh, traffic, thoughts=thoughts))
    if stay is None or other is None:
        return Weighed(
            switch=False, reason="pricing_missing", steps=traffic.steps, stay=stay, other=other
        )
    margin = knobs.margin(stay.total)
    switch = stay.total - other.total > margin
    cold = pinned.cached <= 0
    return Weighed(
        switch=switch,
        reason=_reason(switch=switch, cold=cold),
        steps=traffic.steps,
        stay=stay,
        other=other,
        margin_usd=margin,
    )


def _reason(*, switch: bool, cold: bool) -> str:
    if not switch:
        return "ev_negative"
    return "cold_cache" if cold else "ev_positive"


def unchanged(pinned: Side, traffic: Traffic) -> Weighed:
    """The fresh choice is the pinned binding: both sums are the same."""
    stay = total(pinned, traffic)
    return Weighed(switch=False, reason="same_model", steps=traffic.steps, stay=stay, other=stay)
