"""The fidelity table: nothing is lost in silence, and README has what the script makes."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

import fidelity
from fidelity_answers import TOLD
from fidelity_probes import ASKED

README = Path(__file__).parents[1] / "README.md"
PAIRS = [f"{fidelity.LETTERS[a]}→{fidelity.LETTERS[b]}" for a, b in fidelity.pairs()]
ROWS = {
    name: dict(zip(PAIRS, cells, strict=True)) for name, *cells in fidelity.rows(fidelity.Notes())
}

# feature, pair -> what the table must say
KNOWN: dict[tuple[str, str], str] = {
    ("parallel calls and their results", "A→C"): "✓",
    ("web search by the provider", "A→C"): "server_tools",
    ("citations", "A→C"): "citations",
    ("several answers", "C→A"): "n",
    ("temperature 1.5", "C→A"): "sampling",
    ("stop sequences", "A→R"): "stop",
    ("a conversation kept by the provider", "R→A"): "native_only",
    ("a recursive schema", "A→G"): "recursive_schema",
    ("*end: a stop sequence*", "A→C"): "≈",
    ("a field nobody knows", "G→R"): "unknown_field",
}


@pytest.mark.parametrize("name", ROWS)
def test_nothing_is_lost_in_silence(name: str) -> None:
    assert fidelity.LOST not in ROWS[name].values()


@pytest.mark.parametrize(("name", "pair"), KNOWN, ids=lambda part: part)
def test_what_is_known(name: str, pair: str) -> None:
    assert ROWS[name][pair] == KNOWN[name, pair]


def test_every_feature_is_a_row_and_some_dialect_has_a_word_for_it() -> None:
    assert len(ROWS) == len(ASKED) + len(TOLD)
    assert [name for name, cells in ROWS.items() if not any(cells.values())] == []


def test_every_pair_of_dialects_is_a_column() -> None:
    assert len(PAIRS) == len(fidelity.DIALECTS) * (len(fidelity.DIALECTS) - 1)


def test_readme_has_this_table() -> None:
    text = README.read_text()
    if fidelity.BEGIN in text:
        shown = text.split(fidelity.BEGIN)[1].split(fidelity.END)[0].strip()
        assert shown == fidelity.table(), "scripts/fidelity README.md writes it"


def test_it_is_put_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{fidelity.BEGIN}\nold\n{fidelity.END}\nafter\n")
    fidelity.main([str(page)])
    assert page.read_text() == (
        f"before\n{fidelity.BEGIN}\n{fidelity.table()}\n{fidelity.END}\nafter\n"
    )


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n")
    with pytest.raises(SystemExit, match="has no <!-- fidelity -->"):
        fidelity.main([str(page)])
    assert page.read_text() == "before\n"
