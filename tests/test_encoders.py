"""scripts/compare_encoders and distil_texts: what they say on data of which the answer is known."""

import argparse
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

import distil_texts
from encoders import __main__ as command
from encoders import page, utility, variants
from encoders.cost import Kind
from encoders.sets import Labelled
from turnout.bundles import runs
from turnout.paths import artifacts_dir

ENCODER = artifacts_dir() / "encoder"
# source: what its prompts ask, and who is good at it
TASKS = {
    "zeroeval_gsm": ("How many apples has Ann after she buys {} more and eats two?", "gpt-4-turbo"),
    "zeroeval_crux": ("def f(x):\n    return x * {}\nWhat does f(3) return?", "claude-3-opus"),
    "zeroeval_math-l5": ("Find the last digit of the {}th power of seven.", "gpt-4-turbo"),
}
MODELS = {"gpt-3.5-turbo": 0.4, "gpt-4-turbo": 0.4, "claude-3-opus": 0.4}
EACH = 40


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every task has one model that solves it; the others solve two fifths of it. A third source,
    outside the sets, has a question of its own and one that a set asks as well."""
    folder = tmp_path_factory.mktemp("labelled")
    asked, told = [], []
    for source, (text, best) in TASKS.items():
        for n in range(EACH):
            asked.append((f"{source}-{n}", source, "math", source, text.format(n), ""))
            for model, share in MODELS.items():
                score = 1.0 if model == best else float(n % 5 < 5 * share)
                told.append((source, f"{source}-{n}", model, score))
    twin = TASKS["zeroeval_gsm"][0].format(3)
    for n, text in enumerate(["Write a limerick about trains.", twin, f"{twin} Answer."]):
        asked.append((f"zoonk-{n}", "zoonk_evals", "writing", "", text, ""))
        told.append(("zoonk_results", f"zoonk-{n}", "gpt-3.5-turbo", 1.0))
    names = ("prompt_id", "source", "category", "domain", "prompt", "dup_group")
    table = pa.table(dict(zip(names, map(list, zip(*asked, strict=True)), strict=True)))
    parquet.write_table(table, folder / "prompts.parquet")
    names = ("source", "prompt_id", "model", "score")
    table = pa.table(dict(zip(names, map(list, zip(*told, strict=True)), strict=True)))
    parquet.write_table(table, folder / "labels.parquet")
    return folder


QUICK = {command.BASE, "true task labels", "nothing"}


def test_the_table(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped encoder as its own student differs by nothing; tasks are worth more than none."""
    every = command._groupings
    monkeypatch.setattr(
        command,
        "_groupings",
        lambda *found: {name: one for name, one in every(*found).items() if name in QUICK},
    )
    found = command.compared(
        argparse.Namespace(data=data, cache=None, most=1200, seeds=1),
        ENCODER,
        [Kind("student same", ENCODER, 256)],
    )
    assert "ZeroEval" in {one["name"] for one in found["sets"]}
    same = found["utility"][f"student same, {command.IN_USE}"]
    assert same["prompt"]["against_base"] == (0.0, 0.0, 0.0)
    assert same["source"] == found["utility"][command.BASE]["source"]
    known, unknown = (
        found["utility"][name]["prompt"]["mean"][0] for name in ("true task labels", "nothing")
    )
    assert known > 5 > 0 >= unknown


def test_prompts_that_are_judged_train_nobody(data: Path) -> None:
    book = runs.read(data, artifacts_dir())
    known = {
        one
        for row in distil_texts.judged(book.data)
        for one in distil_texts.shingles(book.data.prompts.text[row])
    }
    outside = list(distil_texts.prompts(book.data, "outside"))
    assert len(outside) == 3
    assert [text for text in outside if not distil_texts.near(text, known)] == outside[:1]
    assert len(list(distil_texts.prompts(book.data, "all"))) == 3 * EACH + 3


