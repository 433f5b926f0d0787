"""One binding against what was asked for: may it, can it, is it at parity, what does it cost.

A model m is at parity with the requested r when  q(m) - q(r) >= -epsilon + z * se(m - r).
Its score is  w_cost * cost(m)/cost(r) + w_latency * latency(m)/latency(r) + w_verbosity * ...;
1 is the requested model's own. A ratio that nobody has measured is 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from math import hypot, inf
from typing import Protocol

from turnout.route.eligible import why_not
from turnout.route.model import Binding
from turnout.route.price import expected_cost
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


class Scored(Protocol):
    """route.score.Scored, as far as a choice needs it."""

    def estimate(self, model: str, /) -> Estimated | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A binding that was considered, and why it lost ("" for the one that was chosen).

    `se`: of the difference to the requested model's quality. `cost_usd`: expected, of this action.
    `score`: less is better, 1 is the requested model's; None when it did not come to that.

        denied, not_allowed              the rules
        window, images, ...              it cannot serve this (eligible.WHY_NOT)
        no_estimate, little_evidence     too little is known of it
        no_evidence                      nothing is known of the requested one
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


@dataclass(frozen=True, slots=True)
class Standing:
    binding: Binding
    candidate: Candidate

    @property
    def fits(self) -> bool:
        return not self.candidate.lost


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
    ) -> None:
        self.ask, self.requested, self.rules = ask, requested, rules
        self._dialects, self._at = dialects, at
        self.estimate = cache(scored.estimate)
        self.reference = self.estimate(requested.model.id)
        self.price = self._cost(requested, warm=False)

    def is_home(self, binding: Binding) -> bool:
        """It is the very thing that was asked for."""
        asked = self.requested
        return (binding.provider, binding.id) == (asked.provider, asked.id)

    def rank(self, standing: Standing) -> tuple[float, bool, str, str, str]:
        """Least first. A switch that gains nothing is not worth it; other ties go by name."""
        binding, score = standing.binding, standing.candidate.score
        away = not self.is_home(binding)
        return (
            inf if score is None else score,
            away,
            binding.model.id,
            binding.provider,
            binding.id,
        )

    def standing(self, binding: Binding, *, warm: bool) -> Standing:
        plain = Candidate(provider=binding.provider, model=binding.model.id)
        if lost := self.rules.forbids(binding) or self._unable(binding):
            return Standing(binding, replace(plain, lost=lost))
        judged = self._judged(binding, plain)
        dollars = self._cost(binding, warm=warm)
        priced = replace(judged, cost_usd=dollars)
        if priced.lost:
            return Standing(binding, priced)
        return Standing(binding, self._weighed(binding, priced, dollars))

    def _unable(self, binding: Binding) -> str:
        """The client's own request may always go where it was sent: its provider answers for it."""
        dialect = self._dialects.get(binding.provider)
        same = dialect == self.ask.dialect
        if same and self.is_home(binding):
            return ""
        return why_not(self.ask, binding, same_dialect=same, dialect=dialect) or ""

    def _judged(self, binding: Binding, plain: Candidate) -> Candidate:
        """With its quality, and whether that is at parity. The same model elsewhere is as good."""
        found, reference = self.estimate(binding.model.id), self.reference
        same = binding.model.id == self.requested.model.id
        if found is None:
            return replace(plain, lost="" if same else "no_estimate")
        known = replace(plain, quality=found.quality, evidence=found.evidence)
        if same:
            return replace(known, se=0.0)
        if reference is None:
            return replace(known, lost="no_evidence")
        se = hypot(found.se, reference.se)
        return replace(
            known, se=se, lost=self._inferior(found, found.quality - reference.quality, se)
        )

    def _inferior(self, found: Estimated, difference: float, se: float) -> str:
        if found.evidence < self.rules.min_evidence:
            return "little_evidence"
        at_parity = difference >= -self.rules.epsilon + self.rules.z * se
        return "" if at_parity else "below_parity"

    def _weighed(self, binding: Binding, judged: Candidate, dollars: float | None) -> Candidate:
        if self.is_home(binding) and (dollars is None or self.price is None):
            return replace(judged, score=1.0)
        if dollars is None or self.price is None:
            return replace(judged, lost="price_unknown")
        if self.rules.never_above_requested and dollars > self.price:
            return replace(judged, lost="above_requested")
        return replace(judged, score=_score(self.rules.weights, dollars, self.price))

    def _cost(self, binding: Binding, *, warm: bool) -> float | None:
        dollars = expected_cost(self.ask, binding, warm=warm, at=self._at)
        return None if dollars is None else float(dollars)


def _score(weights: Weights, dollars: float, reference: float) -> float:
    """Latency and verbosity are not measured yet."""
    same = dollars == reference  # both may be free
    ratio = 1.0 if same else dollars / reference if reference else inf
    return weights.cost * ratio + weights.latency + weights.verbosity
