"""The judgement of a bundle as a page with plots: artifacts/reports/VERSION/."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from turnout.bundles import plots
from turnout.bundles.evaluate import ENOUGH

type Row = Mapping[str, Any]

PLOTTED = 6  # sources with a plot of cost against quality
PLACED = (
    "with_labels",
    "public_facts_only",
    "with_public_scores",
    "price_and_date",
    "newer_than_all_labels",
)
PROFILES = ("strict", "parity", "thrift")


def write(folder: Path, document: Row) -> Path:
    """report.md, eval.json and the plots; what an earlier run left there is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures = dict(_plots(document))
    for name, svg in pictures.items():
        (folder / name).write_text(svg, "utf-8")
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (folder / "eval.json").write_text(text + "\n", "utf-8")
    (folder / "report.md").write_text("\n".join(_page(document, pictures)) + "\n", "utf-8")
    return folder


def _plots(document: Row) -> Iterator[tuple[str, str]]:
    if document.get("clusters"):
        yield "clusters.svg", plots.clusters(document["clusters"])
    for split, bins in document["parity_calibration"].items():
        if bins:
            yield f"calibration-{split}.svg", plots.calibration(bins, split)
    split = _main(document)
    rows = document["splits"].get(split, {}).get("sources", [])
    rows = sorted((row for row in rows if row["prompts"] >= ENOUGH), key=lambda r: -r["models"])
    for row in rows[:PLOTTED]:
        name = re.sub(r"[^a-z0-9]+", "-", f"{row['name']}-{row['requested']}".lower())
        yield f"frontier-{name}.svg", plots.frontier(row)


def _main(document: Row) -> str:
    """The split whose figures a reader should look at first."""
    splits = document["splits"]
    fresh = splits.get("shipped", {}).get("sample") == "never trained on"
    order = ("shipped", "prompt", "source") if fresh else ("prompt", "source", "shipped")
    return next((name for name in order if name in splits), "")


def _page(document: Row, pictures: Mapping[str, str]) -> Iterator[str]:
    data = document["data"]
    yield f"# Bundle {document['bundle']}, judged"
    yield ""
    yield (
        f"{data['prompts']:,} prompts ({data['with_text']:,} with text), "
        f"{data['labels']:,} labels of "
        f"{data['models']} models ({data['in_catalogue']} in the catalogue), {data['sources']} "
        f"sources, seed {document['seed']}. Figures are points of mean score against always the "
        "requested model and per cent of its bill, with 95 % bootstrap intervals over prompts."
    )
    yield "No leaderboard has scored this."
    for name in sorted(pictures):
        yield f"\n![{name.removesuffix('.svg')}]({name})"
    yield from _splits(document["splits"])
    yield from _models(document["models"])
    yield from _noise(document["noise"])
    yield from _contamination(document["contamination"])
    yield "\n## Left out"
    yield ""
    yield from _left_out(data["excluded"])


def _left_out(excluded: Sequence[Row]) -> Iterator[str]:
    """Models nobody can be routed to make one line."""
    strangers = [one for one in excluded if one["what"].startswith("model ")]
    for one in excluded:
        if one not in strangers:
            yield f"- {one['what']} ({one['rows']:,} rows): {one['why']}"
    if strangers:
        rows = sum(one["rows"] for one in strangers)
        yield (
            f"- {len(strangers)} models ({rows:,} rows) that are not in the catalogue: never "
            "routed to; eval.json names them"
        )


def _splits(splits: Mapping[str, Row]) -> Iterator[str]:
    for name, split in splits.items():
        yield f"\n## {name.capitalize()}: {split['what']} ({split['sample']})"
        for kind in ("sources", "classes", "mixed"):
            if split[kind]:
                yield f"\n### {kind.capitalize()}\n"
                yield from _table(split[kind])
        yield ""
        yield from _verdicts(split["sources"])


def _table(rows: Sequence[Row]) -> Iterator[str]:
    rivals = ("kNN", "cheapest at 90 %", "oracle")
    titles = ("of", "prompts", "models", "requested", *PROFILES, "parity over blind mix", *rivals)
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        router = row["router"]
        cells = [
            row["name"],
            f"{row['prompts']:,}",
            str(row["models"]),
            f"{row['requested']} ({row['requested_quality']:.1f})",
            *(_cell(router[name]) if name in router else "-" for name in PROFILES),
            _interval(router["parity"]["over_blind_mix"]) if "parity" in router else "-",
            *(_cell(row[name]) for name in ("knn", "cheapest_at_90", "oracle")),
        ]
        yield f"| {' | '.join(cells)} |"


def _cell(found: Row) -> str:
    return f"{_interval(found['against_requested'])} at {found['bill_percent']['value']:.0f} %"


def _interval(found: Row) -> str:
    return f"{found['value']:+.1f} [{found['low']:+.1f}, {found['high']:+.1f}]"


