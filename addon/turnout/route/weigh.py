"""One binding against what was asked for: may it, can it, is it at parity, what does it cost.

A model m is at parity with the requested r when  q(m) - q(r) >= -epsilon + z * se(m - r).
Its score is  w_cost * cost(m)/cost(r) + w_latency * latency(m)/latency(r) + w_verbosity * ...;
1 is the requested model's own. A ratio that nobody has measured is 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Protocol

from turnout.route.eligible import Case, checks, failing, shape, too_long
from turnout.route.ground import Ground
from turnout.route.model import Binding
from turnout.route.price import Forecast, Wholes
from turnout.wire.request import Ask, DialectName


class Weighed(Protocol):
    """session.economics.Weighed, as far as a choice needs it."""

    @property
    def switch(self) -> bool: ...
    @property
    def reason(self) -> str: ...
    @property
    def stay_usd(self) -> float | None: ...
    @property
    def switch_usd(self) -> float | None: ...


class Outlook(Protocol):
    """session.outlook.Outlook: the rest of the session in dollars, and whether to switch."""

    def weigh(self, pinned: Binding, fresh: Binding, /) -> Weighed: ...
    def afresh(self, binding: Binding, /) -> float | None: ...
    def share(self, binding: Binding, /) -> float: ...
    def against(self, one: Binding, other: Binding, /) -> tuple[float, float]: ...
    def afresh_each(self, bindings: tuple[Binding, ...], /) -> Sequence[float | None]: ...


@dataclass(slots=True, kw_only=True)
class Candidate:
    """A binding that was considered, and why it lost ("" for the one that was chosen).

    `se`: of the difference to the requested model's quality. `cost_usd`: expected, of this action.
    `score`: less is better, 1 is the requested model's; None when it did not come to that. It
    compares the rest of the session where that can be foreseen. Nobody changes one; it is
    not frozen because forty are made for every action, and that would take four times as long.

        denied, not_allowed              the rules
        window, images, ...              it cannot serve this (eligible.WHY_NOT)
        weak_tools                       it is weak at tools, and others are not
        no_estimate, little_evidence     too little is known of it
        no_evidence                      nothing is known of the requested one
        alarm                            it was seen to do worse here than was promised
        below_parity                     it is expected to do worse
        price_unknown, above_requested   it cannot be shown to be cheaper, or is not
        score, tie, pinned               another was better, as good, or already at it
        subscription                     what was asked for is paid already
    """

    provider: str
    model: str
    quality: float | None = None
    se: float | None = None
    evidence: float | None = None
    cost_usd: float | None = None
    score: float | None = None
    lost: str = ""


@dataclass(slots=True, eq=False)
class Standing:
    """A candidate while it is weighed; only those that are told of become a Candidate."""

    binding: Binding
    quality: float | None = None
    se: float | None = None
    evidence: float | None = None
    cost: float | None = None
    score: float | None = None
    lost: str = ""

    def candidate(self, lost: str = "") -> Candidate:
        return Candidate(
            provider=self.binding.provider,
            model=self.binding.model.id,
            quality=self.quality,
            se=self.se,
            evidence=self.evidence,
            cost_usd=self.cost,
            score=self.score,
            lost=self.lost or lost,
        )


class Field:
    """What all candidates for one request are measured against."""

    def __init__(
        self,
        ask: Ask,
        ground: Ground,
        dialects: Mapping[str, DialectName],
        at: datetime | None,
        outlook: Outlook | None = None,
        wholes: Wholes | None = None,
    ) -> None:
        """`outlook`: costs are compared over the rest of the session, not over this action."""
        self.ground, self.requested, self.rules = ground, ground.requested, ground.rules
        self.ask, self._dialects, self._checks = ask, dialects, checks(ask)
        self._cost, self._unable = Forecast(ask, at, wholes), ground.unable(shape(ask, dialects))
        # one for all: it is only read
        self._case = Case(ask, ground.requested, None, same_dialect=False)
        self.reference, self.is_home = ground.reference, ground.is_home
        self._outlook, self._foreseen = outlook, _foreseen(outlook, ground.near)
        self.shuns_weak = False  # whether what is weak at tools has lost, see plan.py
        self.cost = self._spent(self.requested, None if outlook else self.dollars(self.requested))

    @property
    def foresees(self) -> bool:
        """The rest of the session has a price."""
        return self._outlook is not None

    def is_weak(self, binding: Binding) -> bool:
        """Weak at tools, and not what was asked for."""
        return binding.model.weak_tools and binding.model.id != self.requested.model.id

    def rank(self, one: Standing) -> tuple[float, bool, str, str, str]:
        """Least first. A switch that gains nothing is not worth it; other ties go by name."""
        binding, score = one.binding, inf if one.score is None else one.score
        away = not self.is_home(binding)
        return (score, away, binding.model.id, binding.provider, binding.id)

    def standing(self, binding: Binding, *, warm: bool = False) -> Standing:
        """`warm`: the session is on it."""
        one = Standing(binding)
        one.lost = (
            self.rules.forbids(binding)
            or self._cannot(binding)
            or self._inferior(one, held=warm)
            or self._dearer(one, warm=warm)
        )
        return one

    def dollars(self, binding: Binding, *, warm: bool = False) -> float | None:
        """Expected, of this action; with what a subscription takes off."""
        warmed = self._cost(binding, warm=True) if warm else self._cost.cold(binding)
        if warmed is None or self._outlook is None:
            return None if warmed is None else float(warmed)
        return float(warmed) * self._outlook.share(binding)

    def _spent(self, binding: Binding, action: float | None) -> float | None:
        """What is compared: the rest of the session if it can be foreseen, else this action."""
        if self._outlook is None:
            return action
        if id(binding) in self._foreseen:
            return self._foreseen[id(binding)]
        return self._outlook.afresh(binding)

    def _cannot(self, binding: Binding) -> str:
        """The client's own request may always go where it was sent: its provider answers for it."""
        case = self._case
        case.binding, case.dialect = binding, self._dialects.get(binding.provider)
        case.same_dialect = case.dialect == self.ask.dialect
        if case.same_dialect and self.is_home(binding):
            return ""
        if too_long(case):
            return "window"
        if id(binding) not in self._unable:
            self._unable[id(binding)] = failing(self._checks, case)
        return self._unable[id(binding)] or ""

    def _inferior(self, one: Standing, *, held: bool) -> str:
        """To come to a model takes certainty; to leave it, an estimate below parity.

        The class of a session's next prompt is a guess: what is less sure in it is no reason to
        lose a warm cache.
        """
        one.quality, one.se, one.evidence, lost = self.ground.parity(one.binding.model.id)
        return "" if held and lost == "below_parity" and self.ground.even(one.quality) else lost

    def _dearer(self, one: Standing, *, warm: bool) -> str:
        """Whether it cannot be shown to cost no more; gives it its score."""
        if self._outlook is None or warm:
            one.cost = self.dollars(one.binding, warm=warm)
        spent = self._spent(one.binding, one.cost)
        if spent is None or self.cost is None:
            one.score = 1.0 if self.is_home(one.binding) else None
            return "" if one.score else "price_unknown"
        if self.rules.never_above_requested and spent > self.cost:
            return "above_requested"
        one.score = self._score(one.binding, spent, self.cost)
        return ""

    def _score(self, binding: Binding, cost: float, reference: float) -> float:
        weights, same = self.rules.weights, cost == reference  # both may be free
        ratio = 1.0 if same else cost / reference if reference else inf
        slower, wordier = (
            self._outlook.against(binding, self.requested) if self._outlook else (1.0, 1.0)
        )
        return weights.cost * ratio + weights.latency * slower + weights.verbosity * wordier


def _foreseen(outlook: Outlook | None, bindings: tuple[Binding, ...]) -> dict[int, float | None]:
    """By the id of a binding."""
    if outlook is None:
        return {}
    return dict(zip(map(id, bindings), outlook.afresh_each(bindings), strict=True))
