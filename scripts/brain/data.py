"""Reads labels, prompts and the catalogue of the published schema into arrays."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turnout.route.text import plain, tail

# source, upstream name of the model ("" = all) and why its rows say nothing about the model
LEFT_OUT = [
    ("swebv_submissions", "", "scores of whole agents; the same issues are in swebv_openhands"),
    ("bfcl_2024_08", "gpt-4o-2024-08-06", "prompt mode: format failures"),
    ("bfcl_2024_08", "mistral-large-2407", "prompt mode: format failures"),
    ("bfcl_2024_08", "NousResearch_Hermes-2-Theta-Llama-3-70B", "prompt mode: format failures"),
]


@dataclass(frozen=True, slots=True)
class Prompts:
    """One entry a prompt. `text` is what turnout would embed of it; "" where none may be had.
    `group`: prompts with the same question share it, and stay on one side of any split."""

    id: list[str]
    source: NDArray[np.str_]
    category: NDArray[np.str_]
    domain: NDArray[np.str_]
    group: NDArray[np.str_]
    text: list[str]


@dataclass(frozen=True, slots=True)
class Labels:
    """A (source, prompt, model): indices, mean score 0..1, mean USD of the task (or NaN)."""

    source: NDArray[np.int64]
    prompt: NDArray[np.int64]
    model: NDArray[np.int64]
    score: NDArray[np.float64]
    usd: NDArray[np.float64]

    def where(self, keep: NDArray[np.bool_]) -> "Labels":
        return Labels(*(getattr(self, name)[keep] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Data:
    """`models`: the catalogue's ids (`facts` has a row for each), then other labelled ones."""

    prompts: Prompts
    labels: Labels
    sources: list[str]
    models: list[str]
    facts: list[dict[str, Any]]


def read(folder: Path) -> Data:
    import pyarrow.parquet as pq  # only who trains needs it

    facts = json.loads((folder / "catalog" / "models.json").read_bytes())["models"]
    with (folder / "routing" / "models.csv").open(newline="") as file:
        known = {row["model"]: row["catalog_id"] for row in csv.DictReader(file)}
    prompts = _prompts(pq.read_table(folder / "routing" / "prompts.parquet").to_pydict())
    table = pq.read_table(folder / "routing" / "labels.parquet").to_pydict()
    names = [known.get(name) or name for name in table["model"]]
    ids = [fact["id"] for fact in facts]
    models = ids + sorted(set(names) - set(ids))
    left_out = {source for source, model, _ in LEFT_OUT if not model}
    sources = sorted(set(table["source"]) - left_out)
    return Data(prompts, _labels(table, names, sources, models, prompts.id), sources, models, facts)


def _prompts(table: dict[str, list[Any]]) -> Prompts:
    groups = [
        group or own for group, own in zip(table["dup_group"], table["prompt_id"], strict=True)
    ]
    return Prompts(
        table["prompt_id"],
        *(np.array([v or "" for v in table[name]]) for name in ("source", "category", "domain")),
        np.array(groups),
        [tail(plain(text or "")) for text in table["prompt"]],
    )


def _labels(
    table: dict[str, list[Any]],
    names: list[str],
    sources: list[str],
    models: list[str],
    prompts: list[str],
) -> Labels:
    """Runs and variants of one model on one prompt are averaged into one label."""
    places = [{name: i for i, name in enumerate(axis)} for axis in (sources, prompts, models)]
    out = {(source, model) for source, model, _ in LEFT_OUT}
    rows = zip(table["source"], table["prompt_id"], names, table["model_raw"], strict=True)
    keep = [i for i, (s, _, _, raw) in enumerate(rows) if not {(s, ""), (s, raw)} & out]
    key = np.array(
        [
            [place[column[i]] for place, column in zip(places, axes, strict=True)]
            for axes in [(table["source"], table["prompt_id"], names)]
            for i in keep
        ]
    )
    score = np.array([table["score"][i] for i in keep], np.float64)
    usd = np.array([np.nan if (c := table["cost_usd"][i]) is None else c for i in keep])
    if not ((score >= 0) & (score <= 1)).all():
        raise SystemExit("labels.parquet: a score is not within 0..1")
    cells, place = np.unique(key, axis=0, return_inverse=True)
    count = np.bincount(place)
    priced = np.bincount(place, ~np.isnan(usd))
    with np.errstate(invalid="ignore"):
        cost = np.bincount(place, np.nan_to_num(usd)) / np.where(priced, priced, np.nan)
    return Labels(*cells.T, np.bincount(place, score) / count, cost)
