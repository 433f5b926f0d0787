"""`turnout prices`: every rate that is known of a model, where, and as of which day."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import click

from turnout import figures
from turnout.cli import page
from turnout.config import artifacts_dir

RATES = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@click.command()
@click.argument("model", required=False, default="")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def prices(model: str, as_json: bool) -> None:
    """What each provider takes, in USD per million tokens; a line for each tier and time of day.

    MODEL is a catalogue id, a name at a provider, or provider/name. All models without it.
    """
    from turnout import config as configuration
    from turnout.route.catalog import Catalog

    catalog = Catalog.load(artifacts_dir() / "catalog.json")
    for provider in configuration.load().providers.values():
        if provider.models:
            catalog = catalog.with_local(provider.name, provider.models)
    found = [one for one in catalog.bindings if not model or _is(one, model)]
    if not found:
        near = catalog.suggest(model.rpartition("/")[2])
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise click.UsageError(f"the catalogue knows no model {model!r}{hint}")
    if as_json:
        document = {"as_of": catalog.generated, "unit": "USD per million tokens"}
        rows = [_facts(one) for one in found]
        click.echo(json.dumps(document | {"prices": rows}, indent=2, default=_number))
        return
    page.show(_table(found))
    unknown = sum(one.price is None for one in found)
    click.echo(f"USD per million tokens, as of {catalog.generated}", err=True)
    if model and found[0].model.sources:
        click.echo(_stated(found[0].model), err=True)
    if unknown:
        click.echo(f"{unknown} without a known price: never chosen for being cheap", err=True)


def _stated(model: Any) -> str:
    who = f"price stated by {model.price_sources}" if model.price_sources else "price unknown"
    return f"{model.id} is known by {', '.join(model.sources)}; {who}"


def _is(binding: Any, name: str) -> bool:
    names = (*binding.names, binding.model.id)
    return name in names or name in [f"{binding.provider}/{one}" for one in names]


def _facts(binding: Any) -> dict[str, Any]:
    return {
        "provider": binding.provider,
        "id": binding.id,
        "model": binding.model.id,
        "aliases": list(binding.aliases),
        "price": asdict(binding.price) if binding.price else None,
        "sources": list(binding.model.sources),
        "price_sources": binding.model.price_sources,
    }


def _number(value: object) -> float:
    assert isinstance(value, Decimal)
    return float(value)


def _table(bindings: Sequence[Any]) -> Any:
    titles = ("model", "input", "output", "cache read", "write 5 min", "write 1 h", "when")
    table = page.grid(*titles, numbers=5)
    for one in bindings:
        for name, rates, when in _lines(one):
            table.add_row(name, *(_rate(rates, rate) for rate in RATES), when)
    return table


def _lines(binding: Any) -> Iterator[tuple[str, Any, str]]:
    name, price = f"{binding.provider}/{binding.id}", binding.price
    yield name, price, "" if price else "price unknown"
    if price is None:
        return
    for tier in price.tiers:
        yield "", tier, f"input above {figures.short(tier.above)} tokens, the whole request"
    if price.off_peak:
        yield "", price.off_peak, f"off-peak: {_hours(price.off_peak.windows)}"


def _rate(rates: Any, name: str) -> str:
    value = None if rates is None else getattr(rates, name)
    return figures.UNKNOWN if value is None else f"{value.normalize():f}"


def _hours(windows: Sequence[Any]) -> str:
    return (
        "; ".join(
            f"{_days(one.weekdays)} {', '.join(f'{_clock(a)}-{_clock(b)}' for a, b in one.minutes)}"
            for one in windows
        )
        + " UTC"
    )


def _days(weekdays: Sequence[int]) -> str:
    return "daily" if len(weekdays) == len(DAYS) else " ".join(DAYS[day - 1] for day in weekdays)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
