"""What stays the same from step to step of a session, so that only the rest is weighed anew.

Ground    who is at parity with what was asked for, who is not, what a shape of request rules out
Grounds   the latest of them; each is known by the very objects that it stands on
"""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import Protocol

from turnout.route.eligible import Shape
from turnout.route.model import Binding
from turnout.route.rules import Rules
from turnout.route.score import ANYTHING

MOST = 128  # grounds: running sessions, times the models that they ask for
SHAPES = 32  # of requests on one ground


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
    def apart(self, model: str, home: str, /) -> float | None: ...


# quality, standard error of the difference, evidence; and why it loses, "" at parity
type Parity = tuple[float | None, float | None, float | None, str]


class Ground:
    """`near`: bindings whose models are at parity. `far`: the others, best first."""

    def __init__(
        self,
        requested: Binding,
        options: Sequence[Binding],
        scored: Scored,
        rules: Rules,
        alarmed: frozenset[str] = frozenset(),
    ) -> None:
        self.requested, self.rules, self.alarmed = requested, rules, alarmed
        self.scored, self.options = scored, options
        self.reference = scored.estimate(requested.model.id)
        self._parities: dict[str, Parity] = {}  # many bindings serve the same model
        self._unable: dict[Shape, dict[int, str | None]] = {}
        may = [one for one in options if one.routable or self.is_home(one)]
        self.may = tuple(may)
        self.near = tuple(one for one in may if not self.parity(one.model.id)[3])
        self.far = tuple(
            sorted((one for one in may if self.parity(one.model.id)[3]), key=self._worth)
        )
        self._named: dict[tuple[str, str], Binding] = {}
        for one in may:
            for name in (one.model.id, one.id):
                self._named.setdefault((one.provider, name), one)

    def is_home(self, binding: Binding) -> bool:
        """It is the very thing that was asked for."""
        asked = self.requested
        return binding.id == asked.id and binding.provider == asked.provider

    def named(self, pinned: tuple[str, str]) -> Binding | None:
        """The binding that a pin speaks of, if it is an option."""
        return self._named.get(pinned)

    def unable(self, shape: Shape) -> dict[int, str | None]:
        """By the id of a binding: why it cannot serve such requests, as far as that was asked."""
        found = self._unable.get(shape)
        if found is None:
            if len(self._unable) >= SHAPES:
                self._unable.clear()
            found = self._unable[shape] = {}
        return found

    def parity(self, model: str) -> Parity:
        """Whether it is below parity. The same model elsewhere is as good."""
        found = self._parities.get(model)
        if found is None:
            found = self._parities[model] = self._parity(model)
        return found

    def even(self, quality: float | None) -> bool:
        """At parity by the estimates alone, however unsure they are.

        Of a text that could not be read they say nothing, for a model or against it.
        """
        if quality is None or self.reference is None:
            return False
        if self.reference.se >= ANYTHING:
            return True
        return quality - self.reference.quality >= -self.rules.epsilon

    def _parity(self, model: str) -> Parity:
        found, reference = self.scored.estimate(model), self.reference
        same = model == self.requested.model.id
        if found is None:
            return None, None, None, "" if same else "no_estimate"
        quality, evidence = found.quality, found.evidence
        if same:
            return quality, 0.0, evidence, ""
        if model in self.alarmed:
            return quality, None, evidence, "alarm"
        se = self.scored.apart(model, self.requested.model.id)
        if reference is None or se is None:
            return quality, None, evidence, "no_evidence"
        if evidence < self.rules.min_evidence:
            return quality, se, evidence, "little_evidence"
        needed = -self.rules.epsilon + self.rules.z * se
        lost = "" if quality - reference.quality >= needed else "below_parity"
        return quality, se, evidence, lost

    def _worth(self, one: Binding) -> tuple[float, str, str]:
        quality = self.parity(one.model.id)[0]
        return (1.0 if quality is None else -quality, one.model.id, one.provider)


class Grounds:
    """One per planner. What it stands on is held, so that an id stays that object's."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, Ground] = OrderedDict()

    def of(
        self,
        requested: Binding,
        options: Sequence[Binding],
        scored: Scored,
        rules: Rules,
        alarmed: frozenset[str],
    ) -> Ground:
        key = (id(requested), id(options), id(scored), id(rules), alarmed)
        found = self._known.get(key)
        if found is None:
            found = Ground(requested, options, scored, rules, alarmed)
        self._known[key] = found
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        return found

    def __len__(self) -> int:
        return len(self._known)
