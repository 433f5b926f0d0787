"""Files for their owner only: written whole or not at all, refused when others can read them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from turnout import runfile
from turnout.errors import ConfigError

try:
    import fcntl
except ImportError:  # Windows: two commands at once are up to the person who types them
    fcntl = None  # type: ignore[assignment]

OTHERS = 0o077
POSIX = os.name == "posix"


def write(path: Path, content: bytes) -> None:
    """0600 in a folder of 0700; a reader sees the old file or the new one."""
    runfile.made(path.parent)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as e:
        with suppress(OSError):
            new.unlink()
        raise ConfigError(f"{path}: cannot be written: {e.strerror}") from e


def read(path: Path) -> bytes:
    """Raises ConfigError for a file that others may have read, and FileNotFoundError."""
    if fault := exposed(path):
        raise ConfigError(fault)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as e:
        raise ConfigError(f"{path}: cannot be read: {e.strerror}") from e


def exposed(path: Path) -> str:
    """What is wrong with its permissions, and the mend; "" when nothing is, or it is not there."""
    if not POSIX or not path.exists():
        return ""
    mode = path.stat().st_mode & 0o777
    if mode & OTHERS:
        wanted = "700" if path.is_dir() else "600"
        return f"{path} is open to others (mode {mode:o}); `chmod {wanted}` it"
    return ""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time between reading and writing; `path` is a file made for the purpose."""
    runfile.made(path.parent)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
