"""Which kind of recording a file is, from how it begins; folders are searched."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal

from turnout.config import Config
from turnout.errors import ConfigError
from turnout.replay import claude_code, codex, exchange, har, own
from turnout.replay.recorded import Read, Skipped

Kind = Literal["flows", "har", "claude-code", "codex", "log", ""]
HEAD = 64 << 10  # bytes that are looked at
CODEX = (b'"session_meta"', b'"response_item"', b'"turn_context"', b'"event_msg"')
CLAUDE = (b'"sessionId"', b'"parentUuid"', b'"summary"', b'"leafUuid"')
KINDS = (
    "mitmproxy flows, HAR, transcripts of Claude Code (~/.claude/projects) or Codex "
    "(~/.codex/sessions), or turnout's log"
)


def found(paths: tuple[Path, ...]) -> list[Path]:
    """Files, and those of folders that may be recordings, in order. Raises ConfigError."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(p for p in path.rglob("*") if p.is_file() and p.suffix in SUFFIXES)
        elif path.exists():
            files.append(path)
        else:
            raise ConfigError(f"{path}: there is no such file")
    if not files:
        raise ConfigError(f"{', '.join(map(str, paths))}: no recordings in there: {KINDS}")
    return files


SUFFIXES = frozenset({".jsonl", ".har", ".flow", ".flows", ".mitm", ".db"})


def kind(path: Path) -> Kind:
    """Raises ConfigError for a file that cannot be opened."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as e:
        raise ConfigError(f"{path}: {e.strerror}") from e
    if head.startswith(b"SQLite format 3\0"):
        return "log"
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if plain[:1].isdigit() and b":" in plain[:12]:
        return "flows"
    if not plain.startswith(b"{"):
        return ""
    first, _, _ = plain.partition(b"\n")
    if any(mark in first for mark in CODEX):
        return "codex"
    if path.suffix == ".jsonl" or any(mark in first for mark in CLAUDE):
        return "claude-code"
    return "har" if b'"log"' in plain else ""


class Reader:
    """One for all the files of a replay."""

    def __init__(self, config: Config) -> None:
        self._home = exchange.home(config)
        self._claude, self._codex = claude_code.Reader(), codex.Reader()

    def read(self, path: Path, seen: Callable[[int], None]) -> Read:
        """Raises ConfigError for a file of no kind that is known."""
        named = kind(path)
        if named == "log":
            yield from own.read(path, seen)
            return
        if not named:
            raise ConfigError(f"{path}: none of these: {KINDS}")
        with path.open("rb") as file:
            match named:
                case "har":
                    yield from har.read(file, seen, self._home)
                case "codex":
                    yield from self._codex.read(file, seen)
                case "claude-code":
                    yield from self._claude.read(file, seen)
                case "flows":
                    yield from self._flows(file, seen)

    def _flows(self, file: BinaryIO, seen: Callable[[int], None]) -> Read:
        from turnout.proxy import recorded  # mitmproxy takes its time to load

        for one in recorded.exchanges(file, seen):
            yield one if isinstance(one, Skipped) else exchange.read(one, self._home)
