"""What may be chosen, and what a choice weighs. A knob out of its range is refused at start."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import isclose, isfinite

from turnout.errors import ConfigError
from turnout.route.model import Binding

# facts that `allow` and `deny` may speak of, as in "vendor:deepseek"
FACTS: Mapping[str, Callable[[Binding], str]] = {
    "vendor": lambda binding: binding.model.vendor,
    "region": lambda binding: binding.host.region,
    "retention": lambda binding: binding.host.retention,
}
# of which nothing is not good enough for a rule that forbids something
GUARDED = frozenset({"region", "retention"})

_FACT = re.compile(r"(\w+):(.+)")
_FORCED = re.compile(r"[^/\s]+/\S+")


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares of cost, latency and verbosity in the score, each against the requested model's."""

    cost: float = 0.8
    latency: float = 0.1
    verbosity: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The policy of one choice.

    `epsilon`: quality, 0 to 1, that may be given up. `z`: standard errors of the difference by
    which a model must be better than that. `min_evidence`: labels a prediction must rest on; at 0
    its standard error alone decides. `allow`, `deny`: globs of provider/model, or facts. `allows`:
    further lists, of a project or a tenant, each of which must allow as well.
    """

    profile: str = "parity"
    epsilon: float = 0.02
    z: float = 1.0
    weights: Weights = Weights()
    never_above_requested: bool = True
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    allows: tuple[tuple[str, ...], ...] = ()
    force: str = ""
    min_evidence: float = 0.0
    _verdicts: dict[tuple[str, str, str], str] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # globs are slow, and rules outlive a request

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("epsilon", self.epsilon, 0.0, 1.0),
            ("z", self.z, 0.0, 10.0),
            ("min_evidence", self.min_evidence, 0.0, 1e9),
            ("weights.cost", self.weights.cost, 0.0, 1.0),
            ("weights.latency", self.weights.latency, 0.0, 1.0),
            ("weights.verbosity", self.weights.verbosity, 0.0, 1.0),
        ):
            if not (isfinite(value) and low <= value <= high):
                raise ConfigError(f"policy.{name}: {value} is not from {low:g} to {high:g}")
        _check_weights(self.weights)
        for key, patterns in (
            ("deny", self.deny),
            *(("allow", one) for one in (self.allow, *self.allows)),
        ):
            for pattern in patterns:
                _check_pattern(key, pattern)
        if self.force and not _FORCED.fullmatch(self.force):
            raise ConfigError(f"policy.force: {self.force!r} is not provider/model")

    def forbids(self, binding: Binding) -> str:
        """The reason, "" when it may be used. `deny` wins over `allow`."""
        if not (self.deny or self.allow or self.allows):
            return ""
        key = (binding.provider, binding.id, binding.model.id)
        if key not in self._verdicts:
            self._verdicts[key] = self._forbids(binding)
        return self._verdicts[key]

    def _forbids(self, binding: Binding) -> str:
        if any(_matches(pattern, binding) or _unsaid(pattern, binding) for pattern in self.deny):
            return "denied"
        for allow in filter(None, (self.allow, *self.allows)):
            if not any(_matches(pattern, binding) for pattern in allow):
                return "not_allowed"
        return ""

    def forces(self, binding: Binding) -> bool:
        provider, _, name = self.force.partition("/")
        return binding.provider == provider and name in (*binding.names, binding.model.id)


def _check_weights(weights: Weights) -> None:
    total = weights.cost + weights.latency + weights.verbosity
    if not isclose(total, 1.0, abs_tol=1e-9):
        raise ConfigError(f"policy.weights: they add up to {total:g}, not 1")


def _check_pattern(key: str, pattern: str) -> None:
    if "/" in pattern:
        return
    fact = _FACT.fullmatch(pattern)
    if not fact:
        raise ConfigError(f'policy.{key}: {pattern!r} is no glob like "deepseek/*", nor a fact')
    if fact[1] not in FACTS:
        raise ConfigError(
            f"policy.{key}: the catalogue knows no {fact[1]!r} of {pattern!r};"
            f' it knows {", ".join(sorted(FACTS))}, and globs like "deepseek/*" always work'
        )


def _unsaid(pattern: str, binding: Binding) -> bool:
    word, _, _ = pattern.partition(":")
    return word in GUARDED and "/" not in pattern and not FACTS[word](binding)


def _matches(pattern: str, binding: Binding) -> bool:
    if "/" in pattern:
        names = (binding.id, binding.model.id)
        return any(fnmatchcase(f"{binding.provider}/{name}", pattern) for name in names)
    word, _, value = pattern.partition(":")
    return fnmatchcase(FACTS[word](binding), value)
