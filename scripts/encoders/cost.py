"""Latency and memory of encoders on one thread, in processes of their own.

Latencies are seconds of the thread itself, not of the clock, and the encoders take turns: on a busy
machine they hardly wander, and their ratios less still.
"""

import json
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LENGTHS = (64, 128, 256)  # tokens of a fresh prompt, its special ones included
ROUNDS = 60
FILLER = "please fix the failing test in the parser and tell me why it broke "

type Call = Callable[[list[str]], Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """`tokens`: how many the encoder in `folder` reads; 0 for the table of its tokens."""

    name: str
    folder: Path
    tokens: int

    @property
    def words(self) -> list[str]:
        return [self.name, str(self.folder), str(self.tokens)]


def shipped(folder: Path, tokens: int) -> list[Kind]:
    """`tokens`: that the encoder in `folder` reads. The first is what others are compared with."""
    return [
        Kind("MiniLM 256", folder, 256),
        Kind("MiniLM 64", folder, 64),
        Kind(f"MiniLM {tokens}", folder, tokens),
        Kind("static", folder, 0),
    ]


def measured(kinds: Sequence[Kind]) -> list[dict[str, Any]]:
    """-> a row each: milliseconds and share of the first one's by length, and MB."""
    times = _alone("times", *kinds)
    memory = {kind.name: _alone("memory", kind) for kind in kinds}
    first = times[kinds[0].name]
    return [
        {
            "name": kind.name,
            "ms": times[kind.name],
            "ratio": {n: round(ms / first[n], 3) for n, ms in times[kind.name].items()},
            "mb": memory[kind.name],
        }
        for kind in kinds
    ]


def _alone(what: str, *kinds: Kind) -> Any:
    words = [word for kind in kinds for word in kind.words]
    found = subprocess.run(
        [sys.executable, "-m", "encoders.cost", what, *words],
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(found.stdout)


def _call(kind: Kind) -> Call:
    from encoders import variants

    encoder = variants.minilm(kind.folder, kind.tokens or 64)
    call = encoder if kind.tokens else variants.Static(encoder, [FILLER * 4])
    call(["warm"])
    return call


def _memory(kinds: Sequence[Kind]) -> float:
    before = _mb()
    call = _call(kinds[0])
    for text in _texts().values():
        call([text])
    return round(_mb() - before, 1)


def _times(kinds: Sequence[Kind]) -> dict[str, dict[str, float]]:
    calls = {kind.name: _call(kind) for kind in kinds}
    spent: dict[str, dict[str, list[float]]] = {name: {} for name in calls}
    for turn in range(ROUNDS):
        for n, text in _texts().items():
            fresh = f"{turn} {text[len(str(turn)) :]}"
            for name, call in calls.items():
                spent[name].setdefault(n, []).append(_seconds(call, fresh))
    return {
        name: {n: round(1000 * statistics.median(one), 3) for n, one in by.items()}
        for name, by in spent.items()
    }


def _texts() -> dict[str, str]:
    """Each word is one token."""
    words = FILLER.split() * 30
    return {str(n): " ".join(words[: n - 2]) for n in LENGTHS}


def _seconds(call: Call, text: str) -> float:
    start = time.thread_time()
    call([text])
    return time.thread_time() - start


def _mb() -> float:
    """The most so far. Linux: of this program alone; getrusage counts what started it, too."""
    status = Path("/proc/self/status")
    if status.is_file():
        return float(re.findall(r"VmHWM:\s+(\d+)", status.read_text())[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _kinds(words: Sequence[str]) -> list[Kind]:
    rows = zip(words[::3], words[1::3], words[2::3], strict=True)
    return [Kind(name, Path(folder), int(tokens)) for name, folder, tokens in rows]


if __name__ == "__main__":
    kinds = _kinds(sys.argv[2:])
    print(json.dumps(_times(kinds) if sys.argv[1] == "times" else _memory(kinds)))
