"""`turnout models`: what can be routed to, with which key, and whether it can ever win."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from turnout import config as configuration
from turnout import figures
from turnout.cli import models_report, page
from turnout.config import artifacts_dir, data_dir
from turnout.paths import own_dir

if TYPE_CHECKING:
    from turnout.offers import Line

WHY = {
    "no_key": "no key",
    "not_routable": "priced only",
    "price_unknown": "price unknown",
    "no_estimate": "not in the bundle",
    "little_evidence": "little evidence",
    "denied": "denied",
    "not_allowed": "not allowed",
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--all", "everything", is_flag=True, help="Also those without a key.")
@click.option("--report", is_flag=True, help="Who can win, who cannot and why, what does not fit.")
@click.option("--profile", default="", help="strict, parity or thrift.  [default: the configured]")
def models(as_json: bool, everything: bool, report: bool, profile: str) -> None:
    """What can be routed to: key, price, window, capabilities, evidence, and where it can win.

    "wins" is the share of the bundle's task classes in which it is the cheapest at parity with some
    dearer model that a client may ask for.
    """
    lines, about = _lines(profile)
    if as_json:
        rows = [asdict(line) for line in lines]
        click.echo(json.dumps(about | {"models": rows}, indent=2, ensure_ascii=False))
        return
    if report:
        models_report.show(about)
        _say(lines, about, hidden=0)
        return
    shown = lines if everything else [line for line in lines if line.key != "missing"]
    if shown:
        page.show(_table(shown))
    _say(lines, about, hidden=len(lines) - len(shown))


def _lines(profile: str) -> tuple[list["Line"], dict[str, Any]]:
    from turnout.guard.keys import Keys
    from turnout.guard.vault import Vault
    from turnout.offers import offers
    from turnout.options import Options
    from turnout.route import chosen
    from turnout.route.shelves import Shelves

    config, shelves = configuration.load(), Shelves(artifacts_dir(), own_dir())
    bundle, warning = chosen.fitting(shelves)
    keys = Keys(config.providers.values(), os.environ, Vault(data_dir()))
    options = Options(config, keys, artifacts_dir() / "catalog.json", bundle.profiles)
    rules = options.rules(profile, "")
    lines, report = offers(config, options, bundle, rules)
    about = {
        "as_of": options.catalog.generated,
        "bundle": bundle.version,
        "warnings": [one for one in (warning or chosen.outdated(shelves),) if one],
        "profile": rules.profile,
        "providers_with_key": options.names,
        "destinations": options.destinations(),
        "report": report,
        **_reported(options, bundle, rules),
    }
    return lines, about


def _reported(options: Any, bundle: Any, rules: Any) -> dict[str, Any]:
    from turnout.bundles.contradictions import contradictions
    from turnout.bundles.standing import standings

    catalog = options.catalog
    found = standings(catalog.bindings, options.names, bundle, rules)
    odd = contradictions(catalog.models, catalog.bindings, bundle, found)
    return models_report.document(found, list(odd))


def _table(lines: Sequence["Line"]) -> Any:
    table = page.grid(
        "model", "in $/M", "out $/M", "window", "labels", "wins", "can", "why not", numbers=5
    )
    for line in sorted(
        lines, key=lambda line: (line.key != "present", -line.wins, line.provider, line.id)
    ):
        table.add_row(
            f"{line.provider}/{line.id}",
            _rate(line.input),
            _rate(line.output),
            figures.short(line.window),
            "not known"
            if line.evidence is None
            else f"{line.evidence:,.0f}"
            if line.evidence
            else "none",
            f"{line.wins:.0%}" if line.wins else "-",
            " ".join(line.capabilities),
            _why(line),
        )
    return table


def _rate(value: float | None) -> str:
    return figures.UNKNOWN if value is None else f"{value:g}"


def _why(line: "Line") -> str:
    if line.why == "no_key" and line.variable:
        return f"no key: set {line.variable}"
    if line.why == "dominated":
        return f"dominated, most by {line.by}" if line.by and line.by != line.model else "dominated"
    return WHY.get(line.why, line.why)


def _say(lines: Sequence["Line"], about: dict[str, Any], *, hidden: int) -> None:
    click.echo(
        f"facts as of {about['as_of']}; bundle {about['bundle']}, profile {about['profile']}",
        err=True,
    )
    for said in (*about["warnings"], about["report"]):
        click.echo(said, err=True)
    if hidden:
        missing = Counter(
            line.variable for line in lines if line.key == "missing" and line.variable
        )
        names = ", ".join(f"{name} ({count})" for name, count in missing.most_common())
        click.echo(f"{hidden} more without a key (--all shows them): {names}", err=True)
