"""What a tenant's secret is compared with: scrypt, or bcrypt as htpasswd writes it.

scrypt:16384:8:1:SALT:HASH      hexadecimal
"""

import hashlib
import hmac
import secrets
from pathlib import Path

from turnout.config.people import HASH
from turnout.errors import ConfigError

N, R, P = 1 << 14, 8, 1  # 16 MB and some 50 ms: OWASP's cheat sheet on storing passwords
MAX_N = 1 << 20  # a configuration cannot ask for more than a gigabyte


def hashed(secret: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt:{N}:{R}:{P}:{salt.hex()}:{_scrypt(secret, salt, N, R, P).hex()}"


def matches(secret: str, known: str) -> bool:
    """Takes its time: not on the event loop."""
    if known.startswith("$2"):
        import bcrypt  # comes with mitmproxy

        return len(secret) <= 72 and bcrypt.checkpw(secret.encode(), known.encode())
    try:
        _, n, r, p, salt, wanted = known.split(":")
        found = _scrypt(secret, bytes.fromhex(salt), min(int(n), MAX_N), int(r), int(p))
    except ValueError:
        return False
    return hmac.compare_digest(found.hex(), wanted)


def _scrypt(secret: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    memory = 128 * n * r * 2
    return hashlib.scrypt(secret.encode(), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=32)


def users(path: str) -> dict[str, str]:
    """An htpasswd file: name -> hash. Raises ConfigError; SHA-1 and crypt are too weak."""
    if not path:
        return {}
    file = Path(path).expanduser()
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError(f"{file}: cannot be read: {e}") from e
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        name, _, known = line.strip().partition(":")
        if not name or name.startswith("#"):
            continue
        if not HASH.fullmatch(known):
            raise ConfigError(f"{file}:{number}: {name} has no bcrypt hash; use `htpasswd -B`")
        found[name] = known
    return found
