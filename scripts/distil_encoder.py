"""A student of a few of MiniLM's layers, trained to give the vectors that all six give.

    .venv/bin/python scripts/distil_texts.py --data DIR --open PATH... --out TEXTS
    VENV/bin/python scripts/distil_encoder.py --texts TEXTS --out STUDENT
        [--layers 0,2,5] [--epochs 1] [--seed 0] [--weights FOLDER] [--start FOLDER]

VENV as in export_encoder.py; STUDENT becomes a folder like artifacts/encoder. One core, one thread:
three minutes of it for 8,700 texts and three layers. The student starts as the teacher's layers of
those numbers, with its embeddings, which stay as they are. Its loss: one less the cosine of its
pooled vector to the teacher's, and how far the cosines between a batch's texts are from the
teacher's. One text in forty is held out, and tells how near it came. The same seed, texts and
kind of CPU give the same weights: one thread adds up in one order. `--weights` keeps them for
transformers, and `--start` goes on from such a folder.
"""

import argparse
import json
import math
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from transformers import AutoModel

import export_encoder
from export_encoder import ROOT

BATCH = 32
RATE = 4e-4  # of AdamW, after a warm-up of a twentieth of the steps; then linearly down to nothing
SIMILAR = 5.0  # weight of the squared error of cosines between texts
HELD_OUT = 40  # one text of so many
POOL = 16  # batches that are drawn together and sorted by length: less padding
MEASURED = 400  # held-out texts that tell what int8 costs


def pooled(model: torch.nn.Module, rows: Sequence[list[int]]) -> torch.Tensor:
    """-> (texts, dim), mean over tokens, length one. Half precision inside."""
    ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = 1
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    mean = (hidden.float() * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
    return functional.normalize(mean, dim=1)


def vectors(model: torch.nn.Module, rows: Sequence[list[int]]) -> torch.Tensor:
    """-> (texts, dim)"""
    with torch.no_grad():
        parts = [pooled(model, rows[i : i + BATCH]) for i in range(0, len(rows), BATCH)]
    return torch.cat(parts)


def read(path: Path) -> tuple[list[list[int]], torch.Tensor, dict[str, object]]:
    """What distil_texts.py wrote: token ids, the teacher's vectors, how they were made."""
    with np.load(path) as kept:
        ends = np.cumsum(kept["lengths"]).tolist()
        ids = kept["ids"].tolist()
        rows = [ids[start:end] for start, end in zip([0, *ends], ends, strict=False)]
        return rows, torch.from_numpy(kept["vectors"]), json.loads(str(kept["about"]))


def student(folder: Path, layers: Sequence[int]) -> torch.nn.Module:
    """The teacher with these of its layers; its embeddings do not learn, nothing drops out."""
    model = AutoModel.from_pretrained(folder).eval()
    kept = [model.encoder.layer[layer] for layer in layers]
    model.encoder.layer = torch.nn.ModuleList(kept)
    model.config.num_hidden_layers = len(kept)
    model.embeddings.requires_grad_(False)
    return model


def batches(rows: Sequence[list[int]], rng: np.random.Generator) -> Iterator[list[int]]:
    """Every text once, in batches of texts of a length."""
    drawn = rng.permutation(len(rows)).tolist()
    for start in range(0, len(drawn), BATCH * POOL):
        pool = sorted(drawn[start : start + BATCH * POOL], key=lambda at: len(rows[at]))
        parts = [pool[i : i + BATCH] for i in range(0, len(pool), BATCH)]
        for at in rng.permutation(len(parts)).tolist():
            yield parts[at]


def loss(found: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
    apart = 1 - (found * told).sum(1).mean()
    return apart + SIMILAR * functional.mse_loss(found @ found.T, told @ told.T)


def train(
    model: torch.nn.Module, rows: Sequence[list[int]], told: torch.Tensor, epochs: int, seed: int
) -> None:
    learning = [one for one in model.parameters() if one.requires_grad]
    adam = torch.optim.AdamW(learning, RATE, weight_decay=0.01)
    steps = epochs * math.ceil(len(rows) / BATCH)
    pace = torch.optim.lr_scheduler.LambdaLR(
        adam, lambda step: min((step + 1) / (steps / 20), (steps - step) / steps)
    )
    rng, began, done = np.random.default_rng(seed), time.monotonic(), 0
    for _ in range(epochs):
        for at in batches(rows, rng):
            off = loss(pooled(model, [rows[i] for i in at]), told[at])
            adam.zero_grad()
            off.backward()
            torch.nn.utils.clip_grad_norm_(learning, 1.0)
            adam.step()
            pace.step()
            done += 1
            if done % 25 == 0:
                spent = time.monotonic() - began
                print(f"step {done}/{steps}, loss {off.item():.4f}, {spent:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--layers", default="0,2,5")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--start", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    torch.use_deterministic_algorithms(mode=True)
    layers = [int(one) for one in args.layers.split(",")]
    rows, aims, told = read(args.texts)
    held = np.arange(len(rows)) % HELD_OUT == 0
    kept, out = np.flatnonzero(~held).tolist(), np.flatnonzero(held).tolist()
    model = student(args.start or export_encoder.source(), layers)
    train(model, [rows[i] for i in kept], aims[kept], args.epochs, args.seed)
    near = (vectors(model, [rows[i] for i in out]) * aims[out]).sum(1)
    name = f"minilm-l{len(layers)}-student-{told['prompts']}-int8-t{told['tokens']}"
    args.out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "artifacts" / "encoder" / "LICENSE", args.out / "LICENSE")
    about = {
        "id": name,
        "max_tokens": told["tokens"],
        "maker": "scripts/distil_encoder.py",
        "changes": f"layers {args.layers} trained to give the vectors of all six; then exported "
        "to ONNX, fused, quantised dynamically to int8",
        "trained": {
            "texts": len(kept),
            "prompts": told["prompts"],
            "epochs": args.epochs,
            "seed": args.seed,
        },
        "measured": {
            "held_out": len(out),
            "cosine_to_teacher_mean": round(float(near.mean()), 4),
            "cosine_to_teacher_p05": round(float(near.quantile(0.05)), 4),
        },
    }
    shown = [rows[i] for i in out[:MEASURED]]
    with tempfile.TemporaryDirectory() as scratch:
        weights = args.weights or Path(scratch)
        model.save_pretrained(weights)
        shutil.copyfile(export_encoder.source() / "tokenizer.json", weights / "tokenizer.json")
        export_encoder.make(weights, args.out, shown, about)


if __name__ == "__main__":
    main()
