"""Labels and prompts of the published schema, checked, as arrays.

labels.parquet    source, prompt_id, model, score (0..1); cost_usd, model_raw, agent where known
prompts.parquet   prompt_id, source, category, prompt; domain, dup_group where known

What cannot be used is either refused or left out, and then it is said how much and why.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turnout.bundles.facts import Fact
from turnout.bundles.names import Names
from turnout.bundles.tables import Excluded, Table, labels_of, read_table, refuse, texts

# source, upstream name of the model ("" = all) and why its rows say nothing about the model
LEFT_OUT = [
    ("swebv_submissions", "", "scores of whole agents; the same issues are in swebv_openhands"),
    ("bfcl_2024_08", "gpt-4o-2024-08-06", "prompt mode: format failures"),
    ("bfcl_2024_08", "mistral-large-2407", "prompt mode: format failures"),
    ("bfcl_2024_08", "NousResearch_Hermes-2-Theta-Llama-3-70B", "prompt mode: format failures"),
]
FEW = 3  # names that are told
PROMPTS = {"prompt_id": "", "source": "", "category": "", "prompt": ""}
PROMPTS_MAY = {"domain": "", "dup_group": ""}


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
    """`models`: the catalogue's ids (`facts` has a row for each), then other labelled ones.
    `repeats`: (pairs of runs of one model on one prompt, 2) scores."""

    prompts: Prompts
    labels: Labels
    sources: list[str]
    models: list[str]
    facts: list[Fact]
    excluded: list[Excluded] = field(default_factory=list)
    repeats: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))


def read(folder: Path, facts: list[Fact], names: Names, *, strict: bool = False) -> Data:
    """`strict`: a score out of 0..1 stops it, and so does having models of no catalogue only; else
    the source that has such a score is left out.

    Raises DataError when a file is missing, is no such table, or has nothing that can be used."""
    excluded: list[Excluded] = []
    prompts = _prompts(read_table(folder, "prompts.parquet", PROMPTS, PROMPTS_MAY), excluded)
    table = labels_of(folder, excluded, strict=strict)
    table = _known(table, prompts, excluded)
    if not len(table["score"]):
        refuse(folder / "labels.parquet", "no row can be used", excluded)
    ids = [fact.id for fact in facts]
    called = {name: names(name) or name for name in set(table["model"])}
    strangers = sorted(set(called.values()) - set(ids))
    if strict and len(strangers) == len(set(called.values())):
        mend = "`turnout models --all` has the names"
        refuse(
            folder / "labels.parquet",
            f"none of its models is in the catalogue ({_few(strangers)}); {mend}",
        )
    rows = Counter(called[name] for name in table["model"])
    excluded.extend(
        Excluded(f"model {name}", rows[name], "not in the catalogue: never routed to")
        for name in strangers
    )
    table = table | {"model": np.array([called[name] for name in table["model"]], object)}
    sources, models = sorted(set(table["source"].tolist())), ids + strangers
    labels, repeats = _labels(table, sources, models, prompts.id)
    if more := len(table["score"]) - len(labels.score):
        why = "more rows on the same source, prompt and model: averaged into one label"
        excluded.append(Excluded("labels", more, why))
    _say_textless(prompts, labels, sources, excluded)
    return Data(prompts, labels, sources, models, facts, excluded, repeats)


def _few(names: list[str]) -> str:
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


def _prompts(table: Table, excluded: list[Excluded]) -> Prompts:
    ids = texts(table["prompt_id"])
    first = {name: place for place, name in reversed(list(enumerate(ids)))}
    keep = sorted(first.values())
    if len(keep) < len(ids):
        why = "prompt_id is there already: the first one counts"
        excluded.append(Excluded("prompts", len(ids) - len(keep), why))
    columns = {name: _kept(table[name], keep) for name in (*PROMPTS, *PROMPTS_MAY)}
    groups = [
        group or own for group, own in zip(columns["dup_group"], columns["prompt_id"], strict=True)
    ]
    return Prompts(
        columns["prompt_id"],
        np.array(columns["source"], np.str_),
        np.array(columns["category"], np.str_),
        np.array(columns["domain"], np.str_),
        np.array(groups, np.str_),
        [_embedded(text) for text in columns["prompt"]],
    )


def _kept(column: NDArray[Any], rows: list[int]) -> list[str]:
    words = texts(column)
    return [words[row] for row in rows]


def _embedded(text: str) -> str:
    from turnout.route.text import plain, tail

    return tail(plain(text))


def _known(table: Table, prompts: Prompts, excluded: list[Excluded]) -> Table:
    """Rows on prompts that are there, and that say something about their model."""
    ids = set(prompts.id)
    there = np.array([name in ids for name in table["prompt_id"].tolist()], bool)
    if stray := int((~there).sum()):
        excluded.append(Excluded("labels", stray, "their prompt_id is not in prompts.parquet"))
    keep = there
    for source, model, why in LEFT_OUT:
        rows = table["source"] == source
        rows &= (table["model_raw"] == model) if model else True
        if count := int((rows & keep).sum()):
            excluded.append(Excluded(f"{source} {model}".strip(), count, why))
            keep = keep & ~rows
    return {name: column[keep] for name, column in table.items()}


def _labels(
    table: Table, sources: list[str], models: list[str], prompts: list[str]
) -> tuple[Labels, NDArray[np.float64]]:
    """Runs and variants of one model on one prompt are averaged into one label."""
    axes = (("source", sources), ("prompt_id", prompts), ("model", models))
    key = np.stack([_places(table[name], axis) for name, axis in axes], axis=1)
    score, usd = table["score"], table["cost_usd"]
    cells, first, place = np.unique(key, axis=0, return_index=True, return_inverse=True)
    count = np.bincount(place)
    priced = np.bincount(place, ~np.isnan(usd))
    with np.errstate(invalid="ignore"):
        cost = np.bincount(place, np.nan_to_num(usd)) / np.where(priced, priced, np.nan)
    source, prompt, model = cells.T
    made = Labels(source, prompt, model, np.bincount(place, score) / count, cost)
    return made, _repeats(table, place, first)


def _repeats(
    table: Table, place: NDArray[np.int64], first: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Another run of the same variant of a model. What is alike in all else may be a copy."""
    again = np.setdiff1d(np.arange(len(place)), first)
    former = first[place[again]]
    variant = table["model_raw"][again] == table["model_raw"][former]
    differ = np.zeros(len(again), bool)
    for name in ("agent", "cost_usd", "output_chars"):
        mine, other = table[name][again], table[name][former]
        differ |= (mine != other) & ((mine == mine) | (other == other))
    keep = variant & differ
    pairs = np.stack([table["score"][former], table["score"][again]], axis=1)
    return np.asarray(pairs[keep], np.float64)


def _places(column: NDArray[Any], axis: list[str]) -> NDArray[np.int64]:
    place = {name: i for i, name in enumerate(axis)}
    return np.array([place[name] for name in column.tolist()], np.int64)


def _say_textless(
    prompts: Prompts, labels: Labels, sources: list[str], excluded: list[Excluded]
) -> None:
    bare = np.array([not text for text in prompts.text])[labels.prompt]
    for s, name in enumerate(sources):
        count = len(np.unique(labels.prompt[bare & (labels.source == s)]))
        if count:
            why = "prompts without text: they cannot be routed"
            excluded.append(Excluded(f"{name}: {count} prompts", count, why))
