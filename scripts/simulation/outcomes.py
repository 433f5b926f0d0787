"""Who solved what: scores of models on the same tasks, from the public labels.

    pip install pyarrow
    python scripts/simulation/outcomes.py --data DIR     writes outcomes.json beside this file

DIR holds routing/labels.parquet. Only scores are kept: no text, no name of a task.
Scores and bills: OpenHands index results (MIT), on SWE-bench Verified and SWT-bench.
"""

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

HERE = Path(__file__).with_name("outcomes.json")
SOURCES = {"swe": "swebv_openhands", "swt": "swtbench_openhands"}
# label's name: catalogue id
MODELS = {
    "claude-opus-4.7": "claude-opus-4-7",
    "minimax-m3": "minimax-m3",
    "gemini-3-flash": "gemini-3-flash-preview",
    "gpt-5.4": "gpt-5.4",
    "gemini-3.1-pro": "gemini-3.1-pro-preview",
}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """`solved`: by model, one flag a task; `usd`: mean bill of a task, as its harness logged it."""

    solved: dict[str, list[bool]]
    usd: dict[str, float]

    @property
    def tasks(self) -> int:
        return len(next(iter(self.solved.values())))

    def rate(self, model: str) -> float:
        return fmean(self.solved[model])


def load(suite: str) -> Outcomes:
    """`suite`: a key of SOURCES."""
    found = json.loads(HERE.read_text(encoding="utf-8"))[suite]
    return Outcomes(
        {m: [c == "1" for c in row] for m, row in found["solved"].items()}, found["usd"]
    )


def read(labels: Path, source: str) -> dict[str, object]:
    """Tasks that all MODELS have a score for."""
    import pyarrow.parquet as pq  # only here: the rest needs no parquet

    columns = ["source", "prompt_id", "model", "score", "cost_usd"]
    rows = pq.read_table(labels, columns=columns).to_pylist()
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    bills: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row["source"] == source and row["model"] in MODELS:
            model = MODELS[row["model"]]
            scores[row["prompt_id"]][model] = row["score"]
            bills[model] += [row["cost_usd"]] if row["cost_usd"] is not None else []
    full = [scores[task] for task in sorted(scores) if len(scores[task]) == len(MODELS)]
    solved = {m: "".join("1" if task[m] > 0.5 else "0" for task in full) for m in MODELS.values()}
    return {"solved": solved, "usd": {m: round(fmean(bills[m]), 4) for m in MODELS.values()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    labels = parser.parse_args().data / "routing" / "labels.parquet"
    found = {suite: read(labels, source) for suite, source in SOURCES.items()}
    HERE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