def _verdicts(rows: Sequence[Row]) -> Iterator[str]:
    """Sources with enough prompts, against the line of blind mixes."""
    for row in rows:
        if row["prompts"] < ENOUGH:
            continue
        where = {"above": "above", "on": "not to be told from", "below": "below"}
        single = f"; all of it goes to {row['single']}" if row["single"] else ""
        best = ", the single best there" if row["single"] == row["best_single_model"] else ""
        yield (
            f"- {row['name']}, {row['requested']} requested, parity: "
            f"{where[row['blind_mix_line']]} the blind-mix line{single}{best}."
        )


def _models(models: Mapping[str, Row]) -> Iterator[str]:
    yield "\n## Predicted and measured quality of models\n"
    yield "| split | of | error, points | between models | rank correlation | sources |"
    yield "|---|---|---|---|---|---|"
    for split, found in models.items():
        for kind in PLACED:
            whole = found.get(kind, {}).get("all", {})
            if whole.get("error"):
                cells = [_of(whole[n]) for n in ("error", "error_of_rank", "rank_correlation")]
                row = (split, kind.replace("_", " "), *cells, str(whole["sources"]))
                yield f"| {' | '.join(row)} |"
    if parity := models.get("left_out", {}).get("newer_than_all_labels", {}).get("parity"):
        yield from _forward(parity)
    yield "\nEach source counts once. Between models: without each source's own mean error."


def _forward(parity: Row) -> Iterator[str]:
    ratio = parity["sd_of_error_over_its_predicted_sd"]
    yield (
        f"\nJudged before any labels were there: {parity['pairs']:,} pairs of a newer model and an "
        f"older one on the same source. Errors of the gap are {ratio:.1f} times what is predicted."
    )
    for one in parity["judged"]:
        if one["right"] is not None:
            yield (
                f"- z {one['z']:g}: {one['at_parity']:,} of {one['of']:,} cheaper ones judged at "
                f"parity, {one['right']:.0%} rightly, {one['points']:+.1f} points on average."
            )
    if parity["judged"] and parity["judged"][0].get("routed"):
        yield from _arrivals(parity["judged"])


def _arrivals(judged: Sequence[Row]) -> Iterator[str]:
    yield (
        f"\nRouted on the day they arrive: in {judged[0]['routed']['cases']:,} cases an older "
        "model is asked for; the cheapest newer one at parity serves, by its prediction alone."
    )
    yield "\n| asked for | z | routed, % | bill, % | points | harmed: lost over 2 points, % |"
    yield "|---|---|---|---|---|---|"
    for asked, key in (("any", "routed"), ("one of the best three", "routed_from_leaders")):
        for one in judged:
            names = ("routed", "bill_percent", "points", "harmed")
            cells = [_of(one[key].get(name, {})) for name in names]
            yield f"| {asked} | {one['z']:g} | {' | '.join(cells)} |"
    yield (
        "\nA bundle that doubles the errors of models with fewer than 20 labels (AHEAD in "
        "bundles/quality.py) turns z 0.5 into about z 1. Cases share models: the intervals are too "
        "narrow."
    )


def _of(found: Row) -> str:
    if not found:
        return "-"
    return f"{found['value']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"


def _noise(noise: Row) -> Iterator[str]:
    yield "\n## Noise ceiling\n"
    yield (
        "The oracle picks each prompt's best model in hindsight. Its luck is what it would get "
        "if, among prompts of like difficulty, which model succeeds were chance. The ceiling is "
        "the best single model plus the oracle's lead over luck."
    )
    repeats = noise["repeats"]
    if "agreement" in repeats:
        yield (
            f"The same model on the same prompt, twice ({repeats['pairs']} pairs): agreement "
            f"{repeats['agreement']:.2f}, correlation {repeats['correlation']:.2f}."
        )
    yield "\n| source | prompts | best single | oracle | by luck | ceiling |"
    yield "|---|---|---|---|---|---|"
    for row in noise["sources"]:
        names = ("best_single", "oracle", "oracle_by_luck", "ceiling")
        figures = " | ".join(f"{row[name]:.1f}" for name in names)
        yield f"| {row['source']} | {row['prompts']:,} | {figures} |"


def _contamination(found: Row) -> Iterator[str]:
    yield "\n## Contamination\n"
    trained = found["trained_on"]
    known = "the bundle does not say" if trained is None else f"{trained:,} of these prompts"
    yield (
        f"{found['groups']:,} questions: {found['stated']:,} prompts joined by dup_group, "
        f"{found['equal']:,} more by equal words, {found['near']:,} more by near-duplicate search. "
        f"Questions on both sides of the prompt split: {found['crossing_after_grouping']}. "
        f"Trained on: {known}."
    )
    for pair, count in found["sources"].items():
        yield f"- {pair}: {count:,} questions in both; the source split removes them from training"
