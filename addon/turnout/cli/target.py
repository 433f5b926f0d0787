"""--model: the facts about the model that shall read a translated request."""

from dataclasses import replace

import click

from turnout import config, paths
from turnout.route.catalog import Binding, Catalog, target
from turnout.wire.request import DialectName, Effort, Target

EFFORTS: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
# a model that nobody named can do whatever its dialect has words for
ABLE = Target(
    model="", documents=True, stop=16, top_k=True, cache_key=True, reasoning="effort",
    efforts=EFFORTS,
)  # fmt: skip
PERMISSIVE: dict[DialectName, Target] = {"anthropic": replace(ABLE, reasoning="adaptive")}


def anyone(dialect: DialectName, model: str) -> Target:
    return replace(PERMISSIVE.get(dialect, ABLE), model=model)


def named(dialect: DialectName, wanted: str) -> Target:
    """`wanted`: PROVIDER/MODEL, or a model's id at whoever serves it in this dialect."""
    settings = config.load()
    catalog = Catalog.load(paths.artifacts_dir() / "catalog.json")
    for provider in settings.providers.values():
        if provider.models:
            catalog = catalog.with_local(provider.name, provider.models)
    found = _exactly(catalog, wanted) or _anywhere(catalog, wanted)
    if not found:
        near = ", ".join(catalog.suggest(wanted.rpartition("/")[2]))
        hint = f"; did you mean {near}?" if near else ""
        raise click.UsageError(f"no model {wanted!r} in the catalogue{hint}")
    for binding in found:
        if dialect in _spoken(binding, settings):
            return target(binding, dialect)
    spoken = sorted({name for binding in found for name in _spoken(binding, settings)})
    raise click.UsageError(f"{wanted} is not served in {dialect}, but in {', '.join(spoken)}")


def _spoken(binding: Binding, settings: config.Config) -> tuple[DialectName, ...]:
    """The catalogue's word, or the configuration's for a provider that it does not know."""
    ours = settings.providers.get(binding.provider)
    return binding.host.dialects or ((ours.dialect,) if ours else ())


def _exactly(catalog: Catalog, wanted: str) -> list[Binding]:
    provider, _, name = wanted.partition("/")
    found = catalog.find(provider, name)
    return [found] if found else []


def _anywhere(catalog: Catalog, wanted: str) -> list[Binding]:
    """Every binding of this name, that of the model's own vendor first."""
    found = [
        binding
        for binding in catalog.bindings
        if wanted == binding.model.id or catalog.find(binding.provider, wanted) is binding
    ]
    return sorted(found, key=lambda binding: binding.provider != binding.model.home)
