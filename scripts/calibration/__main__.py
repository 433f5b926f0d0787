"""See scripts/calibrate_cache."""

import argparse
import hashlib
import json
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from calibration import fit
from calibration.pairs import Pair, Prompt, made, measured, prompts
from turnout.answers.pairs import FEATURES, agree
from turnout.paths import artifacts_dir
from turnout.route.bundle import Bundle
from turnout.route.embed import Embedder
from turnout.route.shelves import latest

QUARTERS = ("train", "calibrate", "test")


def main() -> int:
    asked = _arguments()
    chance = random.Random(asked.seed)  # noqa: S311  repeatable
    artifacts = artifacts_dir()
    embed = Embedder(artifacts / "encoder")
    bundle = Bundle.load(latest(artifacts), encoder=embed.id, dim=embed.dim)
    found = prompts(asked.data, asked.most, chance)
    pairs = _pairs(asked.pairs, found, embed, bundle, chance)
    parts = {name: [pair for pair in pairs if pair.split == name] for name in QUARTERS}
    model = fit.train([p for p in parts["train"] if agree(p.old, p.new)])
    limits = _thresholds(model, parts["calibrate"])
    report = _report(model, limits, parts)
    report |= {"questions": len(found), "sources": sorted({p.source for p in found})}
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    if asked.out:
        _write(asked.out, model, limits, report, embed.id, asked)
    return 0


def _pairs(
    file: Path | None,
    found: Sequence[Prompt],
    embed: Embedder,
    bundle: Bundle,
    chance: random.Random,
) -> list[Pair]:
    """With cosines; of `file`, if that is there, since embedding them is what takes long."""
    if file and file.exists():
        return [Pair(**one) for one in json.loads(file.read_text())]
    vectors = np.vstack([embed([prompt.text]) for prompt in found])
    pairs = measured(list(made(found, vectors, chance)), embed, bundle)
    if file:
        file.write_text(json.dumps([asdict(pair) for pair in pairs]))
    return pairs


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/calibrate_cache")
    parser.add_argument("--data", type=Path, required=True, help="folder with prompts.parquet")
    parser.add_argument("--out", type=Path, help="folder of the artifact")
    parser.add_argument("--pairs", type=Path, help="keep the pairs here, or take them from here")
    parser.add_argument("--most", type=int, default=4000, help="questions")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _thresholds(model: fit.Model, pairs: Sequence[Pair]) -> dict[str, float]:
    """ "" is all of them together; a cluster has its own when it has enough pairs to show it."""
    limits = {"": _limit(model, pairs) or 2.0}  # 2: nothing is admitted
    by_cluster = defaultdict[str, list[Pair]](list)
    for pair in pairs:
        by_cluster[pair.cluster].append(pair)
    for cluster, some in by_cluster.items():
        if (limit := _limit(model, some)) is not None:
            limits[cluster] = limit
    return limits


def _limit(model: fit.Model, pairs: Sequence[Pair]) -> float | None:
    limit = fit.threshold(fit.told(model, pairs), np.array([p.same for p in pairs]))
    return None if limit is None else ceil(limit * 1e6) / 1e6


def _report(
    model: fit.Model, limits: dict[str, float], parts: dict[str, list[Pair]]
) -> dict[str, Any]:
    test, calibrate = parts["test"], parts["calibrate"]
    same = np.array([p.same for p in test])
    own = np.array([limits.get(p.cluster, limits[""]) for p in test])
    plain = {
        "learned, a threshold for each cluster": fit.told(model, test) >= own,
        "learned, one threshold": fit.told(model, test) >= limits[""],
    }
    for name, ruled in (("cosine with the rules", True), ("cosine alone", False)):
        told = np.array([p.same for p in calibrate])
        limit = fit.threshold(fit.cosines(calibrate, ruled=ruled), told) or 2.0
        plain[f"{name}, one threshold of {limit:.4f}"] = fit.cosines(test, ruled=ruled) >= limit
    admitted = plain["learned, a threshold for each cluster"]
    return {
        "pairs": {name: _counts(some) for name, some in parts.items()},
        "on the test part": {name: _figures(hit, same) for name, hit in plain.items()},
        "admitted by kind": _by_kind(test, admitted),
        "clusters with a threshold of their own": len(limits) - 1,
    }


def _counts(pairs: Sequence[Pair]) -> dict[str, int]:
    return {"same": sum(p.same for p in pairs), "different": sum(not p.same for p in pairs)}


def _figures(hit: Any, same: Any) -> dict[str, Any]:
    """Shares with one-sided bounds of 95 %."""
    wrong, right = int((hit & ~same).sum()), int((hit & same).sum())
    different, alike = int((~same).sum()), int(same.sum())
    return {
        "false hits": f"{wrong} of {different}",
        "false_share": round(wrong / different, 5),
        "false_share_at_most": round(fit.upper(wrong, different), 5),
        "hits": f"{right} of {alike}",
        "hit_share": round(right / alike, 4),
        "hit_share_at_least": round(fit.lower(right, alike), 4),
    }


def _by_kind(pairs: Sequence[Pair], hit: Any) -> dict[str, str]:
    kinds = defaultdict[str, list[int]](lambda: [0, 0])
    for pair, admitted in zip(pairs, hit, strict=True):
        for how in pair.how.split(" + ") if pair.same else [f"not: {pair.how}"]:
            kinds[how][0] += int(admitted)
            kinds[how][1] += 1
    return {how: f"{some} of {all_}" for how, (some, all_) in sorted(kinds.items())}


def _write(
    folder: Path,
    model: fit.Model,
    limits: dict[str, float],
    report: dict[str, Any],
    encoder: str,
    asked: argparse.Namespace,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    clusters = {name: limit for name, limit in sorted(limits.items()) if name}
    admission = {
        "encoder": encoder,
        "features": [*FEATURES],
        "bias": round(model.bias, 6),
        "weights": [round(weight, 6) for weight in model.weights],
        "threshold": limits[""],
        "clusters": clusters,
    }
    text = json.dumps(admission, indent=2) + "\n"
    (folder / "admission.json").write_text(text)
    manifest = {
        "files": {"admission.json": hashlib.sha256(text.encode()).hexdigest()},
        "maker": "scripts/calibrate_cache",
        "arguments": {"most": asked.most, "seed": asked.seed},
        "source": "prompts.parquet, texts that may be redistributed; pairs made by edits",
        "sources": report["sources"],
        "licence": "weights and thresholds only; no text of a prompt is in it",
        "measured": {k: v for k, v in report.items() if k != "sources"},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
