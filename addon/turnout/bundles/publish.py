"""Writes a bundle's folder, its digests and what a reader should know of its making."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from turnout.bundles.benchmarks import BENCHMARKS
from turnout.bundles.contamination import fingerprints
from turnout.bundles.data import Data
from turnout.bundles.quality import LEAST, MOST, Quality
from turnout.route.bundle import FILES, HEAD, Bundle

if TYPE_CHECKING:
    from turnout.bundles.train import Learned

SEEN = "seen.npy"
SINGLE, HALF = "<f4", "<f2"  # precision on disk; why half is enough: route/bundle.py
UNSTATED = ("not stated", "not stated", "not stated")
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
    "Standard errors of models with fewer than 20 labels are twice what the prior says: on the day "
    "models arrive their errors are measured to be that much larger (bundles/quality.py).",
    "Modern models have labels on agentic coding and structured output only; elsewhere their "
    "quality rests on price, release date and public benchmarks (evidence 0, larger se).",
    "Of what a model does on one source beyond its abilities, half is taken for its way with the "
    "task, half for the harness and noise (OWN in bundles/prior.py).",
]


def write(
    folder: Path,
    bundle: Bundle,
    learned: "Learned",
    data: Data,
    recipe: dict[str, Any],
    public: bool,
) -> None:
    with whole(folder) as new:
        _arrays(new, bundle, data)
        document(new / "clusters.json", _rows(learned, data))
        document(new / "models.json", list(bundle.models))
        document(new / "manifest.json", _manifest(new, bundle, learned, data, recipe, public))


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """All of it or nothing: the folder appears when it is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as scratch:
        new = Path(scratch) / folder.name
        new.mkdir()
        yield new
        shutil.move(new, folder)


def _arrays(folder: Path, bundle: Bundle, data: Data) -> None:
    for name in ("centroids", "quality", "se", "apart", "evidence"):
        array(folder, name, getattr(bundle, name))
    if bundle.head is not None:
        array(folder, "head", bundle.head)
    np.save(folder / SEEN, fingerprints(data.prompts.text))


def array(folder: Path, name: str, values: NDArray[np.float64]) -> None:
    np.save(folder / f"{name}.npy", values.astype(HALF if name == "apart" else SINGLE))


def _rows(learned: "Learned", data: Data) -> list[dict[str, Any]]:
    return [
        row
        | {
            "labels": {
                data.sources[s]: round(float(part), 4)
                for s, part in enumerate(shares)
                if part >= 0.02
            }
        }
        for row, shares in zip(learned.rows, learned.found.share, strict=True)
    ]


def _manifest(
    folder: Path,
    bundle: Bundle,
    learned: "Learned",
    data: Data,
    recipe: dict[str, Any],
    public: bool,
) -> dict[str, Any]:
    labelled = {data.models[m] for m in data.labels.model} & set(bundle.models)
    return {
        "version": bundle.version,
        "encoder": bundle.encoder,
        "dim": bundle.dim,
        "files": {f: digest(folder / f) for f in (*parts(bundle), SEEN)},
        "temperature": bundle.temperature,
        "top": bundle.top,
        "familiar": list(bundle.familiar),
        "profiles": {name: asdict(profile) for name, profile in bundle.profiles.items()},
        "maker": "scripts/train_bundle.py",
        "recipe": recipe,
        "clusters": len(bundle.labels),
        "models": len(bundle.models),
        "models_with_labels": len(labelled),
        "labels": len(data.labels.score),
        "prompts_with_text": sum(map(bool, data.prompts.text)),
        "shrinkage": _shrinkage(learned.found, data),
        "prior_scales": asdict(learned.scales),
        "sources": {
            name: dict(
                zip(("repository", "labels", "texts"), LICENCES.get(name, UNSTATED), strict=True)
            )
            for name in data.sources
        },
        "benchmarks": {
            "names": " ".join(BENCHMARKS.values()).split() if public else [],
            "sources": PUBLIC if public else [],
        },
        "left_out": [asdict(one) for one in data.excluded],
        "notes": NOTES,
    }


def _shrinkage(found: Quality, data: Data) -> dict[str, Any]:
    pseudo = zip(data.sources, found.pseudo, strict=True)
    counts = {name: round(float(n)) for name, n in pseudo}
    return {"least": LEAST, "most": MOST, "pseudo_counts": counts}


def parts(bundle: Bundle) -> tuple[str, ...]:
    """Its files, but for those that only say how it was made."""
    return FILES if bundle.head is None else (*FILES, HEAD)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def document(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
