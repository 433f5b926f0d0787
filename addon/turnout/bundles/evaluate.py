"""Is a bundle worth using? One document: every split, source, task class, profile and rival.

shipped   the bundle as it is, on prompts it was not trained on
prompt    five folds by question: learned anew from the other four with the bundle's recipe
source    each source judged by what is learned from the others
model     each model placed without its own labels, from price, date and public scores
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from turnout.bundles import parity, placing, pools, rivals, splits
from turnout.bundles.calibration import calibration
from turnout.bundles.contamination import Overlap, known
from turnout.bundles.forward import forward
from turnout.bundles.judge import Part, judged
from turnout.bundles.noise import noise
from turnout.bundles.parity import Told
from turnout.bundles.pools import Pool
from turnout.bundles.splits import Case
from turnout.bundles.train import Tell
from turnout.route.bundle import Bundle, Profile

SPLITS = ("shipped", "prompt", "source", "model")
ENOUGH = 200  # prompts from which a source is held to the blind-mix line
SINGLE = 0.95  # of the prompts to one model: that is no routing, but a choice of a model
# shares of an agent's traffic by task class, assumed as in the reference figures
MIXED = {
    "agentic coding": 0.45,
    "tool calling": 0.20,
    "everyday": 0.20,
    "knowledge": 0.075,
    "mathematics": 0.075,
}
WHAT = {
    "shipped": "the bundle as it is",
    "prompt": "five folds by question, learned anew from the other four",
    "source": "each source judged by what was learned from the others",
}

type Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Inquiry:
    """`sizes`: prompts behind each cluster. `trained`: (prompts,) was it trained on? None when the
    bundle does not say."""

    case: Case
    bundle: Bundle
    sizes: Sequence[int]
    overlap: Overlap
    trained: NDArray[np.bool_] | None
    pools: list[Pool]
    seed: int


def inquire(
    case: Case,
    bundle: Bundle,
    sizes: Sequence[int],
    overlap: Overlap,
    seen: NDArray[np.uint64] | None,
    *,
    outliers: bool,
) -> Inquiry:
    """`seen`: fingerprints of what the bundle was trained on."""
    trained = None if seen is None else known(case.data.prompts.text, seen)
    found, out = pools.pools(case.data, outliers=outliers)
    case.data.excluded.extend(out)
    return Inquiry(case, bundle, sizes, overlap, trained, found, case.recipe.seed)


def evaluate(inquiry: Inquiry, wanted: Sequence[str], tell: Tell) -> Row:
    case = inquiry.case
    told: dict[str, Told] = {}
    makers: dict[str, Callable[[], Told]] = {
        "shipped": lambda: splits.shipped(case, inquiry.bundle),
        "prompt": lambda: splits.by_prompt(case, tell),
        "source": lambda: splits.by_source(case, tell),
    }
    for name in (name for name in makers if name in wanted):
        tell(f"split by {name}" if name != "shipped" else "the bundle as it is", 0, 1)
        told[name] = makers[name]()
    document: Row = {
        "bundle": inquiry.bundle.version,
        "encoder": inquiry.bundle.encoder,
        "seed": inquiry.seed,
        "data": _data(inquiry),
        "contamination": _contamination(inquiry),
        "clusters": _clusters(inquiry.bundle, inquiry.sizes),
        "noise": noise(case.data, inquiry.pools, inquiry.seed),
        "splits": {name: _split(inquiry, name, found, tell) for name, found in told.items()},
        "models": {name: _models(inquiry, found) for name, found in told.items()},
        "parity_calibration": {
            name: calibration(inquiry.pools, found) for name, found in told.items()
        },
    }
    if "model" in wanted:
        document["models"]["left_out"] = _left_out(inquiry)
    return {name: _plain(value) for name, value in document.items()}


def _clusters(bundle: Bundle, sizes: Sequence[int]) -> list[Row]:
    return [
        {
            "label": label,
            "prompts": sizes[k],
            "tools": float(bundle.tools[k]),
            "labelled_models": int((bundle.evidence[k] > 0).sum()),
        }
        for k, label in enumerate(bundle.labels)
    ]


def _data(inquiry: Inquiry) -> Row:
    data = inquiry.case.data
    return {
        "prompts": len(data.prompts.id),
        "with_text": int(inquiry.case.readable.sum()),
        "labels": len(data.labels.score),
        "models": len(np.unique(data.labels.model)),
        "in_catalogue": int((np.unique(data.labels.model) < len(data.facts)).sum()),
        "sources": len(data.sources),
        "public_scores": len(inquiry.case.public),
        "excluded": [asdict(one) for one in data.excluded],
    }


def _contamination(inquiry: Inquiry) -> Row:
    trained = inquiry.trained
    return asdict(inquiry.overlap) | {
        "trained_on": None if trained is None else int(trained.sum()),
        "crossing_after_grouping": _crossing(inquiry),
    }


def _crossing(inquiry: Inquiry) -> int:
    """Questions with prompts in more than one fold: none, or the split is wrong."""
    groups = inquiry.case.data.prompts.group
    fold = rivals.folds(groups, inquiry.seed)
    first: dict[str, int] = {}
    pairs = zip(groups.tolist(), fold.tolist(), strict=True)
    return sum(first.setdefault(group, place) != place for group, place in pairs)


def _split(inquiry: Inquiry, split: str, told: Told, tell: Tell) -> Row:
    judgeable, sample = _rows(inquiry, split)
    parts: list[Part] = []
    for number, pool in enumerate(inquiry.pools):
        tell("judge", number, len(inquiry.pools))
        rows = np.flatnonzero(judgeable[pool.prompts] & ~np.isnan(told.quality[pool.prompts, 0]))
        if len(rows) >= pools.LEAST_PROMPTS:
            parts.extend(_parts(inquiry, pool, rows, told))
    tell("judge", len(inquiry.pools), len(inquiry.pools))
    return {
        "what": WHAT[split],
        "sample": sample,
        "sources": [_row(inquiry, part.pool.source, [part]) for part in parts],
        "classes": [_row(inquiry, name, few) for name, few in _by_class(parts)],
        "mixed": [
            _row(inquiry, name, few) | {"shares": shares} for name, few, shares in _mixed(parts)
        ],
    }


def _rows(inquiry: Inquiry, split: str) -> tuple[NDArray[np.bool_], str]:
    """Which prompts are judged, and what they were to the bundle."""
    everything = np.ones(len(inquiry.case.data.prompts.id), bool)
    if split != "shipped":
        return everything, "held out"
    if inquiry.trained is None:
        return everything, "unknown: the bundle does not say what it was trained on"
    fresh = ~inquiry.trained
    if (fresh & inquiry.case.readable).sum() >= ENOUGH:
        return fresh, "never trained on"
    return everything, "in sample: nearly all of it was trained on; see the other splits"


def _parts(inquiry: Inquiry, pool: Pool, rows: NDArray[np.int64], told: Told) -> Iterator[Part]:
    """One for each model that may have been asked for."""
    case = inquiry.case
    prompts = pool.prompts[rows]
    found = told.of(prompts, pool.models).unknown_loses()
    fold = rivals.folds(case.data.prompts.group[prompts], inquiry.seed)
    small = _only(pool, rows)
    shared = {
        "cheapest_at_90": np.full(len(rows), rivals.cheapest_at_90(small)),
        "oracle": rivals.oracle(small),
        "best_single": np.full(len(rows), int(small.score.mean(axis=0).argmax())),
    }
    for home in pools.requested(pool, found.quality):
        yield Part(
            small,
            np.arange(len(rows)),
            home,
            {
                **{name: _chosen(found, pool, home, rules) for name, rules in _profiles(inquiry)},
                "knn": rivals.knn(small, case.vectors[prompts], fold, home),
                **shared,
            },
            1.0,
        )


def _profiles(inquiry: Inquiry) -> list[tuple[str, Profile]]:
    return list(inquiry.bundle.profiles.items())


def _chosen(found: Told, pool: Pool, home: int, rules: Profile) -> NDArray[np.int64]:
    return parity.cheapest(parity.able(found, pool.price, home, rules), pool.price, home)


def _only(pool: Pool, rows: NDArray[np.int64]) -> Pool:
    return Pool(
        pool.source,
        pool.prompts[rows],
        pool.models,
        pool.names,
        pool.kinds[rows],
        pool.score[rows],
        pool.usd[rows],
        pool.price,
        pool.bill,
    )


def _by_class(parts: Sequence[Part]) -> Iterator[tuple[str, list[Part]]]:
    """The first requested model of each source; a prompt counts once for each source it is in."""
    first = list({part.pool.source: part for part in reversed(parts)}.values())
    for name in sorted({kind for part in first for kind in part.pool.kinds.tolist()}):
        few = [(part, np.flatnonzero(part.pool.kinds == name)) for part in first]
        few = [(part, rows) for part, rows in few if len(rows) >= pools.LEAST_PROMPTS]
        total = sum(len(rows) for _, rows in few)
        if total:
            yield name, [_cut(part, rows, len(rows) / total) for part, rows in few]
    everything = sum(len(part.rows) for part in first)
    if everything:
        yield "all", [_cut(p, p.rows, len(p.rows) / everything) for p in first]


def _cut(part: Part, rows: NDArray[np.int64], share: float) -> Part:
    chosen = {name: columns[rows] for name, columns in part.chosen.items()}
    return Part(part.pool, rows, part.home, chosen, share)


def _mixed(parts: Sequence[Part]) -> Iterator[tuple[str, list[Part], dict[str, float]]]:
    """Agent traffic by assumed shares, for each frontier model with labels in it."""
    for model in pools.FRONTIER:
        asked = [part for part in parts if part.pool.names[part.home] == model]
        of = {part.pool.source: _share_class(part.pool) for part in asked}
        there = {name: MIXED[name] for name in MIXED if name in of.values()}
        if not there:
            continue
        shares = {name: share / sum(there.values()) for name, share in there.items()}
        used = [part for part in asked if of[part.pool.source] in shares]
        sizes = {n: sum(len(p.rows) for p in used if of[p.pool.source] == n) for n in shares}
        yield (
            f"agent traffic, {model}",
            [
                _cut(p, p.rows, shares[n] * len(p.rows) / sizes[n])
                for p in used
                for n in [of[p.pool.source]]
            ],
            {name: round(share, 3) for name, share in shares.items()},
        )


def _share_class(pool: Pool) -> str:
    """The class of MIXED that a source stands for, "" for none."""
    kinds, count = np.unique(pool.kinds, return_counts=True)
    kind = str(kinds[count.argmax()])
    return CLASSES.get(kind, "")


CLASSES = {
    "agentic coding": "agentic coding",
    "terminal work": "agentic coding",
    "tool calling": "tool calling",
    "structured output": "tool calling",
    "everyday questions": "everyday",
    "false premises": "everyday",
    "trick questions": "everyday",
    "writing": "everyday",
    "teaching texts": "everyday",
    "knowledge": "knowledge",
    "expert knowledge": "knowledge",
    "mathematics": "mathematics",
    "word problems": "mathematics",
}


def _row(inquiry: Inquiry, name: str, parts: Sequence[Part]) -> Row:
    asked = {part.pool.names[part.home] for part in parts}
    figures = {key: judged(parts, key, inquiry.seed) for key in parts[0].chosen}
    profiles = {key: figures.pop(key) for key, _ in _profiles(inquiry)}
    row: Row = {
        "name": name,
        "prompts": sum(len(part.rows) for part in parts),
        "models": max(len(part.pool.names) for part in parts),
        "sources": sorted({part.pool.source for part in parts}),
        "bill": "/".join(sorted({part.pool.bill for part in parts})),
        "requested": asked.pop() if len(asked) == 1 else "the first of each source",
        "requested_quality": round(100 * sum(p.share * _level(p) for p in parts), 2),
        "router": profiles,
        **figures,
    }
    if len(parts) == 1:
        row |= _alone(parts[0], profiles)
    return row


def _level(part: Part) -> float:
    return float(part.pool.score[part.rows, part.home].mean())


def _alone(part: Part, profiles: Mapping[str, Mapping[str, Any]]) -> Row:
    """What can be said of one source only."""
    names = part.pool.names
    mix = {key: _mix(part.chosen[key], names) for key in profiles}
    top, share = next(iter(mix["parity"].items())) if "parity" in mix else ("", 0.0)
    over = profiles.get("parity", {}).get("over_blind_mix", {"low": 0.0, "high": 0.0})
    line = "above" if over["low"] > 0 else "below" if over["high"] < 0 else "on"
    return {
        "cheapest_at_90_model": names[int(part.chosen["cheapest_at_90"][0])],
        "best_single_model": names[int(part.chosen["best_single"][0])],
        "singles": _singles(part),
        "mix": mix,
        "single": top if share >= SINGLE else "",
        "blind_mix_line": line,
    }


def _singles(part: Part) -> list[Row]:
    score, usd = part.pool.score.mean(axis=0), part.pool.usd.mean(axis=0)
    return [
        {
            "model": name,
            "quality": round(100 * float(score[m]), 2),
            "bill_percent": round(100 * float(usd[m] / usd[part.home]), 2),
        }
        for m, name in enumerate(part.pool.names)
    ]


def _mix(chosen: NDArray[np.int64], names: Sequence[str]) -> dict[str, float]:
    models, count = np.unique(chosen, return_counts=True)
    order = np.argsort(-count, kind="stable")
    return {names[models[i]]: round(float(count[i] / len(chosen)), 3) for i in order}


def _models(inquiry: Inquiry, told: Told) -> Row:
    cells = placing.cells(inquiry.case.data, told)
    cold = [cell for cell in cells if cell.evidence == 0]
    warm = [cell for cell in cells if cell.evidence > 0]
    return {
        "with_labels": placing.errors([_pair(cell) for cell in warm], inquiry.seed),
        "public_facts_only": placing.errors([_pair(cell) for cell in cold], inquiry.seed),
        "cells": [asdict(cell) for cell in cells],
    }


def _pair(cell: placing.Cell) -> tuple[str, float, float]:
    return cell.source, cell.predicted, cell.measured


def _left_out(inquiry: Inquiry) -> Row:
    """Placed from price, date and public scores; and without those scores, for comparison."""
    found: Row = {}
    for name, keep in (("with_public_scores", True), ("price_and_date", False)):
        placed = splits.without_model(inquiry.case, keep_public=keep)
        pairs = [(one.source, one.predicted, one.measured) for one in placed]
        spread = np.array([one.deviation for one in placed]).std() if placed else np.nan
        found[name] = placing.errors(pairs, inquiry.seed) | {
            "sd_of_error_over_its_predicted_sd": round(float(spread), 2)
        }
        if keep:
            found["cells"] = [asdict(one) for one in placed]
    return found | {"newer_than_all_labels": forward(inquiry.case, inquiry.seed)}


def _plain(value: Any) -> Any:
    """NaN is no JSON: what is not known is null."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
