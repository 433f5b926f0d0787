"""`turnout models`: what can be routed to, with which key, and whether it can ever win."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click

from turnout import config as configuration
from turnout.cli import figures, models_report, page
from turnout.config import artifacts_dir, data_dir
from turnout.paths import own_dir

FACTS = ("images", "documents", "tools", "structured", "thinks")
WHY = {
    "no_key": "no key",
    "not_routable": "priced only",
    "price_unknown": "price unknown",
    "no_estimate": "not in the bundle",
    "little_evidence": "little evidence",
    "denied": "denied",
    "not_allowed": "not allowed",
}


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
        page.console().print(_table(shown))
    _say(lines, about, hidden=len(lines) - len(shown))


def _lines(profile: str) -> tuple[list[Line], dict[str, Any]]:
    from turnout.bundles.contradictions import contradictions
    from turnout.bundles.standing import line, standings
    from turnout.guard.keys import Keys
    from turnout.guard.vault import Vault
    from turnout.options import Options
    from turnout.route.artifact import field, trusted
    from turnout.route.bundle import Bundle
    from turnout.route.shelves import Shelves

    config, folder = configuration.load(), Shelves(artifacts_dir(), own_dir()).latest()
    manifest = trusted(folder)
    path = folder / "manifest.json"
    encoder, dim = field(manifest, "encoder", str, path), field(manifest, "dim", int, path)
    bundle = Bundle.load(folder, encoder=encoder, dim=dim)
    keys = Keys(config.providers.values(), os.environ, Vault(data_dir()))
    options = Options(config, keys, artifacts_dir() / "catalog.json", bundle.profiles)
    rules = options.rules(profile, "")
    found = standings(options.catalog.bindings, options.names, bundle, rules)
    catalog = options.catalog
    odd = contradictions(catalog.models, catalog.bindings, bundle, found)
    by_model = {one.model: one for one in found}
    lines = [
        _line(one, config, options.names, bundle, by_model) for one in options.catalog.bindings
    ]
    about = {
        "as_of": options.catalog.generated,
        "bundle": bundle.version,
        "profile": rules.profile,
        "providers_with_key": options.names,
        "destinations": options.destinations(),
        "report": line(found),
        **models_report.document(found, list(odd)),
    }
    return lines, about


def _line(binding: Any, config: Any, keyed: Sequence[str], bundle: Any, standing: Any) -> Line:
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


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _table(lines: Sequence[Line]) -> Any:
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


def _why(line: Line) -> str:
    if line.why == "no_key" and line.variable:
        return f"no key: set {line.variable}"
    if line.why == "dominated":
        return f"dominated, most by {line.by}" if line.by and line.by != line.model else "dominated"
    return WHY.get(line.why, line.why)


def _say(lines: Sequence[Line], about: dict[str, Any], *, hidden: int) -> None:
    click.echo(
        f"facts as of {about['as_of']}; bundle {about['bundle']}, profile {about['profile']}",
        err=True,
    )
    click.echo(about["report"], err=True)
    if hidden:
        missing = Counter(
            line.variable for line in lines if line.key == "missing" and line.variable
        )
        names = ", ".join(f"{name} ({count})" for name, count in missing.most_common())
        click.echo(f"{hidden} more without a key (--all shows them): {names}", err=True)
