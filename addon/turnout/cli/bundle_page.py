"""How bundles, their changes and their judgements look on a page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from turnout.cli import page

type Row = Mapping[str, Any]

PLACED = (
    "with_labels",
    "public_facts_only",
    "with_public_scores",
    "price_and_date",
    "newer_than_all_labels",
)
MOST = 12  # lines of a list that goes on
FEW = 3  # names of those that were left out for one reason


def release(one: Any) -> dict[str, Any]:
    names = ("encoder", "dim", "clusters", "models", "models_with_labels", "labels")
    own = ("base", "sessions", "feedback") if one.own else ()
    return {
        "version": one.version,
        "latest": one.latest,
        "own": one.own,
        "broken": one.broken,
        **{name: one.manifest.get(name) for name in (*names, *own)},
    }


def listed(found: Sequence[Any]) -> Table:
    table = page.grid(
        "version", "clusters", "models", "with labels", "labels", "encoder, or yours", numbers=4
    )
    for one in found:
        facts = release(one)
        names = ("clusters", "models", "models_with_labels", "labels")
        figures = [f"{facts[n]:,}" if isinstance(facts[n], int) else "?" for n in names]
        note = one.broken or (_yours(facts) if one.own else str(facts["encoder"]))
        table.add_row(f"{'* ' if one.latest else '  '}{one.version}", *figures, note)
    return table


def _yours(facts: Row) -> str:
    if not isinstance(facts["base"], dict):
        return f"yours, not from your log: {facts['encoder']}"
    return (
        f"yours: {facts['sessions']} sessions and {facts['feedback']} words of feedback on"
        f" top of {facts['base']['version']}"
    )


def excluded(found: Sequence[Row]) -> Iterator[str]:
    """What was left out for the same reason stands in one line: no reason is lost among many."""
    alike: dict[str, list[Row]] = {}
    for one in found:
        alike.setdefault(one["why"], []).append(one)
    for why, ones in alike.items():
        names, rows = [one["what"] for one in ones], sum(one["rows"] for one in ones)
        more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
        many = f" ({rows:,} row{'s' * (rows != 1)})" if rows else ""
        yield f"left out: {', '.join(names[:FEW])}{more}{many}: {why}"


def labelled(bundle: Any) -> str:
    count, of = int((bundle.evidence > 0).any(axis=0).sum()), len(bundle.models)
    return (
        f"{count} of {of} models have labels enough to count; what is said of the others rests on"
        " price, date and public scores"
    )


def show(found: Row, console: Console) -> None:
    star = " (in use)" if found["latest"] else ""
    labelled = (
        f"{found['models_with_labels']} of {found['models']} models have labels enough to count"
    )
    console.print(f"bundle {found['version']}{star}, encoder {found['encoder']}; {labelled}")
    console.print(f"{len(found['clusters'])} classes, told by: {found['told_by']}")
    for name, dial in found["dial"].items():
        console.print()
        console.print(f"requested: {name}   (? = fewer than 20 labels behind it)", style="bold")
        console.print(_winners(found, name))
        console.print(_dial(dial))


def _winners(found: Row, requested: str) -> Table:
    profiles = list(found["profiles"])
    table = page.grid("cluster", "prompts", *profiles, numbers=1)
    for row in found["clusters"]:
        cells = [_winner(row["winners"][requested][name], requested) for name in profiles]
        table.add_row(row["label"], f"{row['prompts']:,}", *cells)
    return table


def _winner(one: Row, requested: str) -> str:
    return "-" if one["model"] == requested else f"{one['model']}{' ?' if one['thin'] else ''}"


def _dial(dial: Row) -> Table:
    table = page.grid("dial", "epsilon", "bill", "predicted", "thin", "mix", numbers=4)
    rows = [*dial["profiles"].items(), *(("", step) for step in dial["steps"])]
    for name, step in rows:
        mix = ", ".join(f"{model} {share:.0%}" for model, share in list(step["mix"].items())[:4])
        table.add_row(
            name,
            f"{step['epsilon']:.4f}",
            f"{step['bill_percent']:.0f}%",
            f"{step['predicted_points']:+.1f}",
            str(step["thin_clusters"]),
            mix,
        )
    return table


def diff(found: Row, console: Console) -> None:
    console.print(
        f"{found['old']} -> {found['new']}: {' -> '.join(map(str, found['clusters']))} clusters"
    )
    if len(set(found["told_by"])) > 1:
        console.print(page.told("told by", " -> ".join(found["told_by"])), soft_wrap=True)
    for name in ("labels_gone", "labels_new", "models_gone", "models_new"):
        if found[name]:
            console.print(page.told(name.replace("_", " "), "; ".join(found[name])), soft_wrap=True)
    for name, pair in found["profiles"].items():
        console.print(page.told(name, f"{pair[0]} -> {pair[1]}"), soft_wrap=True)
    console.print(_moved(found["quality"]))
    for requested, profiles in found["chosen"].items():
        for name, (before, after) in profiles.items():
            words = f"bill {before['bill_percent']}% -> {after['bill_percent']}%, predicted "
            words += f"{before['predicted_points']:+} -> {after['predicted_points']:+} points"
            console.print(page.told(f"{requested} {name}  ", words), soft_wrap=True)


def _moved(rows: Sequence[Row]) -> Table:
    table = page.grid("model", "mean", "most", "where", numbers=2)
    for row in rows[:MOST]:
        table.add_row(
            row["model"], f"{row['mean_points']:+.1f}", f"{row['most_points']:+.1f}", row["where"]
        )
    if not rows:
        table.add_row("no quality moved by half a point", "", "", "")
    return table


def judged(document: Row, console: Console) -> None:
    data = document["data"]
    console.print(
        f"bundle {document['bundle']} on {data['prompts']:,} prompts "
        f"({data['with_text']:,} with text), "
        f"{data['labels']:,} labels, {data['in_catalogue']} models of the catalogue"
    )
    for name, split in document["splits"].items():
        console.print()
        console.print(f"{name}: {split['what']} ({split['sample']})", style="bold")
        console.print(_split(split))
        console.print("points of score against what is asked for, and the bill", style="dim")
    for name, found in document["models"].items():
        for kind in PLACED:
            if whole := found.get(kind, {}).get("all", {}).get("error"):
                console.print(_placed(name, kind, found[kind]["all"], whole))
    for line in excluded(data["excluded"]):
        click.echo(line, err=True)


def _placed(name: str, kind: str, whole: Row, error: Row) -> str:
    rank = whole["rank_correlation"].get("value")
    return (
        f"{name}, {kind.replace('_', ' ')}: error {error['value']:.1f} points "
        f"[{error['low']:.1f}, {error['high']:.1f}], between models "
        f"{whole['error_of_rank']['value']:.1f}, rank correlation {rank} "
        f"on {whole['sources']} sources"
    )


def _split(split: Row) -> Table:
    """A row has two lines: points and bill, of a source or class and what is asked for there."""
    routers = ("strict", "parity", "thrift")
    rivals = {"kNN": "knn", "cheapest\nat 90%": "cheapest_at_90", "oracle": "oracle"}
    table = page.grid("of, requested", "prompts", *routers, *rivals, numbers=7)
    for column in table.columns[1:]:
        column.no_wrap = True
    for kind in ("sources", "classes", "mixed"):
        for row in split[kind]:
            cells = [_cell(row["router"].get(name)) for name in routers]
            cells += [_cell(row[name]) for name in rivals.values()]
            what = f"{row['name']}\n  {row['requested']}"
            table.add_row(what, f"{row['prompts']:,}", *cells)
        table.add_section()
    return table


def _cell(found: Row | None) -> str:
    """Points against the requested model, and the bill."""
    if found is None:
        return "-"
    points = round(found["against_requested"]["value"], 1) + 0.0  # not -0.0
    return f"{points:+.1f}\n{found['bill_percent']['value']:.0f}%"
