"""The user's own models: what the configuration says, and what the catalogue knows besides."""

from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, get_args

from turnout.errors import ConfigError
from turnout.route.model import Binding, Host, Model, Price, Rates
from turnout.wire.request import DialectName

FACTS = ("context_window", "max_output", "images", "documents", "tools", "structured")
RATES = tuple(rate.name for rate in fields(Rates))


def binding(host: Host, model: object, known: Mapping[str, Model]) -> Binding:
    """A catalogue id inherits that model's facts but no price: another host's is not this one's."""
    said = _said(model)
    base = known.get(said["id"]) or Model(
        id=said["id"], vendor=host.name, home=host.name, tier="local"
    )
    facts = {name: said[name] for name in FACTS if name in said}
    if said.get("documents"):  # their word, in whatever dialect it speaks
        host = replace(host, documents=get_args(DialectName))
    return Binding(host.name, said["id"], replace(base, **facts), _price(host.name, said), host)


def _said(model: object) -> dict[str, Any]:
    if isinstance(model, Mapping):
        found = dict(model)
    else:
        found = {name: getattr(model, name, None) for name in ("id", *RATES, *FACTS)}
    return {name: value for name, value in found.items() if value is not None}


def _price(provider: str, said: Mapping[str, Any]) -> Price | None:
    """Where input is free so is the cache; else what is not said is unknown."""
    rates: dict[str, Any] = {name: Decimal(str(said[name])) for name in RATES if name in said}
    if not rates:
        return None
    if not {"input", "output"} <= rates.keys():
        raise ConfigError(
            f"providers.{provider}: {said['id']} has half a price; say input and output"
        )
    caches = dict.fromkeys(RATES[2:], Decimal(0)) if rates["input"] == 0 else {}
    return Price(**(caches | rates))
