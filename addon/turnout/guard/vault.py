"""The vault: provider keys, sealed with AES-256-GCM in one file of the data directory.

    vault.json   {"version", "master": where the key is, "nonce", "sealed"}   0600
    sealed       {"NAME": {"secret", "made"}}; the rest of the file is authenticated with it

A wrong key and a changed file look the same: neither opens.
"""

import base64
import binascii
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from turnout.errors import ConfigError
from turnout.guard import master, private

FILE, LOCK = "vault.json", "vault.lock"
VERSION = 1
NONCE_BYTES = 12
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
# how keys begin, so that one typed in the place of a name is not taken for one
KEY_LIKE = re.compile(r"(sk|gsk|xai|fw|tgp)[-_]|AIza", re.IGNORECASE)
SECRET = re.compile(r"[!-~]{1,4096}")  # what a header can hold

type Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """`made`: epoch seconds of the last add or rotate."""

    secret: str = field(repr=False)
    made: float


class Vault:
    """Looks at the file again when it has changed. Its repr shows the path only."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.path = folder, folder / FILE
        self._stamp: Stamp | None = None
        self._entries: Mapping[str, Entry] = {}
        self._key: tuple[master.Place, bytes] | None = None

    def __repr__(self) -> str:
        return f"Vault({str(self.path)!r})"

    def entries(self) -> Mapping[str, Entry]:
        """Raises ConfigError, one sentence, for a vault that does not open."""
        stamp = self.stamp()
        if stamp != self._stamp:
            self._entries = self._opened() if stamp else {}
            self._stamp = stamp
        return self._entries

    def stamp(self) -> Stamp | None:
        """Changes when the file does; None when there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_mode

    def entry(self, name: str) -> Entry:
        """Raises ConfigError when there is none."""
        entries = self.entries()
        self._known(entries, name)
        return entries[name]

    def add(self, name: str, secret: str) -> None:
        """Raises ConfigError when there is one of that name."""
        with self._changing() as entries:
            if name in entries:
                raise ConfigError(
                    f"the vault has {name!r} already; `turnout keys rotate {name}` replaces it"
                )
            entries[checked_name(name)] = Entry(checked(secret), time.time())

    def rotate(self, name: str, secret: str) -> None:
        """A running turnout sends the new one with its next request."""
        with self._changing() as entries:
            self._known(entries, name)
            if entries[name].secret == checked(secret):
                raise ConfigError(f"that is the key that {name!r} has already")
            entries[name] = Entry(secret, time.time())

    def remove(self, name: str) -> None:
        with self._changing() as entries:
            self._known(entries, name)
            del entries[name]

    def _known(self, entries: Mapping[str, Entry], name: str) -> None:
        if name not in entries:
            raise ConfigError(f"the vault has no {name!r}; it has {_listed(entries)}")

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Entry]]:
        with private.locked(self._folder / LOCK):
            self._stamp = None
            entries = dict(self.entries())
            yield entries
            private.write(self.path, self._sealed(entries))

    def _sealed(self, entries: Mapping[str, Entry]) -> bytes:
        if self._key is None:
            self._key = master.make(self._folder)
        place, key = self._key
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = {name: {"secret": one.secret, "made": one.made} for name, one in entries.items()}
        sealed = AESGCM(key).encrypt(nonce, json.dumps(plain).encode(), _head(place))
        document = {"version": VERSION, "master": place, "nonce": _text(nonce)}
        return json.dumps(document | {"sealed": _text(sealed)}).encode()

    def _opened(self) -> dict[str, Entry]:
        place, nonce, sealed = self._document()
        if self._key is None or self._key[0] != place:
            self._key = place, master.read(self._folder, place)
        try:
            plain = AESGCM(self._key[1]).decrypt(nonce, sealed, _head(place))
        except InvalidTag as e:
            self._key = None
            reason = "does not open: it was changed, or its key is another's"
            raise ConfigError(f"{self.path} {reason}; {master.MEND}") from e
        return {name: Entry(one["secret"], one["made"]) for name, one in json.loads(plain).items()}

    def _document(self) -> tuple[master.Place, bytes, bytes]:
        try:
            document: Any = json.loads(private.read(self.path))
            version, place = document["version"], document["master"]
            nonce, sealed = _bytes(document["nonce"]), _bytes(document["sealed"])
        except (ValueError, LookupError, TypeError, binascii.Error, FileNotFoundError) as e:
            raise ConfigError(f"{self.path} is damaged; {master.MEND}") from e
        if version != VERSION:
            raise ConfigError(f"{self.path} was written by a newer turnout; update turnout")
        if place not in ("keyring", "file") or len(nonce) != NONCE_BYTES:
            raise ConfigError(f"{self.path} is damaged; {master.MEND}")
        return place, nonce, sealed


def checked_name(name: str) -> str:
    """Raises ConfigError; a key in the place of a name is not repeated."""
    if KEY_LIKE.match(name) or len(name) > 32:
        raise ConfigError(
            "that looks like a key, not like a name: it is in your shell's history now, so make "
            "a new one; `turnout keys add NAME` asks for it"
        )
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name; use small letters, digits and dashes")
    return name


def checked(secret: str) -> str:
    """Raises ConfigError without repeating it."""
    if not secret:
        raise ConfigError("that is no key: nothing came")
    if not SECRET.fullmatch(secret):
        raise ConfigError("that is no key: it has to be one word of ASCII characters")
    return secret


def _listed(entries: Mapping[str, Entry]) -> str:
    return ", ".join(sorted(entries)) or "none yet; `turnout keys add NAME`"


def _head(place: str) -> bytes:
    return f"turnout vault {VERSION} {place}".encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
