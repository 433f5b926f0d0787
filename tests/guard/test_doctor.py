"""What doctor says of CA, vault, exposure and doors."""

from datetime import timedelta
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail
from mitmproxy.certs import CertStore

from turnout import config, runfile
from turnout.doctor import guarded
from turnout.doctor.finding import Finding
from turnout.guard import authority, passwords, private
from turnout.guard.vault import Vault


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keyring.set_keyring(fail.Keyring())
    return runfile.made(tmp_path / "data")


def found(folder: Path, toml: str = "") -> dict[str, Finding]:
    file = folder.parent / "turnout.toml"
    file.write_text(toml)
    read = config.load([file], {})
    return {one.name: one for one in guarded.findings(read, {"TURNOUT_DATA": str(folder)})}


def test_all_is_well(folder: Path) -> None:
    said = found(folder)
    assert {name: one.state for name, one in said.items()} == {"exposure": "ok", "CA": "note"}
    Vault(folder).add("groq", "key")
    CertStore.from_store(runfile.made(folder / "ca"), "mitmproxy", 2048)
    authority.tighten(folder / "ca")
    said = found(folder)
    assert {one.state for one in said.values()} == {"ok"} and said.keys() >= {"CA", "vault"}
    assert " old" not in said["CA"].detail, "it is dated back, and was made just now"
    until = authority.read(folder / "ca").not_valid_after_utc  # type: ignore[union-attr]
    assert said["CA"].detail.startswith(f"valid until {until:%Y-%m-%d}, for every host")
    assert "every host; proxy.constrained_ca" in said["CA"].detail
    authority.prepare(folder / "ca", ["localhost"])
    assert "1 hosts only" in found(folder)["CA"].detail


@pytest.mark.parametrize("name", ["ca", "ca/mitmproxy-ca.pem", "ca/mitmproxy-ca.p12", "vault.key"])
def test_what_others_can_read(folder: Path, name: str) -> None:
    Vault(folder).add("groq", "key")
    CertStore.from_store(runfile.made(folder / "ca"), "mitmproxy", 2048)
    authority.tighten(folder / "ca")
    (folder / name).chmod(0o755)
    said = found(folder)["exposure"]
    assert said.state == "broken" and name in said.detail and "chmod" in said.mend


def test_an_old_ca_and_an_expired_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.prepare(folder / "ca", ["localhost"])
    monkeypatch.setattr(guarded, "OLD_DAYS", 1)
    said = found(folder)["CA"]
    assert said.state == "note" and "a new one is due" in said.detail
    monkeypatch.setattr(authority, "VALID", timedelta(days=-1))
    authority.prepare(folder / "ca", ["other"])
    assert found(folder)["CA"].state == "broken"


def test_a_vault_that_is_damaged_or_lacks_what_is_named(folder: Path) -> None:
    named = '[providers.groq]\nkey = "vault:mine"'
    assert "turnout keys add mine" in found(folder, named)["vault"].mend
    Vault(folder).add("other", "key")
    said = found(folder, named)["vault"]
    assert said.state == "broken" and "turnout.toml:2: providers.groq.key" in said.detail
    private.write(folder / "vault.json", b"{}")
    said = found(folder)["vault"]
    assert said.state == "broken" and "damaged" in said.detail and "restore" in said.mend


def test_open_doors_are_told(folder: Path) -> None:
    toml = f'[proxy]\nlisten = "0.0.0.0:1"\n[tenants.a]\nsecret = "{passwords.hashed("x")}"'
    said = found(folder, toml)["doors"]
    assert said.state == "note" and "0.0.0.0" in said.detail
