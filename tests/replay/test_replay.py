"""Recordings of every kind: the same session, the same money; damage is said, never fatal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from mitmproxy.io import FlowWriter

import decided
from replay import samples
from road import artifacts
from turnout.cli import main
from turnout.store import Store

type Run = Callable[..., Result]


@pytest.fixture
def whatif(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """`whatif(path, ...)` -> its JSON document, over artifacts in which minimax-m3 is as good."""
    monkeypatch.setenv("TURNOUT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TURNOUT_ARTIFACTS", str(artifacts.made(tmp_path / "artifacts")))
    monkeypatch.setattr("turnout.paths.user_config", lambda: tmp_path / "no.toml")
    monkeypatch.chdir(tmp_path)
    for name in ("TURNOUT_CONFIG", "OPENROUTER_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def run(*args: object, code: int = 0) -> dict[str, Any]:
        given = ["whatif", *map(str, args), "--provider", "openrouter", "--json"]
        result = CliRunner().invoke(main, given)
        assert result.exit_code == code, result.stderr
        return dict(json.loads(result.stdout)) if result.stdout else {"error": result.stderr}

    return run


# recording: (what was asked for, USD that it cost, skipped). The cost is the provider's own usage
# at list price: 3 * (10 * 5 + 200 * 25) + 5000 * 6.25 + (4000 + 4500) * 0.5 a million tokens
COST = (3 * (10 * 5 + 200 * 25) + 5000 * 6.25 + 8500 * 0.5) / 1e6
RECORDED: dict[str, tuple[str, float, dict[str, int]]] = {
    "claude.jsonl": (samples.MODEL, COST, {}),
    "codex.jsonl": (
        "gpt-5.4",
        (3 * 200 * 15 + (4010 + 510 + 1010) * 2.5 + 8000 * 0.25) / 1e6,
        {"told_twice": 3},
    ),
    "traffic.har": (samples.MODEL, COST, {"not_a_completion": 1, "unreadable": 1}),
    "traffic.flow": (samples.MODEL, COST, {"not_a_completion": 1}),
    "turnout.db": (samples.MODEL, 3 * 0.006155, {}),
}


@pytest.mark.parametrize("name", RECORDED)
def test_every_kind_of_recording(
    whatif: Callable[..., dict[str, Any]], tmp_path: Path, name: str
) -> None:
    asked, cost, skipped = RECORDED[name]
    found = whatif(samples.written(tmp_path, name))
    assert found["actions"] == 3
    assert found["skipped"] == skipped
    assert found["sessions"] == 1
    if name != "codex.jsonl":  # the bundle of this test knows no other model
        assert found["cost_usd"] == pytest.approx(cost)
        assert [pair["chosen"] for pair in found["pairs"]] == ["openrouter/minimax-m3"]
        assert found["saved_low_usd"] <= found["saved_usd"] <= found["saved_high_usd"]
        assert found["sessions_switched"] == 1
    assert {pair["requested"] for pair in found["pairs"]} <= {asked}


def test_a_resumed_transcript_is_counted_once(
    whatif: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """Its new file begins with the old history, under another session."""
    samples.write_lines(tmp_path / "a.jsonl", samples.claude())
    samples.write_lines(tmp_path / "b.jsonl", samples.claude(5, session="s-2"))
    found = whatif(tmp_path)
    assert (found["actions"], found["skipped"]) == (5, {"told_twice": 3})


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _noise(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], b"\xff\xfe not JSON\n", b"[1]\n", *lines[3:]]))


DAMAGE: dict[str, tuple[str, Callable[[Path], None], int, set[str]]] = {
    "a transcript cut in the middle": ("claude.jsonl", _cut, 3, {"cut"}),
    "noise in a transcript": ("claude.jsonl", _noise, 3, {"unreadable"}),
    "a rollout cut in the middle": ("codex.jsonl", _cut, 3, {"cut", "told_twice"}),
    "a HAR cut in the middle": ("traffic.har", _cut, 2, {"cut", "not_a_completion"}),
    "flows cut in the middle": ("traffic.flow", _cut, 2, {"cut", "not_a_completion"}),
}


@pytest.mark.parametrize(("name", "damage", "actions", "said"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_said_and_passed_over(
    whatif: Callable[..., dict[str, Any]],
    tmp_path: Path,
    name: str,
    damage: Callable[[Path], None],
    actions: int,
    said: set[str],
) -> None:
    path = samples.written(tmp_path, name)
    damage(path)
    found = whatif(path)
    assert found["actions"] == actions
    assert set(found["skipped"]) == said


def test_a_har_of_another_tool(whatif: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    """No times, no sizes, headers that are no list, no body: what can be read is."""
    entry = samples.entry(0)
    odd: list[Any] = [
        {"request": {"method": "POST", "url": samples.URL, "headers": None}, "response": {}},
        {**entry, "startedDateTime": None, "time": "4 s"},
        {**entry, "response": {"status": 200, "content": {}}},
        None,
        {},
    ]
    path = tmp_path / "odd.har"
    path.write_text(json.dumps({"creator": 1, "log": {"entries": odd}}))
    found = whatif(path)
    assert found["actions"] == 2
    assert found["skipped"] == {"no_answer": 1, "unreadable": 2}


def test_ten_megabytes_of_headers(whatif: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "large.flow"
    with path.open("wb") as file:
        FlowWriter(file).add(samples.flow(0, **{"x-large": "y" * 10_000_000}))
    found = whatif(path)
    assert (found["actions"], found["skipped"]) == (1, {})


def test_models_that_nobody_knows(whatif: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    lines = [json.dumps(line).replace(samples.MODEL, "mystery-1") for line in samples.claude()]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(lines))
    found = whatif(path)
    assert (found["actions"], found["left_at_home"]) == (3, {"unknown_model": 3})
    assert (found["pairs"], found["saved_usd"]) == ([], None)


def test_a_log_with_a_damaged_row(whatif: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    path = samples.written(tmp_path, "turnout.db")
    with Store.open(path) as log:
        log.add(decided.numbered(7, dialect="klingon"))
        log.add({"id": "bare", "at": decided.AT})
        log.add(decided.numbered(8, evidence="[", requested_model=samples.MODEL, cluster=99))
    found = whatif(path)
    assert (found["actions"], found["skipped"]) == (4, {"not_a_completion": 2})


CLASSES = {
    "the same class by its name": ("everything", True, 0),
    "no class of that name": ("small edits", True, 1),
    "unfamiliar then": ("unfamiliar, nearest to everything", True, 0),
    "not readable then": ("could not be read", False, 0),
}


@pytest.mark.parametrize(("label", "saved", "unknown"), CLASSES.values(), ids=CLASSES)
def test_a_log_of_an_earlier_bundle(
    whatif: Callable[..., dict[str, Any]], tmp_path: Path, label: str, saved: bool, unknown: int
) -> None:
    """Its classes have their names; what could not be read could be anything now, too."""
    careful = {"parity": {"epsilon": 0.02, "z": 0.5, "min_evidence": 0}}  # errors count
    artifacts.sign(tmp_path / "artifacts" / "bundles" / "test", profiles=careful)
    path = tmp_path / "turnout.db"
    with Store.open(path) as log:
        facts = {"bundle": "older", "cluster": 7, "cluster_label": label}
        log.add(decided.numbered(1, requested_model=samples.MODEL, **facts))
    found = whatif(path)
    assert (found["of_unknown_class"], (found["saved_usd"] or 0) > 0) == (unknown, saved)


WRONG = {
    "no such file": (("nothing.har",), "nothing.har: there is no such file"),
    "no recording": (("notes.txt",), "notes.txt: none of these: mitmproxy flows, HAR, transcripts"),
    "an empty folder": (("empty",), "empty: no recordings in there"),
    "no such bundle": (("claude.jsonl", "--bundle", "1999"), "--bundle 1999: not one of test"),
    "no such profile": (("claude.jsonl", "--profile", "lavish"), "'lavish' is not one of"),
    "no such provider": (("claude.jsonl", "--provider", "acme"), "--provider acme: not one of"),
}


@pytest.mark.parametrize(("args", "said"), WRONG.values(), ids=WRONG)
def test_wrong_use(
    whatif: Callable[..., dict[str, Any]], tmp_path: Path, args: tuple[str, ...], said: str
) -> None:
    samples.written(tmp_path, "claude.jsonl")
    (tmp_path / "notes.txt").write_text("buy milk")
    (tmp_path / "empty").mkdir()
    assert said in whatif(*args, code=2)["error"]


def test_in_words(whatif: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    """The table and the sentence on stdout, what was left out and the speed on stderr."""
    path = samples.written(tmp_path, "traffic.har")
    result = CliRunner(env={"COLUMNS": "200"}).invoke(
        main, ["whatif", str(path), "--provider", "openrouter"]
    )
    assert "openrouter/minimax-m3" in result.stdout
    assert "turnout would have saved $" in result.stdout
    assert "switching 1 of 1 sessions" in result.stdout
    assert "3 actions replayed with bundle test" in result.stderr
    assert "MB/s" in result.stderr
    assert "left out: 1 are no requests to a model" in result.stderr
