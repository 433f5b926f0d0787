"""What can be routed to: every model at every provider, with its price, facts and standing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from turnout.bundles import standing as standing_of
from turnout.bundles.standing import Standing, standings
from turnout.config import Config
from turnout.options import Options
from turnout.route.bundle import Bundle
from turnout.route.catalog import Binding
from turnout.route.rules import Rules

FACTS = ("images", "documents", "tools", "structured", "thinks")


@dataclass(frozen=True, slots=True)
class Line:
    """A model at a provider. Prices in USD per million tokens. `key`: present, missing, or
    "client": its own clients bring theirs. `evidence`: most labels in any cluster; None: unknown to
    the bundle. `wins`: share of clusters; `why`: the reason when none."""

    provider: str
    id: str
    model: str
    key: str
    variable: str
    input: float | None
    output: float | None
    window: int | None
    max_output: int | None
    capabilities: tuple[str, ...]
    evidence: float | None
    wins: float
    why: str
    by: str


def offers(
    config: Config, options: Options, bundle: Bundle, rules: Rules
) -> tuple[list[Line], str]:
    """In the catalogue's order, and one sentence about all of them."""
    bindings = options.catalog.bindings
    found = standings(bindings, options.names, bundle, rules)
    by_model = {one.model: one for one in found}
    lines = [_line(one, config, options.names, bundle, by_model) for one in bindings]
    return lines, standing_of.line(found)


def _line(
    binding: Binding,
    config: Config,
    keyed: Sequence[str],
    bundle: Bundle,
    standing: Mapping[str, Standing],
) -> Line:
    provider = config.providers.get(binding.provider)
    model, price, own = binding.model, binding.price, standing[binding.model.id]
    column = bundle.models.get(model.id)
    here = binding.provider in keyed
    return Line(
        provider=binding.provider,
        id=binding.id,
        model=model.id,
        key="present" if here else "missing",
        variable=provider.env[0] if provider and provider.env else "",
        input=_float(price.input if price else None),
        output=_float(price.output if price else None),
        window=model.context_window,
        max_output=model.max_output,
        capabilities=tuple(name for name in FACTS if getattr(model, name)),
        evidence=None if column is None else round(float(bundle.evidence[:, column].max()), 1),
        wins=round(own.wins, 3) if here else 0.0,
        why=own.why if here else "no_key",
        by=own.by if here else "",
    )


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
