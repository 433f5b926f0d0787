"""Models and bindings small enough to reckon with by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import hypot
from pathlib import Path
from typing import Any

from turnout.route.model import Binding, Host, Model, Price

CATALOG = Path(__file__).parents[2] / "artifacts" / "catalog.json"
CHAT = Host(name="b", dialects=("openai_chat",), documents=("openai_chat",), max_tools=128)


def price(input: str, output: str, **rates: Any) -> Price:
    """Prices as text, so that they are what they look like."""
    known = {n: Decimal(rate) if isinstance(rate, str) else rate for n, rate in rates.items()}
    return Price(input=Decimal(input), output=Decimal(output), **known)


def binding(
    model: str | Model, provider: str = "a", dollars: str | None = "1", **facts: Any
) -> Binding:
    """`dollars`: of a million tokens of input; output costs five times that; None is unknown."""
    made = model if isinstance(model, Model) else Model(id=model, context_window=1_000_000)
    cost = None if dollars is None else price(dollars, str(Decimal(dollars) * 5))
    return Binding(provider, made.id, made, **{"price": cost, **facts})


@dataclass(frozen=True)
class Estimate:
    quality: float
    se: float = 0.0
    evidence: float = 100.0


@dataclass(frozen=True)
class Scored:
    """model -> estimate, or (quality, se). `pairs`: which models err together, and how far apart
    they are then; the errors of others are independent."""

    known: Mapping[str, float | tuple[float, float] | Estimate]
    pairs: Mapping[frozenset[str], float] = field(default_factory=dict)

    def estimate(self, model: str) -> Estimate | None:
        found = self.known.get(model)
        if found is None or isinstance(found, Estimate):
            return found
        return Estimate(*found) if isinstance(found, tuple) else Estimate(found)

    def apart(self, model: str, home: str) -> float | None:
        one, other = self.estimate(model), self.estimate(home)
        if one is None or other is None:
            return None
        return self.pairs.get(frozenset((model, home)), hypot(one.se, other.se))
