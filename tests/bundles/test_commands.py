"""`turnout bundle`, `models` and `prices` as a person calls them."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import Result
from rich.console import Console

from bundles import world
from turnout.bundles import release
from turnout.cli import bundle_page

type Turnout = Callable[..., Result]

ARTIFACTS = Path(__file__).parents[2] / "artifacts"


@pytest.fixture
def trained(turnout: Turnout, data: Path) -> Turnout:
    result = turnout("bundle", "train", "--data", data, "--version", "one", "--clusters", 3)
    assert result.exit_code == 0, result.output
    return turnout


def test_the_same_seed_gives_the_same_bytes(trained: Turnout, artifacts: Path, data: Path) -> None:
    (artifacts / "bundles" / "one").rename(artifacts / "bundles" / "first")
    assert (
        trained("bundle", "train", "--data", data, "--version", "one", "--clusters", 3).exit_code
        == 0
    )
    for path in (artifacts / "bundles" / "first").iterdir():
        assert path.read_bytes() == (artifacts / "bundles" / "one" / path.name).read_bytes()


def test_a_version_is_written_once(trained: Turnout, data: Path) -> None:
    again = trained("bundle", "train", "--data", data, "--version", "one")
    assert again.exit_code == 2
    assert "bundle one is there already: a version is written once" in again.stderr


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "x" * 65])
def test_a_version_is_a_plain_name(
    turnout: Turnout, data: Path, artifacts: Path, name: str
) -> None:
    result = turnout("bundle", "train", "--data", data, f"--version={name or ' '}")
    assert result.exit_code == 2
    assert "is no name of a version" in result.stderr
    assert list((artifacts / "bundles").iterdir()) == []


def test_training_says_how_much_rests_on_labels(turnout: Turnout, data: Path) -> None:
    result = turnout("bundle", "train", "--data", data, "--version", "one", "--clusters", 3)
    assert "5 of 131 models have labels enough to count" in result.stderr


def test_training_does_not_promote(trained: Turnout, artifacts: Path) -> None:
    assert not (artifacts / "latest").exists()
    (row,) = json.loads(trained("bundle", "list", "--json").stdout)
    assert (row["version"], row["latest"], row["broken"]) == ("one", False, "")


def test_promote_checks_first(trained: Turnout, artifacts: Path) -> None:
    assert trained("bundle", "promote", "one").exit_code == 0
    assert (artifacts / "latest").read_text() == "one\n"
    path = artifacts / "bundles" / "one" / "quality.npy"
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0")
    (artifacts / "latest").write_text("another\n")
    spoiled = trained("bundle", "promote", "one")
    assert spoiled.exit_code == 2
    assert "quality.npy: SHA-256 is" in spoiled.stderr
    assert (artifacts / "latest").read_text() == "another\n"
    assert "quality.npy" in trained("bundle", "list").stdout


def test_promote_refuses_another_encoder(
    trained: Turnout, artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.OneWord, "dim", 9)
    wider = trained("bundle", "promote", "one")
    assert (wider.exit_code, "dim is 8, but the encoder here has 9" in wider.stderr) == (2, True)
    assert not (artifacts / "latest").exists()


@pytest.mark.parametrize("command", ["show", "promote"])
def test_a_version_that_is_not_there(trained: Turnout, command: str) -> None:
    result = trained("bundle", command, "on")
    assert result.exit_code == 2
    assert "there is no bundle 'on'; did you mean one?" in result.stderr


def test_latest_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "latest").write_text("old\n")
    release.replace(tmp_path / "latest", "new\n")
    assert [path.name for path in tmp_path.iterdir()] == ["latest"]
    assert (tmp_path / "latest").stat().st_mode & 0o777 == 0o644


def test_show_tells_who_wins_where_and_that_little_is_known(trained: Turnout) -> None:
    found = json.loads(trained("bundle", "show", "one", "--json").stdout)
    assert [row["prompts"] for row in found["clusters"]] == [40, 40, 40]
    assert found["models_with_labels"] == len(world.MODELS) - 1
    dial = found["dial"]["claude-opus-4-7"]
    assert dial["profiles"]["strict"]["bill_percent"] <= 100
    bills = [step["bill_percent"] for step in dial["steps"]]
    assert len(bills) == len(set(bills))
    assert "?" in trained("bundle", "show", "one").stdout


def test_show_of_an_unknown_request(trained: Turnout) -> None:
    result = trained("bundle", "show", "one", "--requested", "opus-4-7")
    assert result.exit_code == 2
    assert "claude-opus-4-7" in result.stderr


def test_diff_tells_what_moved(trained: Turnout, artifacts: Path, tmp_path: Path) -> None:
    worse = world.labels()
    pairs = zip(worse["model"], worse["score"], strict=True)
    worse["score"] = [0.0 if model == "minimax-m3" else score for model, score in pairs]
    world.write(tmp_path / "worse", worse)
    args = ("--data", tmp_path / "worse", "--version", "two", "--clusters", 3)
    assert trained("bundle", "train", *args).exit_code == 0
    found = json.loads(trained("bundle", "diff", "one", "two", "--json").stdout)
    moved = {row["model"]: row["most_points"] for row in found["quality"]}
    assert moved["minimax-m3"] < -20
    assert found["models_gone"] == found["models_new"] == []
    assert json.loads(trained("bundle", "diff", "one", "one", "--json").stdout)["quality"] == []
    assert "points" in trained("bundle", "diff", "one", "two").stdout


# -- eval


@pytest.fixture
def judged(trained: Turnout, data: Path, artifacts: Path) -> dict:
    result = trained("bundle", "eval", "one", "--data", data, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_eval_says_what_the_contract_says(judged: dict, artifacts: Path) -> None:
    assert judged["bundle"] == "one"
    assert set(judged["splits"]) == {"shipped", "prompt", "source"}
    assert judged["splits"]["shipped"]["sample"].startswith("in sample")
    rows = judged["splits"]["prompt"]["sources"]
    assert {row["name"] for row in rows} == set(world.SOURCES)
    for row in rows:
        assert (row["prompts"], row["models"]) == (40, 5)
        assert set(row["router"]) == {"strict", "parity", "thrift"}
        for one in (*row["router"].values(), row["knn"], row["oracle"], row["cheapest_at_90"]):
            for figure in ("quality", "against_requested", "bill_percent", "over_blind_mix"):
                assert one[figure]["low"] <= one[figure]["value"] + 1e-9
                assert one[figure]["value"] <= one[figure]["high"] + 1e-9
    classes = {row["name"] for row in judged["splits"]["prompt"]["classes"]}
    assert classes == {"agentic coding", "mathematics", "knowledge", "all"}
    assert judged["contamination"]["crossing_after_grouping"] == 0
    assert judged["contamination"]["trained_on"] == 120
    assert judged["models"]["left_out"]["with_public_scores"]["all"]["sources"] == 3


def test_the_router_finds_what_is_there(judged: dict) -> None:
    """Thrift takes the cheap model where it is as good, and keeps off where it is not."""
    rows = {
        row["name"]: row["router"]["thrift"]
        for row in judged["splits"]["prompt"]["sources"]
        if row["requested"] == "claude-opus-4-7"
    }
    assert rows["facts"]["bill_percent"]["value"] < 60
    assert rows["facts"]["against_requested"]["value"] > -8
    assert rows["issues"]["bill_percent"]["value"] > rows["facts"]["bill_percent"]["value"]


def test_prompts_never_seen_are_judged_and_seen_ones_are_not(
    trained: Turnout, tmp_path: Path
) -> None:
    """Half of the questions are new."""
    asked = world.prompts()
    fresh = [f"{text} anew {i}" for i, text in enumerate(asked["prompt"])]
    both = {
        "prompt_id": [*asked["prompt_id"], *(f"n-{name}" for name in asked["prompt_id"])],
        "source": asked["source"] * 2,
        "category": asked["category"] * 2,
        "prompt": [*asked["prompt"], *fresh],
    }
    table = world.labels()
    doubled = {name: column * 2 for name, column in table.items()}
    doubled["prompt_id"] = [*table["prompt_id"], *(f"n-{name}" for name in table["prompt_id"])]
    folder = world.write(tmp_path / "more", doubled, both)
    args = ("--data", folder, "--split", "shipped", "--json", "--no-report")
    found = json.loads(trained("bundle", "eval", "one", *args).stdout)
    assert found["contamination"]["trained_on"] == 120
    assert found["data"]["with_text"] == 240


def test_the_report_can_be_looked_at(judged: dict, artifacts: Path) -> None:
    folder = artifacts / "reports" / "one"
    page = (folder / "report.md").read_text()
    for words in ("# Bundle one, judged", "## Prompt:", "## Noise ceiling", "## Contamination"):
        assert words in page
    assert json.loads((folder / "eval.json").read_text()) == judged
    pictures = sorted(path.name for path in folder.glob("*.svg"))
    assert "clusters.svg" in pictures
    for name in pictures:
        assert f"({name})" in page
        ElementTree.fromstring((folder / name).read_text())


def test_no_text_of_a_prompt_is_in_bundle_or_report(judged: dict, artifacts: Path) -> None:
    for path in artifacts.rglob("*"):
        if path.is_file() and path.suffix in {".json", ".md", ".svg", ".npy"}:
            assert b"xxxxxx" not in path.read_bytes()


def test_eval_of_data_with_nothing_to_route(trained: Turnout, tmp_path: Path) -> None:
    table = world.labels() | {"model": ["nobody-7b"] * len(world.labels()["model"])}
    folder = world.write(tmp_path / "strange", table)
    result = trained("bundle", "eval", "one", "--data", folder, "--json", "--no-report")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["splits"]["shipped"]["sources"] == []
    assert any("no prompt with text has a label" in one["why"] for one in found["data"]["excluded"])


def test_prompts_of_every_kind(trained: Turnout, tmp_path: Path) -> None:
    """Other languages, one emoji, half a megabyte, nothing."""
    asked = world.prompts()
    asked["prompt"][:5] = ["为什么天空是蓝色的", "🙂", "word " * 100_000, "", None]
    folder = world.write(tmp_path / "odd", asked=asked)
    result = trained("bundle", "eval", "one", "--data", folder, "--json", "--no-report")
    assert result.exit_code == 0, result.output


def test_eval_of_a_strange_split(trained: Turnout, data: Path) -> None:
    result = trained("bundle", "eval", "one", "--data", data, "--split", "moon")
    assert result.exit_code == 2
    assert "there are shipped, prompt, source, model" in result.stderr


def test_vectors_are_kept_for_these_texts_only(
    trained: Turnout, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache.npz"
    args = ("--split", "shipped", "--no-report", "--cache", cache, "--json")
    first = trained("bundle", "eval", "one", "--data", data, *args)
    with monkeypatch.context() as patch:
        patch.setattr(world.OneWord, "__call__", lambda *_: 1 / 0)
        assert trained("bundle", "eval", "one", "--data", data, *args).stdout == first.stdout
    asked = world.prompts()
    asked["prompt"][0] = "another equation"
    world.write(tmp_path / "other", asked=asked)
    trained("bundle", "eval", "one", "--data", tmp_path / "other", *args)
    with np.load(cache) as kept:
        assert kept["vectors"].shape == (120, world.DIM)


def test_a_judgement_on_a_page_of_80_columns() -> None:
    """Names are whole, what is asked for stands below them, and nothing is minus nothing."""
    cell = {"against_requested": {"value": -0.04}, "bill_percent": {"value": 99.6}}
    found = {"name": "misguided_attention", "requested": "claude-opus-4-7", "prompts": 1234}
    found["router"] = dict.fromkeys(("strict", "parity", "thrift"), cell)
    found |= {"knn": cell, "cheapest_at_90": None, "oracle": cell}
    page = Console(width=80, file=StringIO(), color_system=None)
    page.print(bundle_page._split({"sources": [found], "classes": [], "mixed": []}))
    *_, first, second = page.file.getvalue().splitlines()
    assert first.split() == ["misguided_attention", "1,234", *4 * ["+0.0"], "-", "+0.0"]
    assert second.split() == ["claude-opus-4-7", *5 * ["100%"]]
