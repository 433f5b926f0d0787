"""`turnout uninstall`: what is turnout's goes, what is not stays."""

from pathlib import Path

import keyring
import pytest
from click.testing import CliRunner
from keyring.backends import fail

from pretend import pretended
from turnout.cli.commands import main
from turnout.guard import authority
from turnout.guard.vault import Vault
from turnout.store import Store


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    keyring.set_keyring(fail.Keyring())
    made = tmp_path / "data"
    monkeypatch.setenv("TURNOUT_DATA", str(made))
    Vault(made).add("groq", "secret")
    authority.prepare(made / "ca", ["localhost"])
    Store(made / "turnout.db").close()
    return made


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_it_asks_and_then_everything_is_gone(folder: Path) -> None:
    assert CliRunner().invoke(main, ["uninstall"], input="n\n").exit_code == 130
    assert names(folder) >= {"ca", "vault.json", "vault.key", "turnout.db"}
    found = CliRunner().invoke(main, ["uninstall"], input="y\n")
    assert found.exit_code == 0 and "still valid at their providers" in found.output
    assert not folder.exists()


def test_what_is_somebodys_stays_and_the_log_if_wanted(folder: Path) -> None:
    (folder / "mine.txt").touch()
    assert CliRunner().invoke(main, ["uninstall", "--yes", "--keep-log"]).exit_code == 0
    assert names(folder) == {"mine.txt", "turnout.db"}
    CliRunner().invoke(main, ["uninstall", "--yes"])
    assert names(folder) == {"mine.txt"}
    assert "nothing of it" in CliRunner().invoke(main, ["uninstall", "--yes"]).output


def test_not_while_it_runs(folder: Path) -> None:
    with pretended(folder.parent / "other") as running:
        running.announce(folder / "run.json")
        found = CliRunner().invoke(main, ["uninstall", "--yes"])
    assert found.exit_code == 1 and "end it first" in found.output
    assert (folder / "vault.json").exists()