def test_open_text(tmp_path: Path) -> None:
    """Glosses, fortunes, pages and paragraphs fall into pieces; what is no text is not read."""
    (tmp_path / "data.noun").write_text(
        "0001 03 n 01 cat 0 000 | a small animal that purrs; \n" * 30
    )
    (tmp_path / "wit").write_text("All is flux.\n%\nNothing stays.\n" * 40)
    (tmp_path / "guide.rst").write_text("Install it.\n\nThen start it with care.\n\n" * 40)
    (tmp_path / "page.html").write_text(
        "<head><title>never read</title></head>" + "<p>A page <b>says</b> this.</p>" * 400
    )
    (tmp_path / "photo.png").write_text("never read " * 400)
    found = distil_texts.pieces(tmp_path, 1000, np.random.default_rng(0))
    assert found == distil_texts.pieces(tmp_path, 1000, np.random.default_rng(0))
    assert len(distil_texts.pieces(tmp_path, 2, np.random.default_rng(0))) == 2
    whole = "\n".join(found)
    assert "a small animal" in whole and "Nothing stays." in whole and "with care." in whole
    assert "A page says this.\n\nA page" in whole
    assert "0001 03" not in whole and "%" not in whole and "never read" not in whole
    assert all(len(piece) < 1100 for piece in found)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--data", "/nowhere"], "/nowhere/labels.parquet: no such file"),
        (["--latency", "--student", "/nowhere"], "/nowhere/manifest.json: No such file"),
    ],
    ids=["no data", "no encoder"],
)
def test_wrong_use_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, words: list[str], says: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["compare_encoders", *words])
    with pytest.raises(SystemExit) as left:
        command.main()
    assert says in str(left.value)


def labelled(task: list[str]) -> Labelled:
    """Two models; each solves the task of its own name. They cost the same."""
    names = np.array(task)
    score = np.stack([names == "a", names == "b"], axis=1).astype(float)
    group = np.array([str(n) for n in range(len(task))])
    return Labelled("ab", np.arange(len(task)), ["a", "b"], score, np.ones(2), names, group)


def test_utility_of_knowing_the_task() -> None:
    """Half of the prompts each: the best mix solves half of them, who knows the task all."""
    found = labelled(["a", "b"] * 100)
    assert utility.by_prompt(found, variants.truth)[0] == pytest.approx(50 * 13 / 14, abs=5)
    assert utility.by_prompt(found, variants.nothing())[0] <= 0
    assert utility.by_source(found, variants.truth)[0] <= 0  # the other task says nothing of it


def test_one_task_has_no_source_split() -> None:
    assert utility.by_source(labelled(["a"] * 50), variants.truth) is None


VERDICTS = {
    (0.3, 0.1, 0.5): "better",
    (-0.3, -0.5, -0.1): "worse",
    (0.0, -0.2, 0.2): "no loss",
    (0.1, -0.3, 0.5): "open",
}


@pytest.mark.parametrize(("against", "word"), VERDICTS.items())
def test_verdict(against: tuple[float, float, float], word: str) -> None:
    assert page.verdict(against) == word


def document() -> dict[str, object]:
    told = {"mean": (0.5, 0.2, 0.8), "against_base": (0.0, -0.1, 0.1), "sets": {"one": None}}
    row = {"ms": {"64": 4.0, "128": 8.0, "256": 16.0}, "ratio": {"64": 1, "128": 2, "256": 4}}
    return {
        "command": page.command(["--data", "/home/ann/routing", "--student", "../l3@128"]),
        "date": "2026-01-01",
        "base": "base",
        "read": {"routing/labels.parquet": "0123456789ab"},
        "costs": [{"name": "base", "mb": 70.0, **row}],
        "students": [
            {"name": "l3", "id": "three", "learned": {"texts": 9, "prompts": "all"}, "cosine": 0.9}
        ],
        "sets": [{"name": "one", "prompts": 1200, "models": 3, "tasks": 2}],
        "utility": {name: dict.fromkeys(page.ABOUT, told) for name in ("base", "other")},
    }


def test_the_report_says_how_it_was_made_and_keeps_what_people_wrote(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text(f"# Old\n{page.HAND}\n\nWe ship it.\n")
    for _ in range(2):
        page.written(path, document())
    made, _, hand = path.read_text().partition(page.HAND)
    assert hand.strip() == "We ship it."
    assert "scripts/compare_encoders --data routing --student l3@128\n" in made[:200]
    assert "Old" not in made
    assert "| other | no loss | no loss | yes |" in made
    assert "| l3 | three | 9 | all | None | 0.9 |" in made
    assert "| one | 1,200 | 3 | 2 |" in made
