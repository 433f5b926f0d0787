"""One binding against what was asked for: may it, can it, is it at parity, what does it cost.

A model m is at parity with the requested r when  q(m) - q(r) >= -epsilon + z * se(m - r).
Its score is  w_cost * cost(m)/cost(r) + w_latency * latency(m)/latency(r) + w_verbosity * ...;
1 is the requested model's own. A ratio that nobody has measured is 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import hypot, inf
from typing import Protocol

from turnout.route.eligible import Case, checks, failing
from turnout.route.model import Binding
from turnout.route.price import Forecast
from turnout.route.rules import Rules, Weights
from turnout.wire.request import Ask, DialectName


class Estimated(Protocol):
    """route.score.Estimate: `quality` 0 to 1, its standard error, the labels behind it."""

    @property
    def quality(self) -> float: ...
    @property
    def se(self) -> float: ...
    @property
    def evidence(self) -> float: ...


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


class Scored(Protocol):
    """route.score.Scored, as far as a choice needs it."""

    def estimate(self, model: str, /) -> Estimated | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A binding that was considered, and why it lost ("" for the one that was chosen).

    `se`: of the difference to the requested model's quality. `cost_usd`: expected, of this action.
    `score`: less is better, 1 is the requested model's; None when it did not come to that. It
    compares the rest of the session where that can be foreseen.

        denied, not_allowed              the rules
        window, images, ...              it cannot serve this (eligible.WHY_NOT)
        weak_tools                       it is weak at tools, and others are not
        no_estimate, little_evidence     too little is known of it
        no_evidence                      nothing is known of the requested one
        alarm                            it was seen to do worse here than was promised
        below_parity                     it is expected to do worse
        price_unknown, above_requested   it cannot be shown to be cheaper, or is not
        score, tie, pinned               another was better, as good, or already at it
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


# quality, standard error of the difference, evidence; and why it loses, "" at parity
type Parity = tuple[float | None, float | None, float | None, str]


class Field:
    """What all candidates for one request are measured against."""

    def __init__(
        self,
        ask: Ask,
        requested: Binding,
        dialects: Mapping[str, DialectName],
        scored: Scored,
        rules: Rules,
        at: datetime | None,
        outlook: Outlook | None = None,
        alarmed: frozenset[str] = frozenset(),
    ) -> None:
        """`outlook`: costs are compared over the rest of the session, not over this action.

        `alarmed`: models that are not to be routed to here.
        """
        self.ask, self.requested, self.rules = ask, requested, rules
        self._dialects, self._checks, self._cost = dialects, checks(ask), Forecast(ask, at)
        self._case = Case(ask, requested, None, same_dialect=False)  # one for all: it is only read
        self._estimate = scored.estimate
        self._parities: dict[str, Parity] = {}  # many bindings serve the same model
        self.reference = scored.estimate(requested.model.id)
        self._outlook, self._alarmed = outlook, alarmed
        self.shuns_weak = False  # whether what is weak at tools has lost, see plan.py
        self.cost = self._spent(requested, None if outlook else self.dollars(requested))

    @property
    def foresees(self) -> bool:
        """The rest of the session has a price."""
        return self._outlook is not None

    def is_home(self, binding: Binding) -> bool:
        """It is the very thing that was asked for."""
        asked = self.requested
        return binding.id == asked.id and binding.provider == asked.provider

    def is_weak(self, binding: Binding) -> bool:
        """Weak at tools, and not what was asked for."""
        return binding.model.weak_tools and binding.model.id != self.requested.model.id

    def rank(self, one: Standing) -> tuple[float, bool, str, str, str]:
        """Least first. A switch that gains nothing is not worth it; other ties go by name."""
        binding, score = one.binding, inf if one.score is None else one.score
        away = not self.is_home(binding)
        return (score, away, binding.model.id, binding.provider, binding.id)

    def standing(self, binding: Binding, *, warm: bool = False) -> Standing:
        one = Standing(binding)
        one.lost = (
            self.rules.forbids(binding)
            or self._unable(binding)
            or self._inferior(one)
            or self._dearer(one, warm=warm)
        )
        return one

    def dollars(self, binding: Binding, *, warm: bool = False) -> float | None:
        """Expected, of this action."""
        found = self._cost(binding, warm=warm)
        return None if found is None else float(found)

    def _spent(self, binding: Binding, action: float | None) -> float | None:
        """What is compared: the rest of the session if it can be foreseen, else this action."""
        return self._outlook.afresh(binding) if self._outlook else action

    def _unable(self, binding: Binding) -> str:
        """The client's own request may always go where it was sent: its provider answers for it."""
        case = self._case
        case.binding, case.dialect = binding, self._dialects.get(binding.provider)
        case.same_dialect = case.dialect == self.ask.dialect
        if case.same_dialect and self.is_home(binding):
            return ""
        return failing(self._checks, case) or ""

    def parity(self, model: str) -> Parity:
        """Whether it is below parity. The same model elsewhere is as good."""
        found = self._parities.get(model)
        if found is None:
            found = self._parities[model] = self._parity(model)
        return found

    def _parity(self, model: str) -> Parity:
        found, reference = self._estimate(model), self.reference
        same = model == self.requested.model.id
        if found is None:
            return None, None, None, "" if same else "no_estimate"
        quality, evidence = found.quality, found.evidence
        if same:
            return quality, 0.0, evidence, ""
        if model in self._alarmed:
            return quality, None, evidence, "alarm"
        if reference is None:
            return quality, None, evidence, "no_evidence"
        se = hypot(found.se, reference.se)
        if evidence < self.rules.min_evidence:
            return quality, se, evidence, "little_evidence"
        needed = -self.rules.epsilon + self.rules.z * se
        lost = "" if quality - reference.quality >= needed else "below_parity"
        return quality, se, evidence, lost

    def _inferior(self, one: Standing) -> str:
        one.quality, one.se, one.evidence, lost = self.parity(one.binding.model.id)
        return lost

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
        one.score = _score(self.rules.weights, spent, self.cost)
        return ""


def _score(weights: Weights, cost: float, reference: float) -> float:
    """Latency and verbosity are not measured yet."""
    same = cost == reference  # both may be free
    ratio = 1.0 if same else cost / reference if reference else inf
    return weights.cost * ratio + weights.latency + weights.verbosity
