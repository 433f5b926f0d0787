"""Labelled prompts on which the same models all have a score: whoever made them, in the catalogue
or not. A model outside the catalogue costs what its size says, or what it cost in 2024."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from turnout.bundles.data import Data

# name: (sources, field that names the task within it, "" = the source itself)
SETS = {
    "FusionBench": (("fusionbench",), "domain"),
    "ZeroEval": (("zeroeval_gsm", "zeroeval_crux", "zeroeval_math-l5"), ""),
    "RouteLLM": (("routellm_mmlu", "routellm_gsm8k"), "domain"),
    "MMLU-Pro": (("mmlu_pro",), "domain"),
    "BFCL 2024": (("bfcl_2024_08",), "domain"),
    "OpenHands": (("swebv_openhands", "swtbench_openhands", "commit0_openhands"), ""),
    "ZeroEval and EvalPerf": (
        ("zeroeval_gsm", "zeroeval_crux", "zeroeval_math-l5", "evalperf"),
        "",
    ),
}
OUTLIERS = ("claude-fable-5",)
COVERED = 0.9  # of each source's prompts, for a model to take part
LEAST = 3  # models, but for sets that have two only
# USD per million tokens, three of input to one of output, at the makers' prices of 2024
PRICES_2024 = {
    "claude-3-haiku": 0.5,
    "claude-3-sonnet": 6.0,
    "claude-3-opus": 30.0,
    "claude-3.5-sonnet-0620": 6.0,
    "claude-3-5-sonnet": 6.0,
    "claude-2.1": 12.0,
    "claude-instant-1.2": 1.2,
    "gpt-4-1106-preview": 15.0,
    "gpt-4-turbo": 15.0,
    "gpt-4": 37.5,
    "gpt-3.5-turbo": 0.75,
    "gemini-1.5-pro": 5.25,
    "gemini-1.5-flash": 0.13,
    "gemini-1.0-pro": 0.75,
    "mistral-large": 4.5,
    "mistral-medium": 4.0,
    "mistral-small": 1.5,
    "command-r-plus": 5.25,
    "command-r": 0.26,
    "deepseek-chat": 0.18,
    "deepseek-coder": 0.18,
    "o1-mini": 5.25,
    "o1-preview": 26.25,
    "reka-core": 4.0,
    "reka-flash": 0.35,
    "yi-large": 3.0,
}
SIZE = re.compile(r"(?:(\d+)x)?(\d+(?:\.\d+)?)b\b")


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """`rows`: (n,) prompts of the data. `score`: (n, m). `cost`: (m,), the dearest is 1.
    `task`: (n,) what the source calls it. `group`: (n,) equal questions share it."""

    name: str
    rows: Any
    models: list[str]
    score: Any
    cost: Any
    task: Any
    group: Any


def all_sets(data: Data, most: int) -> Iterator[Labelled]:
    for name, (sources, by) in SETS.items():
        if made := _set(data, name, sources, by, most):
            yield made


def _set(data: Data, name: str, sources: Sequence[str], by: str, most: int) -> Labelled | None:
    wanted = [s for s, source in enumerate(data.sources) if source in sources]
    readable = np.array([bool(text) for text in data.prompts.text])
    at = data.labels.where(np.isin(data.labels.source, wanted) & readable[data.labels.prompt])
    rows, place = np.unique(at.prompt, return_inverse=True)
    if not len(rows):
        return None
    score = np.full((len(rows), len(data.models)), np.nan)
    score[place, at.model] = at.score
    usd = np.full_like(score, np.nan)
    usd[place, at.model] = at.usd
    of = np.zeros(len(rows), np.int64)
    of[place] = at.source
    covered = [(~np.isnan(score[of == s])).mean(axis=0) for s in np.unique(of)]
    models = [int(m) for m in np.flatnonzero(np.min(covered, axis=0) >= COVERED)]
    cost = {m: _cost(data, m, usd[:, m]) for m in models if data.models[m] not in OUTLIERS}
    models = [m for m, one in cost.items() if one]
    full = ~np.isnan(score[:, models]).any(axis=1)
    kept = np.flatnonzero(full)
    if len(models) < 2 or len(kept) < 100:
        return None
    kept = np.sort(np.random.default_rng(0).permutation(kept)[:most])
    prompts = rows[kept]
    dollars = np.array([cost[m] for m in models])
    task = data.prompts.domain[prompts] if by else np.array(data.sources)[of[kept]]
    return Labelled(
        name,
        prompts,
        [data.models[m] for m in models],
        score[np.ix_(kept, models)],
        dollars / dollars.max(),
        np.array([str(t) for t in task]),
        data.prompts.group[prompts],
    )


def _cost(data: Data, model: int, usd: Any) -> float | None:
    """Measured dollars of its tasks where there are any; else by its price, name or size."""
    if (~np.isnan(usd)).sum() > 20:
        return float(np.nanmean(usd))
    if model < len(data.facts) and data.facts[model].dollars:
        return float(data.facts[model].dollars or 0) or None
    name = data.models[model].lower().split("/")[-1]
    known = [key for key in PRICES_2024 if name.startswith(key)]
    if known:
        return PRICES_2024[max(known, key=len)]
    if found := SIZE.search(name):
        return 0.9 * (float(found[1] or 1) * float(found[2]) / 70) ** 0.8
    return None
