"""The key that opens the vault: in the keyring of the operating system, else in a file of 0600.

A file protects against backups and copies of the vault alone, not against who reads the folder.
"""

import secrets
from pathlib import Path
from typing import Literal

from turnout.errors import ConfigError
from turnout.guard import private

type Place = Literal["keyring", "file"]

BYTES = 32  # AES-256
SERVICE = "turnout"
FILE = "vault.key"


def make(folder: Path) -> tuple[Place, bytes]:
    """A new key, where it is kept best."""
    key = secrets.token_bytes(BYTES)
    if _keyring_keeps(folder, key):
        return "keyring", key
    private.write(folder / FILE, key.hex().encode())
    return "file", key


def read(folder: Path, place: Place) -> bytes:
    """Raises ConfigError with the mend."""
    text = _from_keyring(folder) if place == "keyring" else _from_file(folder)
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != BYTES:
        raise ConfigError(f"the vault's key in {_said(folder, place)} is damaged; {MEND}")
    return key


def forget(folder: Path) -> None:
    """From both places; what is not there is gone already."""
    (folder / FILE).unlink(missing_ok=True)
    try:
        import keyring

        keyring.delete_password(SERVICE, _user(folder))
    except Exception:  # noqa: BLE001  every backend has errors of its own
        return


MEND = "restore it, or move the vault away and add the keys again"


def _said(folder: Path, place: Place) -> str:
    return "the keyring" if place == "keyring" else str(folder / FILE)


def _user(folder: Path) -> str:
    return f"vault of {folder.resolve()}"


def _keyring_keeps(folder: Path, key: bytes) -> bool:
    """Only a keyring that gives back what it was given is one."""
    try:
        import keyring  # takes 0.1 s; needed only by those who have a vault

        if keyring.get_keyring().priority < 1:
            return False
        keyring.set_password(SERVICE, _user(folder), key.hex())
        return keyring.get_password(SERVICE, _user(folder)) == key.hex()
    except Exception:  # noqa: BLE001  every backend has errors of its own
        return False


def _from_keyring(folder: Path) -> str:
    try:
        import keyring

        found = keyring.get_password(SERVICE, _user(folder))
    except Exception as e:
        raise ConfigError(
            f"the keyring does not answer ({type(e).__name__}); unlock it and start again"
        ) from e
    if found is None:
        raise ConfigError(f"the keyring has no key for the vault in {folder}; {MEND}")
    return found


def _from_file(folder: Path) -> str:
    try:
        return private.read(folder / FILE).decode("ascii", "replace").strip()
    except FileNotFoundError as e:
        raise ConfigError(f"{folder / FILE}, the vault's key, is missing; {MEND}") from e
