"""The few words of a long conversation that routing looks at."""

import re

import msgspec

HUMANS = 4  # how many human turns are kept, the latest first
HUMAN_TAIL = 64 * 1024  # bytes of each
FIRST_HUMAN_HEAD = 4 * 1024  # bytes
SYSTEM_HEAD = 8 * 1024  # bytes

BYTES_PER_TOKEN = 4
IMAGE_TOKENS = 1500  # about what a screenshot costs; its base64 says nothing
FILE_BYTES_PER_TOKEN = 20  # base64 of a PDF: mostly fonts and drawings

# Claude Code's first line of system text; its hash changes with every body
BILLING = "x-anthropic-billing-header:"
SUB_AGENT_MARK = "cc_is_subagent=true"

# Tags of blocks that clients add to user turns, between steps too: they must not crowd out the
# human. route/text.py removes many more from the text that is left.
_INJECTED = re.compile(
    r"\s*<(system-reminder|(?:local-)?command-[\w-]+|ide_\w+|environment_context)(?:\s[^<>]*)?>"
)

_SESSION_SUFFIX = re.compile(r"_session_([\w-]{8,})\Z")


class _UserId(msgspec.Struct):
    session_id: str = ""


def head(text: str, limit: int) -> str:
    """At most the first `limit` bytes of `text` in UTF-8, whole characters only."""
    return text[:limit].encode()[:limit].decode(errors="ignore")


def tail(text: str, limit: int) -> str:
    """At most the last `limit` bytes of `text` in UTF-8, whole characters only."""
    return text[-limit:].encode()[-limit:].decode(errors="ignore")


def injected(text: str) -> bool:
    """Is there nothing in `text` but blocks that a client put there?"""
    at = 0
    while tag := _INJECTED.match(text, at):
        close = f"</{tag[1]}>"
        if (end := text.find(close, tag.end())) < 0:
            return False
        at = end + len(close)
    return not text[at:].strip()


def session_of(user_id: str) -> str:
    """The conversation inside Claude Code's user id: a JSON object, of old user_.._session_ID.

    Any other user id names a person, who may have many conversations.
    """
    if user_id.startswith("{"):
        try:
            return msgspec.json.decode(user_id, type=_UserId).session_id
        except ValueError:
            return ""
    suffix = _SESSION_SUFFIX.search(user_id)
    return suffix[1] if suffix else ""


def without_billing(system: list[str]) -> list[str]:
    """System texts without the client's billing line: a text of its own, or a first line."""
    rest = [text.partition("\n")[2] if text.startswith(BILLING) else text for text in system]
    return [text for text in rest if text]
