"""Which provider has which key, while the vault changes and providers refuse."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from turnout import config
from turnout.guard import private
from turnout.guard.keys import Keys
from turnout.guard.vault import Vault

NOW = 1000.0


def keys(vault: Vault, toml: str = "", environ: Mapping[str, str] = {}) -> Keys:
    file = vault.path.parent / "turnout.toml"
    file.write_text(toml)
    found = config.load([file], {})
    return Keys(found.providers.values(), environ, vault, lambda: NOW)


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    monkeypatch.setattr("turnout.guard.master._keyring_keeps", lambda *_: False)
    made = Vault(tmp_path)
    made.add("openrouter", "s3cret-1")
    made.add("mine", "two")
    return made


def test_a_key_named_as_a_provider_is_its_key(vault: Vault) -> None:
    found = keys(vault)
    assert found.get("openrouter") == "s3cret-1" and "mine" not in found
    assert "s3cret-1" not in repr(found) + str(found.report())


def test_the_configuration_before_the_environment_before_the_name(vault: Vault) -> None:
    environ = {"OPENROUTER_API_KEY": "env"}
    assert keys(vault, environ=environ).get("openrouter") == "env"
    said = '[providers.openrouter]\nkey = "vault:mine"'
    assert keys(vault, said, environ).get("openrouter") == "two"
    assert keys(vault, said, environ).report()[0]["source"] == "vault:mine"


def test_what_changes_in_the_vault_holds_from_the_next_look(vault: Vault) -> None:
    found = keys(vault)
    before = found.version
    vault.rotate("openrouter", "new")
    assert found.get("openrouter") == "s3cret-1", "until it looks"
    found.refresh()
    assert (found.get("openrouter"), found.version) == ("new", before)
    vault.remove("openrouter")
    found.refresh()
    assert "openrouter" not in found and found.version == before + 1


def test_a_missing_key_is_told_with_its_place(vault: Vault) -> None:
    found = keys(vault, '\n[providers.groq]\nkey = "vault:mime"')
    assert "groq" not in found
    (said,) = found.warnings()
    assert (
        "turnout.toml:3: providers.groq.key: the vault has no 'mime'; did you mean 'mine'" in said
    )
    assert "`turnout keys add mime`" in said


def test_a_vault_that_breaks_costs_no_key_that_is_known(vault: Vault) -> None:
    found = keys(vault)
    private.write(vault.path, b"{}")
    found.refresh()
    assert found.get("openrouter") == "s3cret-1"
    assert ["damaged" in one for one in found.warnings()] == [True]
    assert "openrouter" not in keys(vault), "a new process has none of it, but it starts"


def test_a_refused_key_is_marked_until_it_is_rotated(vault: Vault) -> None:
    found = keys(vault)
    found.mark("openrouter", "status 401")
    assert found.report()[0]["refused"] == {"why": "status 401", "at": NOW}
    (said,) = found.warnings()
    assert "`turnout keys rotate openrouter`" in said and "s3cret-1" not in said
    vault.rotate("openrouter", "new")
    found.refresh()
    assert found.report()[0]["refused"] is None
    found.mark("openrouter", "status 401", sent=NOW - 1)
    assert not found.warnings(), "that was the old one's fault"
    found.mark("openrouter", "status 401", sent=NOW + 1)
    found.clear("openrouter")
    assert not found.warnings()
    found.mark("groq", "status 401")
    assert not found.warnings(), "there is no key to be marked"
