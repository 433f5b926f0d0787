"""Tables of commands, on a narrow terminal."""

import pytest

from turnout.cli import page

NAME = "openrouter/deepseek/deepseek-v4-flash"


def test_words_give_way_before_a_name_is_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    table = page.grid("model", "in", "can", numbers=1)
    table.add_row(NAME, "0.105", "images documents tools structured thinks")
    page.show(table)
    said = capsys.readouterr().out
    assert NAME in said and "0.105" in said and "structured" in said
    assert max(map(len, said.splitlines())) <= 60
