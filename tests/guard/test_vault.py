"""The vault: sealed, for its owner only, and one clear sentence for everything that is wrong."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from turnout.errors import ConfigError
from turnout.guard import master, private
from turnout.guard.vault import Vault

SECRET = "sk-or-v1-canary"


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 5.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def no_ring() -> None:
    keyring.set_keyring(fail.Keyring())


@pytest.fixture
def ring(no_ring: None) -> Ring:
    keyring.set_keyring(found := Ring())
    return found


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path / "data")
    made.add("openrouter", SECRET)
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_added_comes_out_again_and_nowhere_in_the_clear(vault: Vault) -> None:
    folder = vault.path.parent
    assert Vault(folder).entries()["openrouter"].secret == SECRET
    for file in folder.iterdir():
        assert SECRET.encode() not in file.read_bytes()
        assert b"openrouter" not in file.read_bytes()
        assert mode(file) == 0o600, file
    assert mode(folder) == 0o700
    assert SECRET not in repr(vault) + repr(vault.entries())


def test_rotate_and_remove(vault: Vault) -> None:
    other = Vault(vault.path.parent)
    assert other.entries()
    vault.rotate("openrouter", "new-one")
    assert other.entries()["openrouter"].secret == "new-one", "it looks again when the file changed"
    vault.remove("openrouter")
    assert not other.entries()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda v: v.add("openrouter", "x"), "keys rotate openrouter"),
        (lambda v: v.rotate("groq", "x"), "no 'groq'; it has openrouter"),
        (lambda v: v.remove("groq"), "no 'groq'"),
        (lambda v: v.rotate("openrouter", SECRET), "has already"),
        (lambda v: v.add("groq", "two words"), "no key"),
        (lambda v: v.add("groq", ""), "no key"),
        (lambda v: v.add("groq", "clé"), "no key"),
        (lambda v: v.add("groq", "a\nx-other: b"), "no key"),
        (lambda v: v.add("Groq!", "x"), "no name"),
        (lambda v: v.add(SECRET, "x"), "looks like a key"),
    ],
)
def test_wrong_use_is_one_sentence(vault: Vault, act, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=said) as caught:
        act(vault)
    assert SECRET not in str(caught.value) and "two words" not in str(caught.value)
    assert list(Vault(vault.path.parent).entries()) == ["openrouter"]


def damaged(text: bytes) -> bytes:
    document = json.loads(text)
    document["sealed"] = document["sealed"][:-8] + "AAAAAAA="
    return json.dumps(document).encode()


DAMAGE = {
    "cut off": lambda text: text[:-20],
    "empty": lambda text: b"",
    "not JSON": lambda text: b"\xff\x00",
    "another JSON": lambda text: b"[1]",
    "a byte changed": damaged,
    "another head": lambda text: text.replace(b'"file"', b'"nowhere"'),
    "no base64": lambda text: text.replace(b'"nonce": "', b'"nonce": "!'),
    "a later version": lambda text: text.replace(b'"version": 1', b'"version": 2'),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_vault_is_one_sentence(vault: Vault, damage) -> None:  # type: ignore[no-untyped-def]
    text = vault.path.read_bytes()
    private.write(vault.path, damage(text))
    with pytest.raises(ConfigError, match=r"vault\.json (is damaged|does not open|was written)"):
        Vault(vault.path.parent).entries()
    private.write(vault.path, text)
    assert vault.entries(), "restored"


def test_the_wrong_key_the_missing_key_and_a_damaged_one(vault: Vault) -> None:
    file = vault.path.parent / master.FILE
    for content, said in ((b"00" * 32, "does not open"), (b"xyz", "is damaged")):
        private.write(file, content)
        with pytest.raises(ConfigError, match=said):
            Vault(vault.path.parent).entries()
    file.unlink()
    with pytest.raises(ConfigError, match=r"vault\.key, the vault's key, is missing"):
        Vault(vault.path.parent).entries()


@pytest.mark.parametrize("name", ["vault.json", master.FILE])
def test_what_others_can_read_is_refused(vault: Vault, name: str) -> None:
    file = vault.path.parent / name
    file.chmod(0o644)
    with pytest.raises(ConfigError, match=r"open to others \(mode 644\); `chmod 600` it"):
        Vault(vault.path.parent).entries()


def test_the_key_is_in_the_keyring_where_there_is_one(ring: Ring, vault: Vault) -> None:
    folder = vault.path.parent
    assert not (folder / master.FILE).exists()
    assert Vault(folder).entries()["openrouter"].secret == SECRET
    assert SECRET not in str(ring.kept)
    ring.kept.clear()
    with pytest.raises(ConfigError, match="keyring has no key for the vault"):
        Vault(folder).entries()
    keyring.set_keyring(fail.Keyring())
    with pytest.raises(ConfigError, match=r"keyring does not answer.*unlock it"):
        Vault(folder).entries()


def test_a_keyring_that_forgets_is_none(ring: Ring, tmp_path: Path) -> None:
    ring.get_password = lambda *_: None  # type: ignore[method-assign]
    Vault(tmp_path).add("x", "y")
    assert (tmp_path / master.FILE).exists()


def test_forgetting_takes_the_key_from_both_places(ring: Ring, tmp_path: Path) -> None:
    Vault(tmp_path).add("x", "y")
    private.write(tmp_path / master.FILE, b"")
    master.forget(tmp_path)
    assert not ring.kept and not (tmp_path / master.FILE).exists()


def test_two_commands_at_once_lose_nothing(vault: Vault) -> None:
    names = [f"k{n}" for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda name: Vault(vault.path.parent).add(name, name), names))
    assert set(Vault(vault.path.parent).entries()) == {"openrouter", *names}


def test_a_write_that_breaks_leaves_the_old_file(vault: Vault, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(ConfigError, match="No space left"):
        vault.add("groq", "x")
    monkeypatch.undo()
    assert list(Vault(vault.path.parent).entries()) == ["openrouter"]
    assert {path.name for path in vault.path.parent.iterdir()} == {
        "vault.json",
        "vault.key",
        "vault.lock",
    }
