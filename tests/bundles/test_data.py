"""Labels and prompts as people bring them: refused in one sentence, or left out and said so."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bundles import world
from turnout.bundles import benchmarks
from turnout.bundles.data import Data, read
from turnout.bundles.facts import facts
from turnout.bundles.names import Names
from turnout.bundles.tables import DataError
from turnout.cli import bundle_page
from turnout.errors import ConfigError
from turnout.route.catalog import Catalog

type Columns = dict[str, list[object]]


def catalog() -> Catalog:
    return Catalog.load(Path(__file__).parents[2] / "artifacts" / "catalog.json")


def load(folder: Path, *, strict: bool = False) -> Data:
    known = catalog()
    return read(folder, facts(known), Names(known), strict=strict)


def said(data: Data) -> str:
    return "\n".join(f"{one.rows} {one.what}: {one.why}" for one in data.excluded)


def test_a_plain_folder(data: Path) -> None:
    found = load(data)
    assert found.sources == ["facts", "issues", "sums"]
    assert len(found.labels.score) == 120 * len(world.MODELS)
    assert said(found) == "120 model nobody-7b: not in the catalogue: never routed to"


def changed(**columns: Callable[[list[object]], list[object]]) -> Columns:
    table = world.labels()
    return table | {name: change(table[name]) for name, change in columns.items()}


def first(value: object) -> Callable[[list[object]], list[object]]:
    return lambda column: [value, *column[1:]]


LEFT_OUT = {
    "c_nan: a score that is none": (changed(score=first(float("nan"))), "1 labels: no score"),
    "c_null: a score that is null": (changed(score=first(None)), "1 labels: no score"),
    "a score above 1 spoils its source": (
        changed(score=first(2.0)),
        "240 source issues: 1 of its scores are not from 0 to 1: all of it",
    ),
    "an infinite score too": (changed(score=first(float("inf"))), "240 source issues: 1 of its"),
    "a model nobody knows": (
        changed(model=lambda column: ["hal-9000", *column[1:]]),
        "1 model hal-9000: not in the catalogue",
    ),
    "a prompt that is not there": (
        changed(prompt_id=first("nowhere")),
        "1 labels: their prompt_id is not in prompts.parquet",
    ),
    "rows twice": (
        {name: column * 2 for name, column in world.labels().items()},
        "720 labels: more rows on the same source, prompt and model",
    ),
}


@pytest.mark.parametrize(("labels", "words"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_left_out_is_said(tmp_path: Path, labels: Columns, words: str) -> None:
    found = load(world.write(tmp_path, labels))
    assert words in said(found)
    assert ((found.labels.score >= 0) & (found.labels.score <= 1)).all()


def test_rows_twice_are_no_more_labels(tmp_path: Path, data: Path) -> None:
    twice = load(world.write(tmp_path, {n: c * 2 for n, c in world.labels().items()}))
    once = load(data)
    assert np.array_equal(twice.labels.score, once.labels.score)
    assert len(twice.repeats) == 0  # a copy says nothing of noise


def test_runs_that_differ_are_averaged_and_tell_of_noise(tmp_path: Path) -> None:
    table = world.labels()
    runs = {name: column * 2 for name, column in table.items()}
    runs["score"] = [1.0] * len(table["score"]) + [0.0] * len(table["score"])
    runs["cost_usd"] = [1.0] * len(table["score"]) + [2.0] * len(table["score"])
    found = load(world.write(tmp_path, runs))
    assert set(found.labels.score.tolist()) == {0.5}
    assert set(found.labels.usd.tolist()) == {1.5}
    assert found.repeats.tolist() == [[1.0, 0.0]] * len(table["score"])


def test_a_prompt_without_text_is_counted(tmp_path: Path) -> None:
    asked = world.prompts()
    asked["prompt"][:3] = [None, "", "  "]
    found = load(world.write(tmp_path, asked=asked))
    assert "3 issues: 3 prompts: prompts without text: they cannot be routed" in said(found)


def test_a_prompt_twice_counts_once(tmp_path: Path) -> None:
    asked = {name: [*column, column[0]] for name, column in world.prompts().items()}
    found = load(world.write(tmp_path, asked=asked))
    assert len(found.prompts.id) == 120
    assert "1 prompts: prompt_id is there already" in said(found)


REFUSED = {
    "no labels.parquet": (lambda f: (f / "labels.parquet").unlink(), "labels.parquet: there is no"),
    "no prompts": (lambda f: (f / "prompts.parquet").unlink(), "prompts.parquet: there is no such"),
    "not parquet": (
        lambda f: (f / "labels.parquet").write_text("source,score"),
        "labels.parquet: cannot be read as parquet",
    ),
    "truncated": (
        lambda f: (f / "labels.parquet").write_bytes((f / "labels.parquet").read_bytes()[:-30]),
        "labels.parquet: cannot be read as parquet",
    ),
    "a column missing": (
        lambda f: world.write(f, {n: c for n, c in world.labels().items() if n != "model"}),
        "labels.parquet: has no column model; it has prompt_id, score, source",
    ),
    "words for scores": (
        lambda f: world.write(f, changed(score=lambda c: ["good"] * len(c))),
        "column score holds something that is no number",
    ),
    "nothing left": (
        lambda f: world.write(f, changed(score=lambda c: [None] * len(c))),
        "no row can be used; 720 rows of labels: no score",
    ),
}


@pytest.mark.parametrize(("spoil", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused(
    data: Path, spoil: Callable[[Path], object], words: str
) -> None:
    spoil(data)
    with pytest.raises(DataError) as caught:
        load(data)
    assert words in str(caught.value)


def test_who_trains_on_scores_above_one_is_told(tmp_path: Path) -> None:
    world.write(tmp_path, changed(score=first(87.0)))
    with pytest.raises(DataError, match="source 'issues': 1 of its scores are not from 0 to 1"):
        load(tmp_path, strict=True)


def test_without_pyarrow_it_says_what_to_install(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigError, match="needs pyarrow: install turnout with its extra `train`"):
        load(data)


# what a label file calls it -> the catalogue's id
NAMES = {
    "claude-opus-4-7": "claude-opus-4-7",
    "claude-opus-4.7": "claude-opus-4-7",
    "anthropic/claude-opus-4.7": "claude-opus-4-7",
    "Claude Opus 4.7": "claude-opus-4-7",
    "claude-opus-4-7-20260301": "claude-opus-4-7",
    "gpt-5.2:high": "gpt-5.2",
    "o4-mini-high": "o4-mini",
    "gemini-3.1-pro": "gemini-3.1-pro-preview",
    "qwen3-coder-480b": "qwen3-coder-480b-a35b",
    "deepseek-v3-0324": "",
    "claude-3.5-sonnet-0620": "",
    "gpt-99": "",
    "": "",
    "🙂": "",
}


@pytest.mark.parametrize(("name", "id"), NAMES.items(), ids=repr)
def test_names(name: str, id: str) -> None:
    assert Names(catalog())(name) == id


CELL = "gpt-5.4,gpqa_diamond,%,90,80,1,normal"
BENCHMARKS = {
    "two scores": (
        [CELL, "gpt-5.4,gpqa_diamond,%,90,70,1,normal"],
        "has two scores on gpqa_diamond",
    ),
    "a median above the best": (["gpt-5.4,hle,%,40,50,1,normal"], "cannot both be per cents"),
    "above 100": (["gpt-5.4,hle,%,140,50,1,normal"], "cannot both be per cents"),
    "not a number": (["gpt-5.4,hle,%,40,many,1,normal"], "could not convert"),
    "NaN": (["gpt-5.4,hle,%,nan,nan,1,normal"], "cannot both be per cents"),
    "cut short": ([CELL, "gpt-5.4,hle,%,40"], "csv:3: has not as many cells as the head"),
    "a comma too many": ([CELL + ",x"], "csv:2: has not as many cells as the head"),
}


@pytest.mark.parametrize(("rows", "words"), BENCHMARKS.values(), ids=BENCHMARKS)
def test_a_benchmark_file_that_disagrees_with_itself(
    tmp_path: Path, rows: list[str], words: str
) -> None:
    world.benchmark_cells(tmp_path, rows)
    with pytest.raises(DataError, match=words) as caught:
        benchmarks.read(tmp_path / benchmarks.NAME)
    assert "benchmark_cells.csv:" in str(caught.value)


def test_public_scores_are_open_first_hand_and_in_per_cent(tmp_path: Path) -> None:
    closed, second, elo = (
        "a,hle,%,9,9,0,normal",
        "b,hle,%,9,9,1,low",
        "c,elo,Elo,1400,1400,1,normal",
    )
    world.benchmark_cells(tmp_path, [CELL, CELL, closed, second, elo])
    (found,) = benchmarks.read(tmp_path / benchmarks.NAME)
    assert (found.model, found.benchmark, found.share) == ("gpt-5.4", "gpqa_diamond", 0.8)


def test_a_benchmark_file_of_other_letters(tmp_path: Path) -> None:
    world.benchmark_cells(tmp_path, [CELL])
    path = tmp_path / benchmarks.NAME
    path.write_bytes(path.read_bytes() + "caf\u00e9,hle,%,9,9,1,normal".encode("latin-1"))
    with pytest.raises(DataError, match="cannot be read as a table in UTF-8"):
        benchmarks.read(path)


def test_labels_of_strangers_alone_teach_nothing(tmp_path: Path) -> None:
    """What would be trained is a guess by price and date, presented as knowledge."""
    strange = changed(model=lambda column: [f"hal-{n % 4}" for n, _ in enumerate(column)])
    said = (
        "none of its models is in the catalogue .hal-0, hal-1, hal-2 and 1 more.; `turnout models"
    )
    with pytest.raises(DataError, match=said):
        load(world.write(tmp_path, strange), strict=True)


def test_what_is_left_out_for_one_reason_stands_in_one_line() -> None:
    """Else the reasons that matter are lost among the names of models."""
    found = [
        *({"what": f"model m{n}", "rows": 10, "why": "never routed to"} for n in range(30)),
        {"what": "labels", "rows": 1, "why": "no score"},
        {"what": "public scores", "rows": 0, "why": "no file"},
    ]
    assert list(bundle_page.excluded(found)) == [
        "left out: model m0, model m1, model m2 and 27 more (300 rows): never routed to",
        "left out: labels (1 row): no score",
        "left out: public scores: no file",
    ]
