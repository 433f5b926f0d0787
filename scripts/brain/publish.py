"""Writes a bundle's folder, its digests and what a reader should know of its making."""

import argparse
import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from brain.data import LEFT_OUT, Data
from brain.prior import BENCHMARKS
from brain.quality import LEAST, MOST, Quality
from turnout.route.bundle import FILES, Bundle

# source of labels -> repository it was taken from, licence of labels, licence of texts
LICENCES = {
    "aoc_agent": ("mogottsch/aoc-agent", "none stated; facts only", "no text used"),
    "bfcl_2024_08": ("HuanzhiMao/BFCL-Result", "none stated; facts only", "Apache-2.0"),
    "bfcl_v4_gptoss": ("bbrowning/bfcl-vllm-results", "none stated; facts only", "Apache-2.0"),
    "bullshit_benchmark": ("petergpt/bullshit-benchmark", "MIT", "MIT"),
    "commit0_openhands": ("OpenHands/openhands-index-results", "MIT", "MIT"),
    "evalperf": ("evalplus/evalplus.github.io", "Apache-2.0", "Apache-2.0, MIT, CC BY 4.0"),
    "fusionbench": ("ulab-uiuc/LLMRouter", "MIT", "MIT, CC BY, CC BY-SA, Apache-2.0"),
    "gaia_openhands": ("OpenHands/openhands-index-results", "MIT", "no text used"),
    "misguided_attention": ("cpldcpu/MisguidedAttention", "CC0-1.0", "CC0-1.0"),
    "mmlu_pro": ("TIGER-AI-Lab/MMLU-Pro", "Apache-2.0", "MIT"),
    "routellm_gsm8k": ("lm-sys/RouteLLM", "Apache-2.0", "Apache-2.0, MIT"),
    "routellm_mmlu": ("lm-sys/RouteLLM", "Apache-2.0", "Apache-2.0, MIT"),
    "svelte_bench": ("khromov/svelte-bench", "none stated; facts only", "no text used"),
    "swebmm_openhands": ("OpenHands/openhands-index-results", "MIT", "no text used"),
    "swebv_openhands": ("OpenHands/openhands-index-results", "MIT", "centroids only (canary)"),
    "swtbench_openhands": ("OpenHands/openhands-index-results", "MIT", "centroids only (canary)"),
    "terminal_bench": (
        "laude-institute/terminal-bench-leaderboard",
        "none stated; facts only",
        "centroids only (canary)",
    ),
    "wildbench": ("allenai/WildBench", "Apache-2.0", "no text used"),
    "zeroeval_crux": ("WildEval/ZeroEval", "Apache-2.0", "Apache-2.0, MIT"),
    "zeroeval_gsm": ("WildEval/ZeroEval", "Apache-2.0", "Apache-2.0, MIT"),
    "zeroeval_math-l5": ("WildEval/ZeroEval", "Apache-2.0", "Apache-2.0, MIT"),
    "zoonk_battles": ("zoonk/zoonk", "MIT", "MIT"),
    "zoonk_results": ("zoonk/zoonk", "MIT", "MIT"),
}
PUBLIC = [
    "Epoch AI, Capabilities & benchmarking hub, CC BY 4.0",
    "llm-stats (J. Chavez Tamales), CC BY 4.0",
    "Berkeley function calling leaderboard v4, Apache-2.0",
    "Aider leaderboard, Apache-2.0",
    "Vectara hallucination leaderboard, Apache-2.0",
    "tau2-bench, models.dev, openai/simple-evals, DeepSeek, MiMo and MiniMax-M2 READMEs, MIT",
    "Kimi K2, K2.5 and MiniMax M2.5 READMEs, modified MIT",
]
NOTES = [
    "claude-fable-5 is an outlier on SWE-bench Verified (95 %, the next 82.5 %): contamination or "
    "harness; it is not in the held-out pools.",
    "Modern models have labels on agentic coding and structured output only; elsewhere their "
    "quality rests on price, release date and public benchmarks (evidence 0, larger se).",
    "What a harness does to one model is taken for noise: labels from one harness promise less "
    "about another.",
]


def write(
    bundle: Bundle,
    rows: list[dict[str, Any]],
    found: Quality,
    book: Data,
    args: argparse.Namespace,
    measured: dict[str, Any],
) -> Path:
    """A version is written once: raises FileExistsError when it is there."""
    folder: Path = args.artifacts / "bundles" / bundle.version
    folder.mkdir(parents=True)
    for name in ("centroids", "quality", "se", "evidence"):
        np.save(folder / f"{name}.npy", getattr(bundle, name).astype("<f4"))
    for row, shares in zip(rows, found.share, strict=True):
        row["labels"] = {
            book.sources[s]: round(float(part), 4) for s, part in enumerate(shares) if part >= 0.02
        }
    _json(folder / "clusters.json", rows)
    _json(folder / "models.json", list(bundle.models))
    _json(folder / "manifest.json", _manifest(folder, bundle, found, book, args, measured))
    (args.artifacts / "latest").write_text(bundle.version + "\n")
    return folder


def _manifest(
    folder: Path,
    bundle: Bundle,
    found: Quality,
    book: Data,
    args: argparse.Namespace,
    measured: dict[str, Any],
) -> dict[str, Any]:
    labelled = {book.models[m] for m in book.labels.model} & set(bundle.models)
    return {
        "version": bundle.version,
        "encoder": bundle.encoder,
        "dim": bundle.dim,
        "files": {f: hashlib.sha256((folder / f).read_bytes()).hexdigest() for f in FILES},
        "temperature": bundle.temperature,
        "top": bundle.top,
        "profiles": {name: asdict(profile) for name, profile in bundle.profiles.items()},
        "maker": "scripts/train_bundle.py",
        "seed": args.seed,
        "clusters": len(bundle.labels),
        "models": len(bundle.models),
        "models_with_labels": len(labelled),
        "labels": len(book.labels.score),
        "prompts_with_text": sum(map(bool, book.prompts.text)),
        "shrinkage": {
            "least": LEAST,
            "most": MOST,
            "pseudo_counts": {
                name: round(float(n)) for name, n in zip(book.sources, found.pseudo, strict=True)
            },
        },
        **measured,
        "sources": {
            name: dict(zip(("repository", "labels", "texts"), LICENCES[name], strict=True))
            for name in book.sources
        },
        "benchmarks": {"names": " ".join(BENCHMARKS.values()).split(), "sources": PUBLIC},
        "left_out": [{"source": s, "model": m or "all", "why": why} for s, m, why in LEFT_OUT],
        "notes": NOTES,
    }


def _json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
