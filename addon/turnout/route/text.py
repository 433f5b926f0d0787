"""Which words of a request are embedded: what a human wrote last, without what clients inject."""

import re
from collections import defaultdict, deque
from collections.abc import Iterator

from turnout.route.language import english
from turnout.wire.request import Ask

LIMIT = 1024  # bytes; the end says what is wanted, and tokenising 500 kB costs 340 ms

# Tags of the blocks that clients put into user turns. `*` stands for any rest of a name.
INJECTED = (
    "system-reminder",  # Claude Code, opencode
    "command-*",
    "local-command-*",
    "bash-*",
    "ide_*",
    "*-hook",
    "task-notification",
    "user-memory-input",
    "environment_context",  # Codex
    "user_instructions",
    "INSTRUCTIONS",
    "permissions",
    "turn_aborted",
    "user_shell_command",
    "subagent_notification",
    "environment_details",  # Cline, Roo
    "file_content",
    "session_context",  # Gemini CLI
    "additional_data",  # Cursor
    "attached_files",
    "open_and_recently_viewed_files",
    "project_layout",
    "git_status",
    "user_info",
    "environment_info",  # Copilot
    "workspace_info",
    "editorContext",
    "reminderInstructions",
    "attachments",
)
_NAME = "|".join(name.replace("*", r"[A-Za-z0-9_-]{0,40}") for name in INJECTED)
_OPEN = re.compile(rf"<({_NAME})(?:\s[^<>]{{0,400}})?>")
_CLOSE = re.compile(rf"</({_NAME})>")
_TAG = re.compile(rf"</?(?:{_NAME})(?:\s[^<>]{{0,400}})?>")


# a word as the encoder knows them: it was trained on English
_WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,30}(?![A-Za-z])")


def readable(text: str) -> bool:
    """Whether an encoder of English can make something of it: not of an emoji, Chinese, French."""
    letters = [letter for letter in text if letter.isalpha()]
    latin = 2 * sum(map(str.isascii, letters)) >= len(letters)
    return latin and bool(_WORD.search(text)) and english(text)


def words(ask: Ask) -> str:
    """The latest human text that has any words of its own, else the system text, else ""."""
    for text in (*ask.humans, ask.system):
        if kept := plain(text):
            return tail(kept)
    return ""


def plain(text: str) -> str:
    """`text` without injected blocks. A block that is never closed loses its tag only."""
    return _TAG.sub(" ", "".join(_outside(text))).strip()


def tail(text: str, limit: int = LIMIT) -> str:
    """The last `limit` bytes of `text` in UTF-8, from the first whole character on."""
    return text.encode("utf-8", "replace")[-limit:].decode("utf-8", "ignore")


def _outside(text: str) -> Iterator[str]:
    """The stretches between blocks. Linear: each closing tag is found once, not per opening."""
    ends: defaultdict[str, deque[re.Match[str]]] = defaultdict(deque)
    for tag in _CLOSE.finditer(text):
        ends[tag[1]].append(tag)
    start = search = 0
    while block := _OPEN.search(text, search):
        closing = ends[block[1]]
        while closing and closing[0].start() < block.end():
            closing.popleft()
        search = block.end()
        if closing:
            yield text[start : block.start()]
            start = search = closing[0].end()
    yield text[start:]
