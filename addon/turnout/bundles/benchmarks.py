"""Public benchmark scores of models: a table of cells, one a model and benchmark, checked."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from turnout.bundles.tables import DataError

NAME = "benchmark_cells.csv"
# axis -> benchmarks in per cent, under an open licence, that clearly measure it
BENCHMARKS = {
    "agentic coding": "swe_bench_verified swe_bench_pro swe_bench_multilingual terminal_bench_1 "
    "terminal_bench_2.0 terminal_bench_2.1 deepswe_1.1",
    "assistant": "browsecomp apex_agents",
    "short coding": "aider_polyglot livecodebench livecodebench_v6 humaneval scicode",
    "tool calling": "bfcl_v4_overall tau1_retail tau1_airline tau2_retail tau2_airline "
    "tau2_telecom tau2_banking_knowledge",
    "everyday": "simplebench ifeval ifbench vectara_factual_consistency",
    "knowledge": "gpqa_diamond hle mmlu mmlu_pro simpleqa_verified",
    "mathematics": "aime_2024 aime_2025 hmmt_2025 math_500 math_level_5 mgsm frontiermath_t1_3 "
    "otis_mock_aime_24_25",
}
COLUMNS = {"model", "benchmark", "unit", "best", "median", "open_licence_row", "best_trust"}


@dataclass(frozen=True, slots=True)
class PublicScore:
    """The median of what was reported, 0..1."""

    model: str
    benchmark: str
    share: float


def find(folder: Path) -> Path | None:
    """Beside the labels, or in the folder `catalog` there or one up."""
    places = (folder, folder / "catalog", folder.parent / "catalog")
    return next((place / NAME for place in places if (place / NAME).is_file()), None)


def read(path: Path) -> list[PublicScore]:
    """Those in per cent, openly licensed, not read at second hand. Raises DataError when the file
    disagrees with itself."""
    found: dict[tuple[str, str], PublicScore] = {}
    for line, row in _rows(path):
        if not _usable(row):
            continue
        score = _checked(path, row, line)
        key = (score.model, score.benchmark)
        if found.setdefault(key, score) != score:
            raise DataError(
                f"{path}:{line}: {key[0]} has two scores on {key[1]}, "
                f"{found[key].share:.1%} and {score.share:.1%}; keep one"
            )
    return list(found.values())


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each with its line."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, restkey="")
            if missing := COLUMNS - {*(reader.fieldnames or ())}:
                raise DataError(f"{path}: has no column {', '.join(sorted(missing))}")
            for row in reader:
                if None in row.values() or "" in row:
                    raise DataError(f"{path}:{reader.line_num}: has not as many cells as the head")
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise DataError(f"{path}: cannot be read as a table in UTF-8: {e}") from e


def _usable(row: dict[str, str]) -> bool:
    open_ = row["open_licence_row"] == "1" and row["best_trust"] == "normal"
    return open_ and row["unit"].startswith("%")


def _checked(path: Path, row: dict[str, str], line: int) -> PublicScore:
    place = f"{path}:{line}: {row['model']} on {row['benchmark']}"
    try:
        median, best = float(row["median"]), float(row["best"])
    except ValueError as e:
        raise DataError(f"{place}: {e}") from e
    if not 0 <= median <= best <= 100:
        raise DataError(f"{place}: median {median:g} and best {best:g} cannot both be per cents")
    return PublicScore(row["model"], row["benchmark"], median / 100)
