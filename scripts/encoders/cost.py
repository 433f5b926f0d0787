"""Latency and memory of an encoder on one thread, in a process of its own."""

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

LENGTHS = (64, 128, 256)  # tokens of a fresh prompt, its special ones included
KINDS = ("minilm 64", "minilm 256", "static")
ROUNDS = 80
FILLER = "please fix the failing test in the parser and tell me why it broke "


def measured(kind: str, folder: Path) -> dict[str, Any]:
    found = subprocess.run(
        [sys.executable, "-m", "encoders.cost", kind, str(folder)],
        capture_output=True,
        check=True,
        text=True,
    )
    document: dict[str, Any] = json.loads(found.stdout)
    return document


def _measure(kind: str, folder: Path) -> dict[str, Any]:
    from encoders import variants

    before = _mb()
    name, _, tokens = kind.partition(" ")
    encoder = variants.minilm(folder, int(tokens or 64))
    call = encoder if name == "minilm" else variants.Static(encoder, [FILLER * 4])
    words = FILLER.split()
    texts = {n: " ".join((words * 30)[: n - 2]) for n in LENGTHS}  # each word is one token
    call(["warm"])
    times = {str(n): _median_ms(call, text) for n, text in texts.items()}
    return {"kind": kind, "ms": times, "mb": round(_mb() - before, 1)}


def _median_ms(call: Any, text: str) -> float:
    spent = []
    for n in range(ROUNDS):
        fresh = f"{n} {text[len(str(n)) :]}"
        start = time.perf_counter()
        call([fresh])
        spent.append(time.perf_counter() - start)
    return round(1000 * statistics.median(spent), 2)


def _mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], Path(sys.argv[2]))))
