"""`turnout keys`: from stdin or a prompt, never from argv; no secret is printed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from turnout.cli.commands import main
from turnout.guard import passwords
from turnout.guard.vault import Vault

SECRET = "sk-or-v1-canary"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TURNOUT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("turnout.paths.user_config", lambda: tmp_path / "none.toml")
    monkeypatch.setattr("turnout.guard.master._keyring_keeps", lambda *_: False)
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)


def run(*args: str, stdin: str = "") -> Result:
    found = CliRunner().invoke(main, ["keys", *args], input=stdin)
    assert SECRET not in found.output
    return found


def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "data")


def test_add_list_rotate_remove(tmp_path: Path) -> None:
    assert run("add", "openrouter", stdin=f"{SECRET}\n").exit_code == 0
    assert vault(tmp_path).entries()["openrouter"].secret == SECRET
    assert "vault:openrouter" in run("list").output
    (entry,) = json.loads(run("list", "--json").stdout)["entries"]
    assert (entry["name"], entry["provider"]) == ("openrouter", "openrouter")
    assert run("rotate", "openrouter", stdin="new").exit_code == 0
    assert vault(tmp_path).entries()["openrouter"].secret == "new"
    assert run("remove", "openrouter").exit_code == 0
    assert not vault(tmp_path).entries()


@pytest.mark.parametrize("command", ["add", "rotate", "remove"])
def test_a_key_on_the_command_line_is_refused(command: str, tmp_path: Path) -> None:
    run("add", "groq", stdin="x")
    for args in ((command, "groq", SECRET), (command, SECRET)):
        found = run(*args, stdin="y")
        assert found.exit_code == 2 and "history" in found.output
    assert vault(tmp_path).entries()["groq"].secret == "x"


def test_a_name_that_nothing_uses_says_what_to_do() -> None:
    assert 'key = "vault:spare"' in run("add", "spare", stdin="x").output


def test_a_variable_that_wins_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "y")
    assert (
        "OPENROUTER_API_KEY in the environment wins" in run("add", "openrouter", stdin="x").output
    )


def test_the_hash_of_a_password() -> None:
    found = run("hash", stdin=SECRET)
    assert passwords.matches(SECRET, found.stdout.strip())


def test_wrong_use() -> None:
    assert run("add", "groq", stdin="").exit_code == 2
    assert run("rotate", "groq", stdin="x").exit_code == 2
    run("add", "groq", stdin="x")
    assert "keys rotate groq" in run("add", "groq", stdin="x").output
